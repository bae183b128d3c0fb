// One loaded supergraph: plans by the router runtime, runs local subgraphs in process and remote ones over HTTP.

import { PlatformError } from '@falaj/runtime';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import {
  buildASTSchema,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  getOperationAST,
  parse,
  print,
} from 'graphql';
import { completeResult } from './completion.js';
import type { GatewayOptions, RemoteSubgraph, RequestContext, SubgraphRequest } from './contract.js';

export interface Graph {
  readonly apiSchema: GraphQLSchema;
  execute(
    document: DocumentNode,
    variables: Record<string, unknown>,
    context: RequestContext,
    operationName?: string,
  ): Promise<ExecutionResult>;
}

const deadlineMs = 30_000;

async function fetchSubgraph(
  subgraph: RemoteSubgraph,
  request: SubgraphRequest,
  identityHeaders: GatewayOptions['identityHeaders'],
): Promise<ExecutionResult> {
  const { operationName, variables, context } = request;
  const body = JSON.stringify({ query: print(request.document), variables, operationName });
  const identity = await identityHeaders(context, subgraph.name, body);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(deadlineMs)]);
  try {
    const response = await fetch(subgraph.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: context.traceparent, ...identity },
      body,
      signal,
    });
    return (await response.json()) as ExecutionResult;
  } catch (cause) {
    const late = cause instanceof Error && cause.name === 'TimeoutError';
    throw new PlatformError(
      late ? 'GATEWAY_TIMEOUT' : 'DOWNSTREAM_SERVICE_ERROR',
      `The subgraph ${subgraph.name} ${late ? 'did not answer in time' : 'could not be reached'}.`,
      { cause },
    );
  }
}

/** Loads a supergraph. Errors of execute(): DOWNSTREAM_SERVICE_ERROR, GATEWAY_TIMEOUT, in the result's errors. */
export async function loadGraph(
  options: Pick<GatewayOptions, 'supergraphSdl' | 'subgraphs' | 'identityHeaders'>,
): Promise<Graph> {
  const { supergraphSdl } = options;
  const byName = new Map(options.subgraphs.map((subgraph) => [subgraph.name.toLowerCase(), subgraph]));
  const handler = await unifiedGraphHandler({
    unifiedGraph: buildASTSchema(parse(supergraphSdl, { noLocation: true }), {
      assumeValid: true,
      assumeValidSDL: true,
    }),
    getUnifiedGraphSDL: () => supergraphSdl,
    onSubgraphExecute: (name: string, incoming: { document: DocumentNode; variables?: object; context?: unknown }) => {
      const subgraph = byName.get(name.toLowerCase());
      if (!subgraph)
        throw new PlatformError('CONFIG_INVALID', `The supergraph names ${name}, which is not configured.`);
      const request: SubgraphRequest = {
        document: incoming.document,
        variables: { ...incoming.variables },
        context: incoming.context as RequestContext,
      };
      return 'execute' in subgraph
        ? subgraph.execute(request)
        : fetchSubgraph(subgraph, request, options.identityHeaders);
    },
  } as unknown as Parameters<typeof unifiedGraphHandler>[0]);
  const apiSchema = handler.unifiedGraph;
  const run = handler.executor as unknown as (request: object) => Promise<ExecutionResult>;
  return {
    apiSchema,
    execute: async (document, variables, context, operationName) => {
      const operationType = getOperationAST(document, operationName)?.operation;
      const result = await run({ document, variables, context, operationName, operationType });
      return completeResult(apiSchema, document, result, variables, operationName);
    },
  };
}
