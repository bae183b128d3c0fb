// Most requests repeat a document that was accepted before. Apollo Server decides once whether a document is parsed,
// valid, within the limits and registered; from then on the same text goes straight to execution, and the answer is the
// one that Apollo Server would have sent.
import type { FastifyRequest } from 'fastify';
import type { DocumentNode, ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { PersistedDocuments } from './persisted-documents.js';

export interface KnownOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly kind: 'query' | 'mutation';
  /** As `costOf` counts it. */
  readonly cost: number;
  /** SHA-256 of its text, in hex. */
  readonly hash: string;
}

export interface KnownRequest {
  readonly operation: KnownOperation;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Texts kept; the one that came first gives way. */
const MAX_OPERATIONS = 2000;
/** Longer texts are rare, and parsing is a small part of their cost. Characters. */
const MAX_TEXT = 20_000;

export class KnownOperations {
  private readonly operations = new Map<string, KnownOperation>();
  private readonly persisted: PersistedDocuments | undefined;

  constructor(persisted: PersistedDocuments | undefined) {
    this.persisted = persisted;
  }

  /** Remembers what Apollo Server accepted. `hash`: sha256 of the text, in hex. */
  remember(text: string, hash: string, operation: KnownOperation): void {
    // What is only tolerated is counted each time.
    if (this.persisted && this.persisted.mode !== 'off' && !this.persisted.documents.has(hash)) return;
    if (text.length > MAX_TEXT) return;
    if (this.operations.size >= MAX_OPERATIONS) {
      const [oldest] = this.operations.keys();
      if (oldest !== undefined) this.operations.delete(oldest);
    }
    this.operations.set(keyOf(text, operation.operationName), operation);
  }

  clear(): void {
    this.operations.clear();
  }

  /** The request, if its document is known and nothing in it asks for a decision of Apollo Server. */
  find({ method, headers, body }: FastifyRequest): KnownRequest | undefined {
    const { accept } = headers;
    if (method !== 'POST' || !headers['content-type']?.startsWith('application/json')) return undefined;
    if (accept !== undefined && accept !== '*/*' && accept !== 'application/json') return undefined;
    if (typeof body !== 'object' || body === null) return undefined;
    const { query, operationName, variables, extensions, ...others } = body as Record<string, unknown>;
    const text = typeof query === 'string' ? query : this.registeredText(extensions);
    if (text === undefined || (query !== undefined && extensions !== undefined)) return undefined;
    if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') return undefined;
    if (variables !== undefined && (typeof variables !== 'object' || Array.isArray(variables))) return undefined;
    for (const _ in others) return undefined;
    const operation = this.operations.get(keyOf(text, operationName || undefined));
    return operation && { operation, variables: (variables ?? {}) as Record<string, unknown> };
  }

  private registeredText(extensions: unknown): string | undefined {
    const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } };
    const hash = persistedQuery?.sha256Hash;
    return typeof hash === 'string' ? this.persisted?.documents.get(hash) : undefined;
  }
}

/** A name holds no line break. */
const keyOf = (text: string, operationName: string | undefined): string => `${operationName ?? ''}\n${text}`;

/** Status and body of an answer, as Apollo Server makes them (`status400ForVariableCoercionErrors`). */
export function answerOf(
  { data, errors }: ExecutionResult,
  formatted: readonly GraphQLFormattedError[] | undefined,
  extensions: Record<string, unknown>,
): { status: number; headers: Record<string, string>; body: string } {
  let status: number | undefined;
  const headers: Record<string, string> = {};
  for (const error of errors ?? []) {
    const http = error.extensions.http as { status?: number; headers?: ReadonlyMap<string, string> } | undefined;
    status = http?.status ?? status;
    for (const [name, value] of http?.headers ?? []) headers[name] = value;
  }
  return {
    status: status ?? (errors?.length && data === undefined ? 400 : 200),
    headers,
    body: `${JSON.stringify({ errors: formatted, data, extensions })}\n`,
  };
}
