/**
 * What mutual TLS between the processes costs. Two platforms, each a gateway and the experiments subgraph in a process of
 * its own, one in plain HTTP and one by mutual TLS; the edge is plain in both. 16 connections ask for runs, one at a time each, so
 * that every request is one fetch between the processes. Rounds interleave, and the median of their ratios counts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorTokenOf, runCli, type SplitProcesses, startSplit } from '../platform-processes.js';
import type { Figure } from './figure.js';
import { load } from './http-load.js';

const CONNECTIONS = 16;
const RUNS = 50;
const ROUNDS = 8;
const ROUND_MS = 2_000;
const WARM_MS = 3_000;

export async function run(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'falaj-bench-'));
  const certificates = join(directory, 'certificates');
  const platforms: SplitProcesses[] = [];
  try {
    await runCli(join(directory, 'secure'), 'certificates', 'create', '--directory', certificates);
    const plain = await startSplit(join(directory, 'plain'), { apart: ['experiments'] });
    platforms.push(plain);
    const secure = await startSplit(join(directory, 'secure'), {
      apart: ['experiments'],
      certificates,
      configuration: join(import.meta.dirname, '../../security/tls'),
      env: { FALAJ_TEST_PROFILE: 'development', FALAJ_TEST_EDGE: 'plain' },
    });
    platforms.push(secure);
    const [inPlain, inSecure] = [await asking(plain), await asking(secure)];
    await inPlain(WARM_MS);
    await inSecure(WARM_MS);
    const ratios: number[] = [];
    const best = { plain: 0, secure: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const without = await inPlain(ROUND_MS);
      const within = await inSecure(ROUND_MS);
      ratios.push(within / without);
      best.plain = Math.max(best.plain, without / (ROUND_MS / 1_000));
      best.secure = Math.max(best.secure, within / (ROUND_MS / 1_000));
    }
    process.stderr.write(`# wire: ${best.plain.toFixed(0)} -> ${best.secure.toFixed(0)} requests/s\n`);
    return [{ name: 'wire.mutual-tls-to-plain', value: median(ratios), unit: 'x', op: '>=', bar: 0.8 }];
  } finally {
    await Promise.all(platforms.map((platform) => platform.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Asks for runs of a workspace made for it; the number of answers within the time. */
async function asking({ url, dataDirectory }: SplitProcesses): Promise<(forMs: number) => Promise<number>> {
  const operator = await operatorTokenOf(dataDirectory);
  const mutate = async (query: string, token: string, workspace?: string) => {
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...(workspace ? { 'x-falaj-workspace': workspace } : {}),
      },
      body: JSON.stringify({ query: `mutation { ${query} }` }),
    });
    const { data, errors } = (await response.json()) as {
      data: Record<string, Record<string, { id: string } & string>>;
      errors?: unknown;
    };
    if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`);
    return data;
  };
  const made = await mutate(
    'createWorkspace(input: { name: "bench", allowedZones: ["AE"] }) { workspace { id } }',
    operator,
  );
  const workspace = made.createWorkspace?.workspace?.id ?? '';
  const hired = await mutate(
    'createPrincipal(input: { name: "bench", kind: USER, zone: "AE" }) { principal { id } }',
    operator,
    workspace,
  );
  const id = hired.createPrincipal?.principal?.id;
  await mutate(
    `grantRole(input: { principalId: "${id}", role: "data-scientist" }) { principal { id } }`,
    operator,
    workspace,
  );
  const issued = await mutate(
    `issueAccessToken(input: { principalId: "${id}", ttlSeconds: 900 }) { token }`,
    operator,
    workspace,
  );
  const token = String(issued.issueAccessToken?.token);
  const experiment = await mutate('createExperiment(input: { name: "bench" }) { experiment { id } }', token, workspace);
  const requests: string[] = [];
  for (let n = 0; n < RUNS; n++) {
    const { createRun } = await mutate(
      `createRun(input: { experimentId: "${experiment.createExperiment?.experiment?.id}", name: "${n}" }) { run { id } }`,
      token,
      workspace,
    );
    const body = JSON.stringify({
      query: 'query ($id: ID!) { run(id: $id) { id name state zone createdAt experiment { id name } } }',
      variables: { id: createRun?.run?.id },
    });
    requests.push(
      `POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\nx-falaj-workspace: ${workspace}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  const port = Number(new URL(url).port);
  return (forMs) => load(port, forMs, requests, CONNECTIONS);
}
