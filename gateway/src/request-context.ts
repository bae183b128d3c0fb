import { randomUUID } from 'node:crypto';
import { currentTraceparent, PlatformError, type Principal, randomHex } from '@falaj/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateKeeper } from './caller-rates.js';
import type { RequestContext } from './contract.js';

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const REQUEST_ID = /^[\w.:-]{1,128}$/;
const PURPOSE = /^[\x20-\x7e]{1,200}$/;

/** What a request brings before it is known who asks. */
export interface Arrival {
  readonly requestId: string;
  readonly traceparent: string;
  /** Headers with one value each. */
  readonly headers: Record<string, string | undefined>;
}

/** Reads the request's own ids, or makes them. */
export function arrivalOf(request: FastifyRequest): Arrival {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const id = headers['x-request-id'];
  const traceparent = headers.traceparent;
  return {
    requestId: id && REQUEST_ID.test(id) ? id : randomUUID(),
    traceparent: traceparent && TRACEPARENT.test(traceparent) ? traceparent : newTraceparent(),
    headers,
  };
}

const newTraceparent = (): string => `00-${randomHex(16)}-${randomHex(8)}-01`;

export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/**
 * Authenticates, once. The signal aborts when the client goes before its answer. Errors: of the port; RATE_LIMITED;
 * BAD_USER_INPUT for a purpose that is none.
 */
export async function requestContextOf(
  arrival: Arrival,
  reply: FastifyReply,
  authenticate: (headers: Record<string, string | undefined>) => Promise<Principal>,
  rates: RateKeeper,
): Promise<RequestContext> {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const principal = await authenticate(arrival.headers);
  rates.countRequest(principal);
  const purpose = arrival.headers['x-falaj-purpose'];
  if (purpose !== undefined && !PURPOSE.test(purpose))
    throw new PlatformError('BAD_USER_INPUT', 'x-falaj-purpose: expected 1 to 200 printable ASCII characters.');
  const clientName = arrival.headers['apollographql-client-name'] ?? arrival.headers['x-client-name'];
  return {
    principal,
    requestId: arrival.requestId,
    traceparent: currentTraceparent() || arrival.traceparent,
    signal: gone.signal,
    ...(clientName ? { clientName } : {}),
    ...(purpose === undefined ? {} : { purpose }),
  };
}
