import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, print } from 'graphql';

/** A withheld field: null in the data, listed here with the reason. */
export interface MaskedPath {
  readonly path: string;
  readonly type: string;
  readonly field: string;
  readonly reason: string;
  readonly count: number;
}

export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly traceId?: string;
    readonly retryable?: boolean;
    readonly details?: Record<string, unknown>;
  };
}

export interface GraphResponse<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphError[];
  readonly extensions?: { readonly falaj?: { readonly masked?: readonly MaskedPath[]; readonly traceId?: string } };
}

export interface ClientOptions {
  /** Base URL of the gateway, e.g. `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Bearer token; absent = anonymous. */
  readonly token?: string;
  /** Workspace id or name; may be left out by a principal of exactly one. */
  readonly workspace?: string;
  readonly signal?: AbortSignal;
}

/** The first error of a response, thrown. */
export class FalajError extends Error {
  readonly code: string;
  readonly errors: readonly GraphError[];

  constructor(errors: readonly GraphError[]) {
    super(errors[0]?.message ?? 'The graph answered without data.');
    this.name = 'FalajError';
    this.code = errors[0]?.extensions.code ?? 'INTERNAL';
    this.errors = errors;
  }
}

export interface FalajClient {
  /** The whole response: data, errors and extensions. */
  request<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    variables: V,
  ): Promise<GraphResponse<T>>;
  /** The data; throws FalajError when there is any error. */
  data<T, V extends Record<string, unknown>>(document: TypedDocumentNode<T, V>, variables: V): Promise<T>;
  /** Events of a subscription over server-sent events, until the server or `signal` ends it. */
  subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    variables: V,
    signal?: AbortSignal,
  ): AsyncGenerator<GraphResponse<T>>;
}

const texts = new WeakMap<DocumentNode, string>();

function textOf(document: DocumentNode): string {
  let text = texts.get(document);
  if (!text) {
    text = print(document);
    texts.set(document, text);
  }
  return text;
}

export function createClient(options: ClientOptions): FalajClient {
  const post = (path: string, document: DocumentNode, variables: object, accept: string, signal?: AbortSignal) =>
    fetch(new URL(path, options.url), {
      method: 'POST',
      headers: {
        accept,
        'content-type': 'application/json',
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        ...(options.workspace ? { 'x-falaj-workspace': options.workspace } : {}),
      },
      body: JSON.stringify({ query: textOf(document), variables }),
      signal: signal ?? options.signal ?? null,
    });

  const client: FalajClient = {
    async request(document, variables) {
      const response = await post(
        '/graphql',
        document,
        variables,
        'application/graphql-response+json, application/json',
      );
      return (await response.json()) as GraphResponse<never>;
    },
    async data(document, variables) {
      const response = await client.request(document, variables);
      if (response.errors || !response.data) throw new FalajError(response.errors ?? []);
      return response.data;
    },
    async *subscribe(document, variables, signal) {
      const response = await post('/graphql/stream', document, variables, 'text/event-stream', signal);
      if (!response.ok || !response.body)
        throw new FalajError(((await response.json()) as GraphResponse<never>).errors ?? []);
      yield* events(response.body) as AsyncGenerator<GraphResponse<never>>;
    },
  };
  return client;
}

/** Parses a server-sent event stream of the graphql-sse protocol, distinct connections mode. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let buffer = '';
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true });
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const lines = buffer.slice(0, end).split('\n');
      buffer = buffer.slice(end + 2);
      const field = (name: string) =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim();
      if (field('event') === 'complete') return;
      const data = field('data');
      if (data) yield JSON.parse(data);
    }
  }
}
