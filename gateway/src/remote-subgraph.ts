// A subgraph in another process. Identity travels only in the headers of the identity port, computed for exactly this
// body, and no two requests ever share an answer: sharing by query once gave one caller another's data.
import { PlatformError } from '@falaj/runtime';
import { type DocumentNode, type ExecutionResult, getOperationAST, print } from 'graphql';
import { CircuitBreaker } from './circuit-breaker.js';
import type { GatewayOptions, RemoteSubgraph, SubgraphRequest } from './contract.js';
import { readEventStream } from './event-stream.js';
import { asResult } from './remote-result.js';

/** A mutation may build features or load a model; a question that takes this long will not be waited for. */
const DEADLINE_MS = { query: 30_000, mutation: 290_000 };

const texts = new WeakMap<DocumentNode, string>();

function textOf(document: DocumentNode): string {
  let text = texts.get(document);
  if (text === undefined) {
    text = print(document);
    texts.set(document, text);
  }
  return text;
}

type Execute = (request: SubgraphRequest) => Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;

/** Errors: DOWNSTREAM_SERVICE_ERROR, GATEWAY_TIMEOUT. */
export function remoteExecutor(subgraph: RemoteSubgraph, identityHeaders: GatewayOptions['identityHeaders']): Execute {
  const breaker = new CircuitBreaker(subgraph.name);
  const streamUrl = subgraph.streamUrl ?? subgraph.url.replace(/\/graphql\/?$|\/?$/, '/stream');

  // Looked up at each request: a recorder may stand before the one of Node.
  const ask = subgraph.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request));

  const send = async (url: string, request: SubgraphRequest, body: string, signal: AbortSignal, accept: string) => {
    const { context } = request;
    const identity = await identityHeaders(context, subgraph.name, body);
    return ask(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept,
        'x-request-id': context.requestId,
        ...(context.traceparent ? { traceparent: context.traceparent } : {}),
        ...(context.purpose === undefined ? {} : { 'x-falaj-purpose': context.purpose }),
        ...(context.operationHash === undefined ? {} : { 'x-falaj-operation-hash': context.operationHash }),
        ...identity,
      },
      body,
      signal,
    });
  };

  return async (request) => {
    const { document, operationName, variables, context } = request;
    const body = JSON.stringify({ query: textOf(document), variables, operationName });
    const operation = getOperationAST(document, operationName)?.operation;
    const deadlineMs = operation === 'mutation' ? DEADLINE_MS.mutation : DEADLINE_MS.query;
    breaker.enter();
    try {
      if (operation === 'subscription') {
        const response = await send(streamUrl, request, body, context.signal, 'text/event-stream');
        const events = response.ok && response.body ? readEventStream(response.body) : await read(subgraph, response);
        breaker.succeeded();
        return events;
      }
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(deadlineMs)]);
      const accept = 'application/json';
      const response = await send(subgraph.url, request, body, signal, accept).catch((error: unknown) => {
        // A mutation may have been done before the connection broke: only questions are asked twice.
        if (operation !== 'query' || !isConnectionFault(error)) throw error;
        return send(subgraph.url, request, body, signal, accept);
      });
      const result = await read(subgraph, response);
      breaker.succeeded();
      return result;
    } catch (error) {
      if (context.signal.aborted) throw new PlatformError('GATEWAY_TIMEOUT', 'The client went away.', { cause: error });
      breaker.failed();
      if (error instanceof PlatformError) throw error;
      const late = error instanceof Error && error.name === 'TimeoutError';
      throw new PlatformError(
        late ? 'GATEWAY_TIMEOUT' : 'DOWNSTREAM_SERVICE_ERROR',
        `The subgraph ${subgraph.name} ${late ? `did not answer within ${deadlineMs / 1000} s` : 'could not be reached'}.`,
        { cause: error },
      );
    }
  };
}

/** undici reports every fault below HTTP as a TypeError with a cause. */
const isConnectionFault = (error: unknown): boolean => error instanceof TypeError && error.cause !== undefined;

async function read(subgraph: RemoteSubgraph, response: Response): Promise<ExecutionResult> {
  const refused = (why: string) =>
    new PlatformError('DOWNSTREAM_SERVICE_ERROR', `The subgraph ${subgraph.name} ${why}.`, {
      details: { status: response.status },
    });
  // The caller proved who they are at the edge; a subgraph that refuses the gateway is our fault, not theirs.
  if (response.status === 401 || response.status === 403) {
    await response.body?.cancel();
    throw refused(`refused the gateway with HTTP ${response.status}`);
  }
  const text = await response.text();
  let result: ExecutionResult | undefined;
  try {
    result = asResult(JSON.parse(text));
  } catch {
    result = undefined;
  }
  if (!result) throw refused(`answered HTTP ${response.status} without a GraphQL result`);
  if (response.status >= 500 && result.data === undefined && !result.errors?.some((error) => error.extensions.code)) {
    throw refused(`answered HTTP ${response.status}`);
  }
  return result;
}
