import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { type CertificateAuthority, createAuthority, type IssuedCertificate } from '@falaj/runtime/certificates';
import { afterAll, expect, it } from 'vitest';
import type { CertificateMaterial } from './certificate-files.js';
import type { LiveCertificates } from './live-certificates.js';
import { type CreateServer, edgeServer, internalServer } from './tls-servers.js';

const validity = { from: Date.now() - 60_000, until: Date.now() + 600_000 };
const old = createAuthority('old', validity);
const next = createAuthority('next', validity);
const GATEWAY = 'spiffe://falaj.test/falaj/gateway';
const MODELS = 'spiffe://falaj.test/falaj/subgraph/models';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

const materialOf = (
  { certificate, key }: IssuedCertificate,
  ...authorities: CertificateAuthority[]
): CertificateMaterial => ({
  certificate,
  key,
  ...(authorities.length > 0 ? { authorities: authorities.map((one) => one.certificate).join('') } : {}),
  expiresAt: new Date(validity.until),
});

/** Certificates that a test changes. */
function held(first: CertificateMaterial): LiveCertificates & { change(material: CertificateMaterial): void } {
  let current = first;
  let generation = 0;
  const listeners: ((material: CertificateMaterial) => void)[] = [];
  return {
    get current() {
      return current;
    },
    get generation() {
      return generation;
    },
    onChange: (listener) => void listeners.push(listener),
    close: async () => {},
    change(material) {
      current = material;
      generation += 1;
      for (const tell of listeners) tell(material);
    },
  };
}

const answer: RequestListener = (_request, response) => void response.end('answered');
async function listen(create: CreateServer): Promise<number> {
  const server = create(answer);
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

type Shown = Partial<IssuedCertificate>;
interface Answer {
  readonly status: number;
  readonly head: string;
}

/** A connection that stands until the server ends it. */
async function connect(port: number, { certificate, key }: Shown = {}) {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: [old.certificate, next.certificate],
    checkServerIdentity: () => undefined,
    ...(certificate && key ? { cert: certificate, key } : {}),
  });
  const ended = new Promise<never>((_, reject) => {
    socket
      .once('error', reject)
      .once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
  ended.catch(() => undefined);
  await Promise.race([once(socket, 'secureConnect'), ended]);
  return {
    socket,
    /** One request; answers are short enough to come at once. */
    async ask(): Promise<Answer> {
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      const [chunk] = (await Promise.race([once(socket, 'data'), ended])) as [Buffer];
      const head = chunk.toString();
      return { status: Number(head.slice(9, 12)), head: head.toLowerCase() };
    },
  };
}
const ask = async (port: number, shown: Shown = {}): Promise<Answer> => {
  const { socket, ask: send } = await connect(port, shown);
  return send().finally(() => socket.destroy());
};
const refused = { code: expect.stringMatching(/SSL|ECONNRESET|EPIPE/) };

it('the edge wants a certificate of a caller where authorities for callers are given, and only there', async () => {
  const own = old.issue(['localhost'], validity);
  const open = await listen(edgeServer(held(materialOf(own))));
  expect(await ask(open)).toMatchObject({
    status: 200,
    head: expect.stringContaining('strict-transport-security: max-age=31536000'),
  });
  const closed = await listen(edgeServer(held(materialOf(own, next))));
  expect((await ask(closed, next.issue(['partner.example'], validity))).status).toBe(200);
  for (const shown of [{}, old.issue(['partner.example'], validity)])
    await expect(ask(closed, shown)).rejects.toMatchObject(refused);
});

it('a connection does not outlive the certificate that opened it', async () => {
  const live = held(materialOf(old.issue([MODELS], validity), old));
  const port = await listen(internalServer(live, { callers: [GATEWAY], monitors: [] }));
  // Certificates count whole seconds.
  const until = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
  const connection = await connect(port, old.issue([GATEWAY], { from: validity.from, until }));
  expect((await connection.ask()).status).toBe(200);
  await sleep(until - Date.now() + 50);
  expect(await connection.ask()).toMatchObject({ status: 403, head: expect.stringContaining('expired') });
});

it('what an authority opened that is believed no more ends with its next answer, and opens nothing new', async () => {
  const live = held(materialOf(old.issue([MODELS], validity), old, next));
  const port = await listen(internalServer(live, { callers: [GATEWAY], monitors: [] }));
  const caller = old.issue([GATEWAY], validity);
  const connection = await connect(port, caller);
  expect((await connection.ask()).head).toContain('connection: keep-alive');
  live.change(materialOf(next.issue([MODELS], validity), next));
  expect(await connection.ask()).toMatchObject({ status: 200, head: expect.stringContaining('connection: close') });
  await expect(connection.ask()).rejects.toMatchObject(refused);
  await expect(ask(port, caller)).rejects.toMatchObject(refused);
  expect((await ask(port, next.issue([GATEWAY], validity))).head).toContain('connection: keep-alive');
});
