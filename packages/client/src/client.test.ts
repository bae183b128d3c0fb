import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, FalajError } from './client.js';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
});

const document = parse('query Tick($n: Int) { tick(n: $n) }') as never;
const client = () => createClient({ url, token: 't', workspace: 'w' });
const json = (value: object, status = 200) => {
  answer = (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
};
/** Sends a stream in the given pieces, each a packet of its own. */
const stream = (...pieces: (string | Uint8Array)[]) => {
  answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    response.end();
  };
};
const collect = async () => {
  const seen: unknown[] = [];
  for await (const event of client().subscribe(document, { n: 1 })) seen.push(event);
  return seen;
};

describe('requests', () => {
  it('carry document, variables, token and workspace', async () => {
    let seen: object = {};
    answer = (request, response, body) => {
      const { authorization, 'x-falaj-workspace': workspace } = request.headers;
      seen = { path: request.url, authorization, workspace, body: JSON.parse(body) };
      response.end('{"data":{"tick":1}}');
    };
    expect(await client().data(document, { n: 1 })).toEqual({ tick: 1 });
    expect(seen).toEqual({
      path: '/graphql',
      authorization: 'Bearer t',
      workspace: 'w',
      body: { query: expect.stringContaining('query Tick($n: Int)'), variables: { n: 1 } },
    });
  });

  it('throw the first error with its code, and keep all', async () => {
    const errors = [
      { message: 'no', extensions: { code: 'FORBIDDEN' } },
      { message: 'neither', extensions: { code: 'NOT_FOUND' } },
    ];
    json({ data: { tick: null }, errors });
    await expect(client().data(document, {})).rejects.toMatchObject({
      name: 'FalajError',
      message: 'no',
      code: 'FORBIDDEN',
      errors,
    });
    expect(await client().request(document, {})).toEqual({ data: { tick: null }, errors });
  });

  it('throw for an answer without data', async () => {
    json({});
    await expect(client().data(document, {})).rejects.toBeInstanceOf(FalajError);
  });
});

describe('subscriptions', () => {
  it('give each event once, wherever packets are cut, and end at complete', async () => {
    const text =
      'event: next\ndata: {"data":{"tick":"دبي"}}\n\n:\n\nevent: next\ndata: {"data":{"tick":2}}\n\nevent: complete\ndata:\n\n';
    const bytes = Buffer.from(text);
    const events = [{ data: { tick: 'دبي' } }, { data: { tick: 2 } }];
    for (const cuts of [[], [5], [36, 37, 38], [bytes.indexOf('\n\n') + 1], [60, 61]]) {
      const places = [0, ...cuts, bytes.length];
      stream(...places.slice(1).map((end, i) => bytes.subarray(places[i], end)));
      expect(await collect()).toEqual(events);
    }
  });

  it('give nothing that follows complete', async () => {
    stream('event: complete\ndata:\n\nevent: next\ndata: {"data":{"tick":9}}\n\n');
    expect(await collect()).toEqual([]);
  });

  it('end with the server', async () => {
    stream('event: next\ndata: {"data":{"tick":1}}\n\n');
    expect(await collect()).toHaveLength(1);
  });

  it('throw a refusal with its code', async () => {
    json({ errors: [{ message: 'who are you', extensions: { code: 'UNAUTHENTICATED' } }] }, 401);
    await expect(collect()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('end when the caller gives up', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: next\ndata: {"data":{"tick":1}}\n\n');
    };
    const abort = new AbortController();
    const events = client().subscribe(document, {}, abort.signal);
    expect((await events.next()).value).toEqual({ data: { tick: 1 } });
    const next = events.next();
    abort.abort();
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
  });
});
