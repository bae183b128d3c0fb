import { errorCodes, PlatformError, type PlatformErrorCode } from '@falaj/runtime';
import type { RequestContext } from './platform.js';

/** What an execution of the whole graph answers. */
export interface GraphResult {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  }[];
}

/** Runs a document against the whole graph, in process or over HTTP. */
export type GraphExecutor = (
  document: string,
  variables: Record<string, unknown>,
  request: RequestContext,
) => Promise<GraphResult>;

/**
 * How one subgraph asks another: through the graph, as the same principal, under the same policies. The executor is
 * installed once the gateway stands.
 */
export class GraphClient {
  #execute: GraphExecutor | undefined;

  install(execute: GraphExecutor): void {
    this.#execute = execute;
  }

  async query<T>(document: string, variables: Record<string, unknown>, request: RequestContext): Promise<T> {
    if (!this.#execute) throw new PlatformError('DOWNSTREAM_SERVICE_ERROR', 'The graph is not ready yet; try again.');
    const result = await this.#execute(document, variables, request);
    const first = result.errors?.[0];
    if (first) {
      const code = first.extensions?.code;
      const known =
        typeof code === 'string' && code in errorCodes ? (code as PlatformErrorCode) : 'DOWNSTREAM_SERVICE_ERROR';
      throw new PlatformError(known, first.message, {
        details: (first.extensions?.details as Record<string, unknown>) ?? {},
      });
    }
    return result.data as T;
  }
}
