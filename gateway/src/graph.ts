// One loaded supergraph: plans by the router runtime, runs local subgraphs in process and remote ones over HTTP.

import { duration, PlatformError, withSpan } from '@falaj/runtime';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import {
  buildASTSchema,
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { toGraphQLError, withCode } from './client-error.js';
import { completionCache } from './completion-cache.js';
import type { GatewayOptions, MaskedField, RequestContext, SubgraphRequest } from './contract.js';
import { withHiddenTypenames } from './hidden-typename.js';
import { planCache } from './plan-cache.js';
import type { PlanRun } from './plan-executor.js';
import { remoteExecutor } from './remote-subgraph.js';

export interface Graph {
  readonly apiSchema: GraphQLSchema;
  /** Answers a query or mutation; the document must be valid. Faults are in the result's errors. */
  execute(
    document: DocumentNode,
    variables: Readonly<Record<string, unknown>>,
    context: RequestContext,
    operationName?: string,
  ): Promise<ExecutionResult>;
  /** Answers a subscription: one result an event, or one result with errors if it could not start. */
  subscribe(
    document: DocumentNode,
    variables: Readonly<Record<string, unknown>>,
    context: RequestContext,
    operationName?: string,
  ): Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
}

/** One run of one operation: what the executor hands through to every fetch. */
interface Run {
  readonly request: RequestContext;
  masked: MaskedField[];
}

/** As the router runtime calls for a fetch. */
interface Fetch {
  readonly document: DocumentNode;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string | undefined;
  readonly context: Run;
}

const fetchSeconds = duration('falaj_gateway_subgraph_seconds', 'Time until a subgraph answered.', [
  'subgraph',
  'outcome',
] as const);

/** Enum names of the supergraph are upper case with underscores. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '_');

/** Loads a supergraph. Errors: whatever the supergraph's SDL breaks; of a run: in its result. */
export async function loadGraph(
  options: Pick<GatewayOptions, 'supergraphSdl' | 'subgraphs' | 'identityHeaders'>,
): Promise<Graph> {
  const { supergraphSdl } = options;
  const executors = new Map(
    options.subgraphs.map((subgraph) => [
      plain(subgraph.name),
      'execute' in subgraph
        ? (request: SubgraphRequest) => subgraph.execute(request)
        : remoteExecutor(subgraph, options.identityHeaders),
    ]),
  );

  const fetchFrom = (name: string, fetch: Fetch): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> =>
    withSpan('gateway.fetch', { 'falaj.subgraph': name }, async () => {
      const run = fetch.context;
      const end = fetchSeconds.startTimer({ subgraph: plain(name) });
      try {
        const execute = executors.get(plain(name));
        if (!execute) {
          throw new PlatformError(
            'CONFIG_INVALID',
            `The supergraph names the subgraph ${name}, which is not configured.`,
          );
        }
        const result = await execute({
          document: fetch.document,
          variables: fetch.variables ?? {},
          operationName: fetch.operationName,
          context: run.request,
        });
        end({ outcome: 'errors' in result && result.errors ? 'errors' : 'ok' });
        if (!(Symbol.asyncIterator in result)) {
          collectMasked(result, run);
          return result;
        }
        return collectingMasked(result, run);
      } catch (error) {
        end({ outcome: 'failed' });
        return { data: null, errors: [toGraphQLError(error)] };
      }
    });

  const handler = await unifiedGraphHandler({
    unifiedGraph: buildASTSchema(parse(supergraphSdl, { noLocation: true }), {
      assumeValid: true,
      assumeValidSDL: true,
    }),
    getUnifiedGraphSDL: () => supergraphSdl,
    onSubgraphExecute: fetchFrom,
  } as unknown as Parameters<typeof unifiedGraphHandler>[0]);
  const apiSchema = handler.unifiedGraph;
  const executor = handler.executor as unknown as (
    request: object,
  ) => Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
  const completionOf = completionCache(apiSchema);
  // The planner keeps its plans by document object, so each document is rewritten once.
  const planned = new WeakMap<DocumentNode, DocumentNode>();
  const forPlanner = (document: DocumentNode): DocumentNode => {
    let rewritten = planned.get(document);
    if (!rewritten) {
      rewritten = withHiddenTypenames(apiSchema, document);
      planned.set(document, rewritten);
    }
    return rewritten;
  };

  const planOf = planCache(supergraphSdl, apiSchema);

  /** The operation by its compiled plan; undefined where it has none. */
  const runPlan = async (
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
    context: Run,
  ): Promise<ExecutionResult | undefined> => {
    const plan = await planOf(document, operation.name?.value);
    const { coerced } = plan ? getVariableValues(apiSchema, operation.variableDefinitions ?? [], variables) : {};
    if (!plan || !coerced) return undefined;
    const run: PlanRun = {
      variables: coerced,
      data: {},
      errors: [],
      fetch: (subgraph, fetch) => fetchFrom(subgraph, { ...fetch, context }) as Promise<ExecutionResult>,
    };
    await plan(run);
    return { data: run.data, ...(run.errors.length > 0 ? { errors: run.errors } : {}) };
  };

  const start: Graph['subscribe'] = async (document, variables, request, operationName) => {
    const operation = getOperationAST(document, operationName);
    if (!operation) {
      const found = operationName ? `no operation is named ${operationName}` : 'the document has none or several';
      return {
        errors: [toGraphQLError(new PlatformError('BAD_USER_INPUT', `One operation must be named: ${found}.`))],
      };
    }
    const run: Run = { request, masked: [] };
    const finish = (result: ExecutionResult): ExecutionResult => {
      const masked = run.masked;
      run.masked = [];
      const completed = completionOf(document, operationName, variables)(result, masked);
      return completed.masked.length > 0
        ? { ...completed.result, extensions: { falaj: { masked: completed.masked } } }
        : completed.result;
    };
    try {
      const planned = await runPlan(document, operation, variables, run);
      if (planned) return finish(planned);
      const result = await executor({
        document: forPlanner(document),
        variables,
        context: run,
        operationName,
        operationType: operation.operation,
      });
      return Symbol.asyncIterator in result ? finishing(result, finish) : finish(result);
    } catch (error) {
      // Thrown before any fetch: the variables do not fit, or the planner refuses the operation.
      const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
      return {
        errors: errors.map((each) =>
          each instanceof GraphQLError ? withCode(each, 'BAD_USER_INPUT') : toGraphQLError(each),
        ),
      };
    }
  };
  return {
    apiSchema,
    subscribe: start,
    execute: async (...args) => {
      const result = await withSpan('gateway.execute', { 'graphql.operation.name': args[3] ?? '' }, () =>
        start(...args),
      );
      if (!(Symbol.asyncIterator in result)) return result;
      await result[Symbol.asyncIterator]().return?.();
      return {
        errors: [toGraphQLError(new PlatformError('BAD_USER_INPUT', 'Subscriptions are served at /graphql/stream.'))],
      };
    },
  };
}

function collectMasked(result: ExecutionResult, run: Run): void {
  const falaj = result.extensions?.falaj as { masked?: readonly MaskedField[] } | undefined;
  if (falaj?.masked) run.masked.push(...falaj.masked);
}

async function* collectingMasked(events: AsyncIterable<ExecutionResult>, run: Run): AsyncIterable<ExecutionResult> {
  for await (const event of events) {
    collectMasked(event, run);
    yield event;
  }
}

async function* finishing(
  results: AsyncIterable<ExecutionResult>,
  finish: (result: ExecutionResult) => ExecutionResult,
): AsyncIterable<ExecutionResult> {
  for await (const result of results) {
    const errors = result.errors as GraphQLError[] | undefined;
    const own = errors ? { ...result, errors: [...errors] } : result;
    // The executor keeps one array of errors for the life of a subscription; each event tells only its own.
    errors?.splice(0);
    yield finish(own);
  }
}
