// The ports of the edge: what is injected, what a subgraph offers, what a caller of the package gets.
import type { Principal } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Limits } from './limits.js';

export interface RequestContext {
  readonly principal: Principal;
  readonly requestId: string;
  readonly traceparent: string;
  readonly signal: AbortSignal;
  readonly clientName?: string;
}

export interface SubgraphRequest {
  document: DocumentNode;
  variables: Record<string, unknown>;
  operationName?: string;
  context: RequestContext;
  extensions?: { headers: Record<string, string> };
}

/** Runs in this process: receives the parsed document and the caller's context by reference. */
export interface LocalSubgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  execute(request: SubgraphRequest): Promise<ExecutionResult> | AsyncIterable<ExecutionResult>;
}

/** Runs elsewhere and answers GraphQL over HTTP at `url`. */
export interface RemoteSubgraph {
  readonly name: string;
  readonly url: string;
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
  /** Headers that prove the caller to a remote subgraph. They are the only way identity leaves the process. */
  identityHeaders(request: RequestContext, subgraph: string, body: string): Promise<Record<string, string>>;
  readonly profile: 'development' | 'production';
  readonly limits?: Partial<Limits>;
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
  close(): Promise<void>;
}
