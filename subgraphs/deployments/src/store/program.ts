// How the platform's own programs ask the rest of the graph: in the workspace and zone of what they work on, in the role
// `service`, under the same policies as everybody.
import type { Platform } from '@falaj/subgraph-kit';

const LIMIT_MS = 10_000;

export interface Program {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly zone: string;
}

/** `requestId`: what the question is about, as its audit record names it. */
export function askAsProgram<T>(
  graph: Platform['graph'],
  { id, name, workspaceId, zone }: Program,
  document: string,
  variables: Record<string, unknown>,
  requestId: string,
): Promise<T> {
  return graph.query<T>(document, variables, {
    principal: { id, kind: 'SERVICE', name, workspaceId, roles: ['service'], zone, zones: [zone] },
    requestId,
    traceparent: '',
    signal: AbortSignal.timeout(LIMIT_MS),
  });
}
