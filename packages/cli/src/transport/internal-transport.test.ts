import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCertificates } from './development-certificates.js';
import { type InternalTransport, openInternalTransport } from './internal-transport.js';
import type { ProcessRole } from './spiffe-id.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-internal-'));
const opened: InternalTransport[] = [];
let server: Server;
let url = '';

const transportOf = async (role: ProcessRole, trustDomain = 'falaj.test'): Promise<InternalTransport> => {
  const transport = await openInternalTransport(
    {
      directory,
      internalTls: {
        trustDomain,
        certificate: `${trustDomain}/{role}.pem`,
        key: `${trustDomain}/{role}.key`,
        authorities: `falaj.test/authority.pem`,
        listen: { host: '127.0.0.1', port: 0 },
        monitors: [],
      },
    },
    role,
  );
  if (!transport) throw new Error('There is no transport.');
  opened.push(transport);
  return transport;
};

beforeAll(async () => {
  await createCertificates({
    directory: join(directory, 'falaj.test'),
    trustDomain: 'falaj.test',
    hosts: ['x'],
    days: 1,
  });
  const models = await transportOf('subgraph/models');
  server = models.serve(['gateway'])((_request, response) => void response.end('answered'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await Promise.all(opened.map((transport) => transport.close()));
  server.close();
  rmSync(directory, { recursive: true });
});

it('asks the role that it means, whatever its host is called', async () => {
  const gateway = await transportOf('gateway');
  for (let time = 0; time < 2; time += 1)
    expect(await (await gateway.fetchFrom('subgraph/models')(url)).text()).toBe('answered');
});

it('keeps its connections, also after all of them were closed', async () => {
  const gateway = await transportOf('gateway');
  const ask = async () => (await gateway.fetchFrom('subgraph/models')(url)).text();
  await Promise.all(Array.from({ length: 4 }, ask));
  server.closeAllConnections();
  let connections = 0;
  server.on('secureConnection', () => {
    connections += 1;
  });
  // A request may meet a connection that has just gone.
  for (let time = 0; time < 4; time += 1) await ask().catch(() => undefined);
  connections = 0;
  for (let time = 0; time < 20; time += 1) expect(await ask()).toBe('answered');
  expect(connections).toBeLessThan(3);
});

it('sends nothing to another role, though the same authority made its certificate', async () => {
  const gateway = await transportOf('gateway');
  const error = await gateway
    .fetchFrom('subgraph/governance')(url, { method: 'POST', body: 'x' })
    .catch((reason) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).cause).toMatchObject({
    message:
      '127.0.0.1 is the workload spiffe://falaj.test/falaj/subgraph/models, and spiffe://falaj.test/falaj/subgraph/governance was to be asked.',
  });
});

it('is not answered in a role that has no business there', async () => {
  const features = await transportOf('subgraph/features');
  const response = await features.fetchFrom('subgraph/models')(url);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
});

it('there is none without the setting', async () => {
  expect(await openInternalTransport({ directory, internalTls: undefined } as never, 'gateway')).toBeUndefined();
});
