// The ports of the edge: what is injected, what a subgraph offers, what a caller of the package gets.
import type { RequestListener, Server } from 'node:http';
import type { Principal } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { CallerRates } from './caller-rates.js';
import type { Limits } from './limits.js';
import type { PersistedDocuments } from './persisted-documents.js';

/** Who asks and until when. Made once per request; passed to local subgraphs by reference. */
export interface RequestContext {
  readonly principal: Principal;
  readonly requestId: string;
  readonly traceparent: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  readonly clientName?: string;
  /** Why the caller reads, as they say in `x-falaj-purpose`. */
  readonly purpose?: string | undefined;
  /** SHA-256 of the caller's document, in hex. */
  readonly operationHash?: string | undefined;
}

export interface SubgraphRequest {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string | undefined;
  readonly context: RequestContext;
}

/** Runs in this process: receives the parsed document and the caller's context by reference. */
export interface LocalSubgraph {
  readonly name: string;
  /** Subscriptions answer with an AsyncIterable. Withheld fields are told in `extensions.falaj.masked`. */
  execute(request: SubgraphRequest): Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
}

/** Runs elsewhere and answers GraphQL over HTTP at `url`. */
export interface RemoteSubgraph {
  readonly name: string;
  readonly url: string;
  /** Where subscriptions are served as an event stream; by default `url` with its last segment `graphql` made `stream`. */
  readonly streamUrl?: string;
  /** How it is asked; by default the `fetch` of Node. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A field that a subgraph withheld. */
export interface MaskedField {
  readonly type: string;
  readonly field: string;
  readonly reason: string;
  readonly count: number;
}

/** The same, as the client sees it: `path` has `*` for a list index, `count` is the number of nulls there. */
export interface MaskedPath extends MaskedField {
  readonly path: string;
}

export interface Health {
  readonly ready: boolean;
  readonly checks: Record<string, { ok: boolean; detail?: string }>;
}

export interface GatewayOptions {
  readonly supergraphSdl: string;
  readonly subgraphs: readonly (LocalSubgraph | RemoteSubgraph)[];
  /** Throws PlatformError UNAUTHENTICATED; whether anonymous callers pass is the port's choice. */
  authenticate(headers: Record<string, string | undefined>): Promise<Principal>;
  /** How often the caller of an open event stream is authenticated again; default 30 000 ms. */
  readonly reauthoriseMs?: number;
  /** Calls back when what somebody may do has changed; open event streams are then looked at without delay. */
  onAuthorisationChange?(listener: () => void): () => void;
  /** Headers that prove the caller to a remote subgraph. They are the only way identity leaves the process. */
  identityHeaders(request: RequestContext, subgraph: string, body: string): Promise<Record<string, string>>;
  /** Production turns off introspection, GraphiQL and `/schema.graphql`. */
  readonly profile: 'development' | 'production';
  readonly limits?: Partial<Limits>;
  /** Of each principal, in this process; without them nobody is held back. */
  readonly rates?: CallerRates;
  readonly persistedDocuments?: PersistedDocuments;
  /** The server below the routes; by default one of plain HTTP. */
  readonly createServer?: (handler: RequestListener) => Server;
  /** More routes on the same server, registered before it listens. */
  readonly mount?: readonly ((app: FastifyInstance) => Promise<void> | void)[];
  health(): Promise<Health>;
}

export interface Gateway {
  readonly app: FastifyInstance;
  readonly apiSchema: GraphQLSchema;
  /** Queries the graph in process, as the principal of `context`; limits of the edge do not apply. */
  execute(
    document: DocumentNode | string,
    variables: Record<string, unknown>,
    context: RequestContext,
  ): Promise<ExecutionResult>;
  /** Resolves to the base URL. */
  listen(at: { host: string; port: number }): Promise<string>;
  /** Swaps the graph between two requests; requests under way finish on the old one. */
  reload(supergraphSdl: string): Promise<void>;
  /** Stops accepting, ends event streams, lets requests under way finish. */
  close(): Promise<void>;
}
