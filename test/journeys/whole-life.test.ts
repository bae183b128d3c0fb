// The demo from its first stage to its last, by its own command and with every call traced; then what it left is asked for
// as an administrator would.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type FalajClient } from '@falaj/client';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorTokenOf } from '../platform-processes.js';
import { until } from '../platform-requests.js';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'packages/cli/dist/main.js');
const directory = mkdtempSync(join(tmpdir(), 'falaj-life-'));
const closers: (() => Promise<void> | void)[] = [];
const spans: Span[] = [];
let administrator: FalajClient;

beforeAll(async () => {
  const collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      spans.push(...resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  closers.push(() => void collector.close());
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(directory, 'falaj.config.ts'),
    `import base from ${JSON.stringify(join(root, 'falaj.config.ts'))};
     export default { ...base, dataDirectory: './data', tracing: { endpoint: ${JSON.stringify(endpoint)}, ratio: 1 },
       plugins: base.plugins.map((plugin) => ({ ...plugin, use: plugin.use.replace('@falaj/', ${JSON.stringify(join(root, 'node_modules/@falaj/'))}) })) };`,
  );
  const platform = spawn(process.execPath, [cli, 'demo', '--port', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  closers.push(async () => {
    platform.kill('SIGTERM');
    if (platform.exitCode === null) await once(platform, 'exit');
  });
  let output = '';
  for (const stream of [platform.stdout, platform.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = async (): Promise<boolean> => {
    if (platform.exitCode !== null) throw new Error(`The demo ended with ${platform.exitCode}: ${output}`);
    return output.includes('Ctrl-C stops the platform');
  };
  await until(ended, 240_000, 'the journey ends');
  const said = (pattern: RegExp): string => pattern.exec(output)?.[1] ?? '';
  administrator = createClient({
    url: said(/Explore\S*\s+(http\S+)\/graphiql/),
    token: await operatorTokenOf(join(directory, 'data')),
    workspace: said(/"x-falaj-workspace": "([^"]+)"/),
  });
}, 300_000);

afterAll(async () => {
  for (const close of closers.reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: queries written in the tests have no generated type.
const ask = async (query: string): Promise<any> => {
  const answer = await administrator.request(parse(query) as never, {});
  expect(answer.errors).toBeUndefined();
  return answer.data;
};
/** The one that February was replayed through. */
async function replayed<T>(fields: string): Promise<T> {
  const { endpoints } = await ask(`{ endpoints(first: 10) { edges { node { name ${fields} } } } }`);
  const found = endpoints.edges.find(({ node }: { node: { name: string } }) => node.name === 'flight-delay-february');
  return found.node;
}

it('a request of the edge, its subgraph and its plugin call stand in one trace', async () => {
  // The batch of spans follows within seconds.
  const isPlugin = (span: Span) => span.name === 'plugin.offline-store.buildTrainingSet';
  await expect.poll(() => spans.some(isPlugin), { timeout: 30_000, interval: 500 }).toBe(true);
  const plugin = spans.find(isPlugin) as Span;
  const path: string[] = [];
  for (let span: Span | undefined = plugin; span; span = spans.find((other) => other.spanId === span?.parentSpanId)) {
    expect(span.traceId).toBe(plugin.traceId);
    path.unshift(span.name);
  }
  expect(path.at(-1)).toBe('plugin.offline-store.buildTrainingSet');
  expect(path).toContain('subgraph.features');
  expect(path.length).toBeGreaterThanOrEqual(3);
});

it('leaves one incident of the planted version and one of the planted shift, each linked to its endpoint', async () => {
  const { id } = await replayed<{ id: string }>('id');
  const { incidents } = await ask(
    '{ incidents(first: 50) { edges { node { category links { type id } evidence } } } }',
  );
  const found = incidents.edges
    .map(({ node }: { node: { category: string } }) => node)
    .filter(({ category }: { category: string }) => category === 'ROLLBACK' || category === 'DRIFT');
  expect(found.map(({ category }: { category: string }) => category).sort()).toEqual(['DRIFT', 'ROLLBACK']);
  for (const { links, evidence } of found) {
    expect(links).toContainEqual({ type: 'Endpoint', id });
    expect(evidence).not.toBeNull();
  }
});

it('leaves February whole in the log, labelled, and judged by variant and by version', async () => {
  interface Quality {
    readonly labelled: number;
    readonly auc: number | null;
  }
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const endpoint = await replayed<{ readonly quality: readonly Quality[] }>(`
    trafficSplit { kind }
    rollouts(first: 1) { edges { node { state incidentId } } }
    inferenceLog { counts { dropped } }
    quality(from: "${from}", bucketSeconds: 7200, by: VERSION) { labelled auc }
    abTests(first: 1) { edges { node { state result { verdict } } } }`);
  expect(endpoint).toMatchObject({
    trafficSplit: null,
    rollouts: { edges: [{ node: { state: 'ROLLED_BACK', incidentId: expect.any(String) } }] },
    inferenceLog: { counts: { dropped: 0 } },
    abTests: { edges: [{ node: { state: 'STOPPED', result: { verdict: expect.stringMatching(/WINNER$/) } } }] },
  });
  // What came after February has no labels.
  const judged = endpoint.quality.filter(({ labelled }) => labelled > 0);
  expect(judged).toHaveLength(2);
  expect(judged.reduce((sum, { labelled }) => sum + labelled, 0)).toBe(5_964);
  for (const { auc } of judged) expect(auc).toBeGreaterThan(0.55);
});
