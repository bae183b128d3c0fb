import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from './contract.js';
import { readEventStream } from './event-stream.js';
import { createGateway } from './gateway.js';
import { itemsOptions, localItems, remoteItems, Seen } from './testing/item-subgraphs.js';

describe.each(['local', 'remote'])('%s subgraphs', (kind) => {
  const seen = new Seen();
  let gateway: Gateway;
  let url = '';
  let stop = async () => {};

  beforeAll(async () => {
    if (kind === 'local') gateway = await createGateway(itemsOptions(localItems(seen)));
    else {
      const { subgraphs, close } = await remoteItems(seen);
      stop = close;
      gateway = await createGateway(itemsOptions(subgraphs));
    }
    url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await gateway.close();
    await stop();
  });

  const post = async (query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as {
      data: Record<string, unknown> | null;
      errors?: { message: string; path?: unknown[]; extensions: Record<string, unknown> }[];
      extensions: { falaj: { masked: unknown[]; traceId: string } };
    };
  };
  const stream = (query: string, signal?: AbortSignal) =>
    fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'ann' },
      body: JSON.stringify({ query }),
      ...(signal ? { signal } : {}),
    });
  const eventsOf = async (query: string) => {
    const { body } = await stream(query);
    const events = [];
    if (body) for await (const event of readEventStream(body)) events.push(event);
    return events;
  };

  test('a join over two subgraphs, one call each, and what was withheld', async () => {
    seen.calls.length = 0;
    const body = await post('{ items { id note } }', { authorization: 'ann' });
    expect(body.data).toEqual({
      items: [
        { id: '1', note: null },
        { id: '2', note: null },
      ],
    });
    expect(body.extensions.falaj.masked).toEqual([
      { path: 'items.*.note', type: 'Item', field: 'note', reason: 'PII', count: 2 },
    ]);
    expect(seen.calls.map(({ subgraph, principal }) => [subgraph, principal])).toEqual([
      ['items', 'ann'],
      ['names', 'ann'],
    ]);
  });

  test('a null where the schema says `!` empties what must not hold it', async () => {
    const body = await post('{ items { id name } }');
    expect(body.data).toBeNull();
    expect(body.errors?.[0]?.extensions.code).toBeDefined();
  });

  test('the ids of the request reach the subgraph', async () => {
    seen.calls.length = 0;
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    const body = await post('{ me }', { 'x-request-id': 'request-7', traceparent });
    expect(body.extensions.falaj.traceId).toBe('ab'.repeat(16));
    expect(seen.calls[0]).toMatchObject({ requestId: 'request-7', traceparent });
  });

  test('callers of one query at once each get their own answer', async () => {
    seen.calls.length = 0;
    const names = Array.from({ length: 20 }, (_, n) => `caller-${n}`);
    const bodies = await Promise.all(names.map((authorization) => post('{ me items { id } }', { authorization })));
    expect(bodies.map(({ data }) => data?.me)).toEqual(names);
    expect(seen.calls.map(({ principal }) => principal).toSorted()).toEqual(names.toSorted());
  });

  test('a subscription, joined over both subgraphs; each event tells its own errors', async () => {
    const events = await eventsOf('subscription { itemChanged { id size name note } }');
    expect(events.map(({ data, errors }) => [data?.itemChanged ?? data, errors?.length ?? 0])).toEqual([
      [{ id: '1', size: 1, name: 'name of 1 for ann', note: null }, 0],
      [{ id: 'x', size: null, name: 'name of x for ann', note: null }, 0],
      [null, 1],
      [{ id: '3', size: 3, name: 'name of 3 for ann', note: null }, 0],
    ]);
    expect(events.map(({ extensions }) => (extensions?.falaj as { masked: unknown[] } | undefined)?.masked)[0]).toEqual(
      [{ path: 'itemChanged.note', type: 'Item', field: 'note', reason: 'PII', count: 1 }],
    );
  });

  test('errors of a stream are those of a query', async () => {
    const codes = async (query: string) => (await eventsOf(query)).map(({ errors }) => errors?.[0]?.extensions.code);
    expect(await codes('subscription { fails { id } }')).toEqual(['FORBIDDEN']);
    expect(await codes('subscription { nothing }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(await codes('subscription {')).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(await codes(`subscription { itemChanged { ${'id '.repeat(3000)} } }`)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(
      await codes(`subscription { itemChanged { ${Array.from({ length: 99 }, (_, n) => `a${n}: id`).join(' ')} } }`),
    ).toEqual(['QUERY_TOO_COMPLEX']);
    expect((await post('subscription { itemChanged { id } }')).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a client that leaves ends the source', async () => {
    const leaving = new AbortController();
    const { body } = await stream('subscription { endless { id } }', leaving.signal);
    const first = await body?.getReader().read();
    expect(first?.value).toBeDefined();
    expect(seen.sourcesOpen).toBe(1);
    leaving.abort();
    while (seen.sourcesOpen > 0) await wait(10);
  });
});
