// The wire: a platform split into processes that prove their roles to each other, and what TLS refuses at each listener.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { createTestAuthority } from '@falaj/plugin-testing';
import { type CertificateAuthority, openAuthority } from '@falaj/runtime/certificates';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, type SplitProcesses, startSplit, startWhole } from '../platform-processes.js';

const configuration = join(import.meta.dirname, 'tls');
const folder = mkdtempSync(join(tmpdir(), 'falaj-tls-'));
const dataDirectory = join(folder, 'data');
const certificates = join(folder, 'certificates');
const validity = { from: Date.now() - 60_000, until: Date.now() + 600_000 };

let platform: SplitProcesses;
let authority: CertificateAuthority;
let operator = '';
let workspace = '';

const renew = () => runCli(dataDirectory, 'certificates', 'create', '--directory', certificates);
const file = (name: string): string => readFileSync(join(certificates, name), 'utf8');

beforeAll(async () => {
  const made = await renew();
  expect(made).toMatchObject({ exitCode: 0, output: expect.stringContaining('For development only') });
  authority = openAuthority({ certificate: file('authority.pem'), key: file('authority.key') });
  // As NODE_EXTRA_CA_CERTS does for a program that starts.
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.certificate]);
  platform = await startSplit(dataDirectory, { configuration, certificates, apart: ['experiments'] });
  const code = readFileSync(join(dataDirectory, 'first-sign-in.code'), 'utf8').trim();
  const signedIn = await send('/auth/first-sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  operator = signedIn.body.access_token;
  const { createWorkspace } = await administer(
    'mutation { createWorkspace(input: { name: "home", allowedZones: ["AE"] }) { workspace { id } } }',
  );
  workspace = createWorkspace.workspace.id;
});
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are judged by the expectations.
  readonly body: any;
}
const headersOf = (token: string) => ({
  'content-type': 'application/json',
  authorization: `Bearer ${token}`,
  ...(workspace ? { 'x-falaj-workspace': workspace } : {}),
});
const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(new URL(path, platform.url), init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
};
const ask = (token: string, query: string, variables = {}): Promise<Answer> =>
  send('/graphql', { method: 'POST', headers: headersOf(token), body: JSON.stringify({ query, variables }) });
const administer = async (query: string, variables = {}) => {
  const { body } = await ask(operator, query, variables);
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return body.data;
};

const somebody = async (role: string): Promise<{ id: string; token: string }> => {
  const made = await administer(
    'mutation { createPrincipal(input: { name: "somebody", kind: USER, zone: "AE" }) { principal { id } } }',
  );
  const { id } = made.createPrincipal.principal;
  await administer(
    'mutation($p: ID!, $r: String!) { grantRole(input: { principalId: $p, role: $r }) { principal { id } } }',
    { p: id, r: role },
  );
  const issued = await administer(
    'mutation($p: ID!) { issueAccessToken(input: { principalId: $p, ttlSeconds: 600 }) { token } }',
    { p: id },
  );
  return { id, token: issued.issueAccessToken.token };
};

/** A run that goes on until somebody ends it. */
const openRun = async (token: string): Promise<string> => {
  const mutate = async (query: string) => (await ask(token, `mutation { ${query} }`)).body.data;
  const { createExperiment } = await mutate(
    `createExperiment(input: { name: "${randomUUID()}" }) { experiment { id } }`,
  );
  const { createRun } = await mutate(
    `createRun(input: { experimentId: "${createExperiment.experiment.id}", name: "open" }) { run { id } }`,
  );
  return createRun.run.id;
};

