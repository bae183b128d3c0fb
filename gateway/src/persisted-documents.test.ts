import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from './contract.js';
import { readEventStream } from './event-stream.js';
import { createGateway } from './gateway.js';
import { sha256 } from './sha256.js';
import { itemsOptions, localItems, Seen } from './testing/item-subgraphs.js';

const text = '{ me }';
const events = 'subscription { itemChanged { id } }';
const documents = new Map([text, events].map((each) => [sha256(each), each]));

describe.each(['off', 'warn', 'enforce'] as const)('%s', (mode) => {
  let gateway: Gateway;
  let url = '';
  beforeAll(async () => {
    gateway = await createGateway({ ...itemsOptions(localItems(new Seen())), persistedDocuments: { mode, documents } });
    url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => gateway.close());
  const post = async (body: object) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { data, errors } = await response.json();
    return [response.status, data?.me ?? errors[0].extensions.code];
  };

  test('registered documents run by id, by hash and by text', async () => {
    expect(await post({ documentId: sha256(text) })).toEqual([200, 'nobody']);
    expect(await post({ documentId: `sha256:${sha256(text)}` })).toEqual([200, 'nobody']);
    expect(await post({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } } })).toEqual([
      200,
      'nobody',
    ]);
    expect(await post({ query: text })).toEqual([200, 'nobody']);
  });

  test('others run as the mode says', async () => {
    const expected = mode === 'enforce' ? [403, 'PERSISTED_DOCUMENT_REQUIRED'] : [200, 'nobody'];
    expect(await post({ query: '{ me me }' })).toEqual(expected);
    expect((await post({ documentId: sha256('{ items { id } }') }))[1]).toBe(
      mode === 'enforce' ? 'PERSISTED_DOCUMENT_REQUIRED' : 'PERSISTED_QUERY_NOT_FOUND',
    );
  });

  test('streams are held to the same', async () => {
    const first = async (body: object) => {
      const response = await fetch(`${url}/graphql/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(body),
      });
      for await (const { data, errors } of readEventStream(response.body as never))
        return data ?? errors?.[0]?.extensions.code;
    };
    expect(await first({ documentId: sha256(events) })).toEqual({ itemChanged: { id: '1' } });
    expect(await first({ query: 'subscription { itemChanged { id size } }' })).toEqual(
      mode === 'enforce' ? 'PERSISTED_DOCUMENT_REQUIRED' : { itemChanged: { id: '1', size: 1 } },
    );
  });
});
