// A trace is one thing from the edge to the plugin: seen here by a collector that speaks OTLP over HTTP.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'packages/cli/dist/main.js');
const directory = mkdtempSync(join(tmpdir(), 'falaj-tracing-'));
const closers: (() => Promise<void> | void)[] = [];

afterAll(async () => {
  for (const close of closers.reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

it('a request of the edge, its subgraph and its plugin call stand in one trace', async () => {
  const spans: Span[] = [];
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
  // The journey makes every kind of call; the batch of spans follows within seconds.
  await expect.poll(() => output, { timeout: 150_000, interval: 500 }).toContain('The journey took');
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
}, 240_000);