/** Follows the run; answers once the first result is there. `ended`: all that came. */
const follow = async (token: string, runId: string): Promise<{ ended(): Promise<string> }> => {
  const response = await fetch(new URL('/graphql/stream', platform.url), {
    method: 'POST',
    headers: { ...headersOf(token), accept: 'text/event-stream' },
    body: JSON.stringify({ query: `subscription { runProgress(runId: "${runId}") { state } }` }),
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const until = async (mark: string): Promise<string> => {
    while (!text.includes(mark)) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    return text;
  };
  expect(await until('"state"')).toContain('RUNNING');
  return { ended: () => until('event: complete') };
};

interface Shown {
  readonly cert: string;
  readonly key: string;
}
const workload = (...names: string[]): Shown => {
  const { certificate, key } = authority.issue(names, validity);
  return { cert: certificate, key };
};
const roleOf = (role: string): Shown => ({ cert: file(`${role}.pem`), key: file(`${role}.key`) });

/** A request to a listener between processes, by whatever certificate is shown. */
async function callInternally(
  role: string,
  shown: tls.ConnectionOptions,
  { method = 'POST', path = '/graphql', headers = {} }: { method?: string; path?: string; headers?: object } = {},
): Promise<{ status: number; text: string }> {
  const sent = https.request(new URL(path, platform.address(role)), {
    method,
    agent: false,
    ca: authority.certificate,
    checkServerIdentity: () => undefined,
    headers: { 'content-type': 'application/json', ...headers },
    ...shown,
  });
  sent.end(method === 'POST' ? '{}' : undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode ?? 0, text };
}

const handshake = async (url: string, options: tls.ConnectionOptions): Promise<string> => {
  const { hostname: host, port } = new URL(url);
  const socket = tls.connect({ host, port: Number(port), ca: authority.certificate, ...options });
  try {
    await once(socket, 'secureConnect');
    return `${socket.getProtocol()} ${(socket.getPeerX509Certificate()?.serialNumber ?? '').toLowerCase()}`;
  } finally {
    socket.destroy();
  }
};

describe('a platform in two processes', () => {
  // All six, and inference across them, are in journeys/both-modes.test.ts.
  it('answers a query and an event stream across them', async () => {
    const { token } = await somebody('data-scientist');
    const runId = await openRun(token);
    const stream = await follow(token, runId);
    const finished = await ask(token, `mutation { finishRun(id: "${runId}", state: SUCCEEDED) { run { state } } }`);
    expect(finished.body.data).toEqual({ finishRun: { run: { state: 'SUCCEEDED' } } });
    expect(await stream.ended()).toContain('SUCCEEDED');

    expect((await send('/v2/health/ready')).status).toBe(200);
    expect((await send('/v2/models/none', { headers: headersOf(token) })).status).toBe(404);
    const { body } = await send('/health/ready');
    expect(body.checks.transport.detail).toBe('edge by TLS; between roles by mutual TLS');
  });

  it('ends an open event stream at once when its caller is signed out, though another process feeds it', async () => {
    const runId = await openRun((await somebody('data-scientist')).token);
    const { id, token } = await somebody('viewer');
    const stream = await follow(token, runId);
    const before = performance.now();
    await administer('mutation($p: ID!) { signOutPrincipal(input: { principalId: $p }) { principal { id } } }', {
      p: id,
    });
    expect(await stream.ended()).toContain('"code":"UNAUTHENTICATED"');
    // Without the notice of a change, the caller would be looked at every 30 s.
    expect(performance.now() - before).toBeLessThan(15_000);
  });
});

describe('a listener between processes', () => {
  it('shakes hands with nobody who shows no certificate, or one of another authority', async () => {
    const { cert, key } = createTestAuthority('Another authority').issue(['spiffe://falaj.test/falaj/gateway']);
    for (const role of ['experiments', 'gateway'])
      for (const shown of [{}, { cert, key }])
        await expect(callInternally(role, shown)).rejects.toMatchObject({
          code: expect.stringMatching(/^ERR_SSL_|^ECONNRESET$|^EPIPE$/),
        });
  });

  it('has only TLS 1.3, and no plain HTTP', async () => {
    await expect(
      handshake(platform.address('experiments'), { maxVersion: 'TLSv1.2', ...roleOf('gateway') }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION|ECONNRESET/) });
    const sent = httpRequest(platform.address('experiments').replace('https:', 'http:'));
    sent.end();
    await expect(once(sent, 'response')).rejects.toThrow();
  });

  it.each<[string, string, () => Shown]>([
    ['experiments', 'spiffe://falaj.test/falaj/subgraph/features', () => roleOf('subgraph-features')],
    ['experiments', 'spiffe://falaj.test/reporting', () => workload('spiffe://falaj.test/reporting')],
    ['experiments', 'spiffe://other.test/falaj/gateway', () => workload('spiffe://other.test/falaj/gateway')],
    ['experiments', 'no URI name', () => workload('gateway.falaj.test')],
    [
      'experiments',
      '2 URI names',
      () => workload('spiffe://falaj.test/falaj/gateway', 'spiffe://falaj.test/reporting'),
    ],
    ['experiments', 'no SPIFFE id', () => workload('https://falaj.test/falaj/gateway')],
    ['gateway', 'spiffe://falaj.test/falaj/gateway', () => roleOf('gateway')],
    ['gateway', 'spiffe://falaj.test/reporting', () => workload('spiffe://falaj.test/reporting')],
  ])('%s answers 403 to a workload of the same authority: %s', async (role, named, shown) => {
    const path = role === 'gateway' ? '/internal/graphql' : '/graphql';
    for (const asked of [path, '/v2', '/stream', '/nowhere']) {
      const { status, text } = await callInternally(role, shown(), { path: asked });
      expect(status).toBe(403);
      expect(text).toContain(named);
    }
  });

  it('still wants an internal token of who may come', async () => {
    expect(await callInternally('experiments', roleOf('gateway'))).toMatchObject({ status: 401 });
    expect(await callInternally('gateway', roleOf('subgraph-models'), { path: '/internal/graphql' })).toMatchObject({
      status: 401,
    });
    const forged = { 'x-falaj-internal-token': operator };
    expect(await callInternally('experiments', roleOf('gateway'), { headers: forged })).toMatchObject({ status: 401 });
  });

  it('shows health and metrics to who watches, and nothing else', async () => {
    const shown = workload('spiffe://falaj.test/monitoring/prometheus');
    for (const path of ['/metrics', '/health/live'])
      expect(await callInternally('experiments', shown, { method: 'GET', path })).toMatchObject({ status: 200 });
    for (const [method, path] of [
      ['POST', '/graphql'],
      ['GET', '/v2'],
      ['GET', '/graphql?x=/metrics'],
      ['POST', '/metrics'],
    ] as const)
      expect(await callInternally('experiments', shown, { method, path })).toMatchObject({ status: 403 });
  });
});

describe('the edge', () => {
  it('has TLS 1.2 and 1.3, tells browsers to stay, and does not know the way between processes', async () => {
    const url = platform.url;
    expect(await handshake(url, { maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2/);
    expect(await handshake(url, {})).toMatch(/^TLSv1\.3/);
    // Whatever the ciphers: it is the version that is refused.
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(url, old)).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    for (const path of ['/health/live', '/graphql', '/v2/health/live', '/nowhere'])
      expect((await send(path)).headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect((await send('/internal/graphql', { method: 'POST', body: '{}' })).status).toBe(404);
  });
});

describe('certificates that change on disk', () => {
  it('are taken up while requests run and streams stand, and none fails', async () => {
    const { token } = await somebody('data-scientist');
    const runId = await openRun(token);
    const stream = await follow(token, runId);
    const places = [platform.url, platform.address('experiments'), platform.address('gateway')];
    const shown = () =>
      Promise.all(places.map((url) => handshake(url, { ...roleOf('gateway'), checkServerIdentity: () => undefined })));
    const before = await shown();
    let going = true;
    const failed: unknown[] = [];
    let answered = 0;
    const callers = Array.from({ length: 2 }, async () => {
      while (going) {
        // Along the edge, the listener of a subgraph, and back by the gateway's own to others.
        const { body } = await ask(token, `{ run(id: "${runId}") { id name experiment { name } } }`).catch((error) => ({
          body: { errors: String(error) },
        }));
        if (body.errors || body.data.run.id !== runId) failed.push(body);
        else answered += 1;
      }
    });
    await renew();
    await expect
      .poll(async () => (await shown()).filter((one, place) => one === before[place]).length, {
        timeout: 10_000,
        interval: 200,
      })
      .toBe(0);
    const atChange = answered;
    while (answered < atChange + 20) await sleep(20);
    going = false;
    await Promise.all(callers);
    expect(failed).toEqual([]);
    await ask(token, `mutation { finishRun(id: "${runId}", state: SUCCEEDED) { run { state } } }`);
    expect(await stream.ended()).toContain('SUCCEEDED');
    expect(statSync(join(certificates, 'gateway.key')).mode & 0o777).toBe(0o600);
  });
});

describe('the profile production', () => {
  it('does not start with anything in the clear beyond this machine, and names each setting', async () => {
    const start = startWhole(join(folder, 'never'), {
      configuration,
      env: { FALAJ_DATABASE_URL: 'postgres://falaj@db.example/falaj?sslmode=require', FALAJ_TEST_HOST: '0.0.0.0' },
    });
    const error = await start.then(
      () => new Error('it started'),
      (reason: Error) => reason,
    );
    for (const part of [
      'ended with 1',
      'CONFIG_INVALID',
      'listen.host is 0.0.0.0 without tls',
      'plaintextExceptions.edge',
      'db.example',
      'sslmode=verify-full',
    ])
      expect(error.message).toContain(part);
    expect(error.message).not.toContain('database\n');
  });
});
