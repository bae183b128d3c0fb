// Registered documents by the hex sha256 of their text, as the client's code generation emits them.
import { counter, createLogger, PlatformError } from '@falaj/runtime';

export interface PersistedDocuments {
  /** `off`: ids resolve, any text passes. `warn`: unregistered text passes and is counted. `enforce`: it is refused. */
  readonly mode: 'off' | 'warn' | 'enforce';
  /** sha256 of the document's text, in hex -> the text. */
  readonly documents: ReadonlyMap<string, string>;
}

const log = createLogger('gateway');
const unregistered = counter('falaj_gateway_unregistered_documents_total', 'Documents that are not registered.', [
  'mode',
] as const);

/**
 * Apollo's store of persisted queries, read-only: what clients send to be remembered is not.
 * Keys come as `apq:<sha256>`.
 */
export function documentStore({ documents }: PersistedDocuments) {
  return {
    get: async (key: string) => documents.get(key.slice(key.lastIndexOf(':') + 1)),
    set: async () => {},
    delete: async () => false,
  };
}

interface Body {
  documentId?: unknown;
  extensions?: { persistedQuery?: { sha256Hash?: unknown } };
}

/** Turns `documentId` into Apollo's form. Errors: PERSISTED_DOCUMENT_REQUIRED for an unknown id under `enforce`. */
export function resolveDocumentId(body: unknown, { mode, documents }: PersistedDocuments): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { documentId, extensions, ...rest } = body as Body;
  const id = documentId ?? extensions?.persistedQuery?.sha256Hash;
  if (typeof id !== 'string') return body;
  const hash = id.replace(/^sha256:/, '');
  if (mode === 'enforce' && !documents.has(hash)) throw refusal(hash);
  return { ...rest, extensions: { ...extensions, persistedQuery: { version: 1, sha256Hash: hash } } };
}

/** The body with the text of the document that it names. Errors: as `resolveDocumentId`. */
export function withRegisteredText(
  body: unknown,
  persisted: PersistedDocuments | undefined,
): Record<string, unknown> | undefined {
  if (!persisted) return body as Record<string, unknown> | undefined;
  const named = resolveDocumentId(body, persisted) as (Body & { query?: string }) | undefined;
  const text = persisted.documents.get(String(named?.extensions?.persistedQuery?.sha256Hash));
  return text === undefined ? (named as Record<string, unknown>) : { ...named, query: text };
}

/** Errors: PERSISTED_DOCUMENT_REQUIRED under `enforce`. */
export function refuseUnregistered(hash: string, clientName: string | undefined, persisted: PersistedDocuments): void {
  if (persisted.mode === 'off' || persisted.documents.has(hash)) return;
  unregistered.inc({ mode: persisted.mode });
  if (persisted.mode === 'enforce') throw refusal(hash);
  log.warn('a document is not registered', { hash, clientName });
}

const refusal = (hash: string) =>
  new PlatformError(
    'PERSISTED_DOCUMENT_REQUIRED',
    `Only registered documents are accepted here, and ${hash} is not; register the client's documents first.`,
    { details: { sha256: hash } },
  );
