import { setTimeout as wait } from 'node:timers/promises';
import { startTracing } from '@falaj/runtime';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterAll, expect, test } from 'vitest';
import type { GatewayOptions, LocalSubgraph } from './contract.js';
import { createGateway } from './gateway.js';
import { serveSupergraph } from './serve-supergraph.js';
import { itemsOptions, itemsSupergraph, localItems, remoteItems, Seen } from './testing/item-subgraphs.js';

const exporter = new InMemorySpanExporter();
const stopTracing = startTracing({ ratio: 1, exporter });
afterAll(stopTracing);

async function serving<T>(options: Partial<GatewayOptions>, work: (url: string) => Promise<T>): Promise<T> {
  const gateway = await createGateway({ ...itemsOptions(localItems(new Seen())), ...options });
  try {
    return await work(await gateway.listen({ host: '127.0.0.1', port: 0 }));
  } finally {
    await gateway.close();
  }
}
const ask = async (url: string, query: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return response.json();
};

test('one trace from the edge through execution to each fetch, begun by the caller', async () => {
  exporter.reset();
  const traceId = 'ef'.repeat(16);
  const traceparent = `00-${traceId}-${'12'.repeat(8)}-01`;
  const body = await serving({}, (url) => ask(url, '{ items { id note } }', { traceparent }));
  expect(body.extensions.falaj.traceId).toBe(traceId);
  const spans = exporter.getFinishedSpans();
  const named = (name: string) => spans.filter((span) => span.name === name);
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  const [request] = named('gateway.request');
  const [execute] = named('gateway.execute');
  expect(request?.parentSpanContext?.spanId).toBe('12'.repeat(8));
  expect(execute?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
  expect(
    named('gateway.fetch').map((span) => [span.attributes['falaj.subgraph'], span.parentSpanContext?.spanId]),
  ).toEqual([
    ['items', execute?.spanContext().spanId],
    ['names', execute?.spanContext().spanId],
  ]);
});

test('metrics count requests by operation and outcome, and time each subgraph', async () => {
  await serving({}, async (url) => {
    await ask(url, 'mutation { touch(id: "1") { id } }');
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('falaj_gateway_requests_total{operation="mutation",outcome="ok"} 1');
    expect(text).toContain('falaj_gateway_subgraph_seconds_count{subgraph="items",outcome="ok"}');
  });
});

test('neither traces nor metrics say anything of variables, values or who asked', async () => {
  exporter.reset();
  const metrics = await serving({}, async (url) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer somebodys-token' },
      body: JSON.stringify({
        query: 'mutation Touch($id: ID!) { touch(id: $id) { id note } }',
        variables: { id: 'person@example.test' },
      }),
    });
    await response.text();
    return (await fetch(`${url}/metrics`)).text();
  });
  const spans = exporter.getFinishedSpans();
  expect(spans.length).toBeGreaterThan(1);
  const told = JSON.stringify(spans.map(({ name, attributes, status, events }) => [name, attributes, status, events]));
  for (const text of [told, metrics]) expect(text).not.toMatch(/person@example|somebodys-token/);
  expect([...new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))].sort()).toEqual([
    'falaj.subgraph',
    'graphql.operation.name',
    'http.request.method',
  ]);
});

test('not ready is 503, whether the port says so or fails', async () => {
  const status = (health: GatewayOptions['health']) =>
    serving({ health }, async (url) => (await fetch(`${url}/health/ready`)).status);
  expect(await status(async () => ({ ready: true, checks: {} }))).toBe(200);
  expect(await status(async () => ({ ready: false, checks: { database: { ok: false } } }))).toBe(503);
  expect(await status(async () => Promise.reject(new Error('no')))).toBe(503);
});

test('development serves its tools from this origin only', async () => {
  await serving({}, async (url) => {
    const page = await fetch(`${url}/graphiql`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const asset = await fetch(`${url}${path}`);
      expect([path, asset.status, (await asset.text()).length > 100]).toEqual([path, 200, true]);
    }
    expect(await (await fetch(`${url}/schema.graphql`)).text()).toContain('type Item');
  });
});

test('a new supergraph serves the next request', async () => {
  const gateway = await createGateway(itemsOptions(localItems(new Seen())));
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  expect((await ask(url, '{ maybe { id } }')).errors).toBeUndefined();
  await gateway.reload(itemsSupergraph().replaceAll(/^ {2}maybe: Item.*\n/gm, ''));
  expect((await ask(url, '{ maybe { id } }')).errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  expect((await ask(url, '{ me }')).data).toEqual({ me: 'nobody' });
  await gateway.close();
});

test('closing lets a request under way finish and ends event streams', async () => {
  const seen = new Seen();
  const [items, names] = localItems(seen);
  if (!items || !names) throw new Error('the fixture is incomplete');
  const started = Promise.withResolvers<void>();
  const slow: LocalSubgraph = {
    name: 'names',
    execute: async (request) => {
      started.resolve();
      await wait(200);
      return names.execute(request);
    },
  };
  const gateway = await createGateway(itemsOptions([items, slow]));
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const stream = await fetch(`${url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { endless { id } }' }),
  });
  const answer = ask(url, '{ items { id note } }');
  await started.promise;
  const closed = gateway.close();
  expect((await answer).data.items).toHaveLength(2);
  expect(await stream.text()).toContain('event: complete');
  await closed;
});

test('routes are mounted beside the graph', async () => {
  await serving({ mount: [(app) => void app.get('/v2', async () => ({ name: 'falaj' }))] }, async (url) => {
    expect(await (await fetch(`${url}/v2`)).json()).toEqual({ name: 'falaj' });
  });
});

test('any supergraph is served, its addresses in it or given', async () => {
  const { subgraphs, close } = await remoteItems(new Seen());
  const urls = Object.fromEntries(subgraphs.map(({ name, url }) => [name, url]));
  const given = await serveSupergraph({ supergraphSdl: itemsSupergraph(), subgraphUrls: urls });
  const own = await serveSupergraph({
    supergraphSdl: itemsSupergraph().replace(/http:\/\/127\.0\.0\.1:1\/(\w+)/g, (_match, name) => urls[name] ?? ''),
  });
  const answers = await Promise.all([given, own].map(({ url }) => ask(url, '{ items { id size note } }')));
  expect(answers.map(({ data }) => data.items.length)).toEqual([2, 2]);
  await Promise.all([given.close(), own.close(), close()]);
});

test('a subgraph that cannot be reached is told, and the rest is answered', async () => {
  const [items] = localItems(new Seen());
  if (!items) throw new Error('the fixture has no items');
  const away = { name: 'names', url: 'http://127.0.0.1:9/graphql' };
  const body = await serving({ subgraphs: [items, away] }, (url) => ask(url, '{ items { id note } }'));
  expect(body.data).toEqual({
    items: [
      { id: '1', note: null },
      { id: '2', note: null },
    ],
  });
  expect(body.errors[0].extensions).toMatchObject({ code: 'DOWNSTREAM_SERVICE_ERROR', retryable: true });
});
