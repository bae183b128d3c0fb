// How tests ask a subgraph: as the gateway does, for one principal, without a gateway.
import type { Principal } from '@falaj/runtime';
import { getOperationAST, parse } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import type { Subgraph } from '../subgraph.js';

export const person = (role: string, changes: Partial<Principal> = {}): Principal => ({
  id: `p-${role}`,
  kind: 'USER',
  name: role,
  workspaceId: 'w1',
  roles: [role],
  zone: 'AE',
  zones: ['AE'],
  ...changes,
});

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what is expected of them.
export type Loose = any;

export interface Answer {
  readonly data: Loose;
  /** Of the first error, as are the next two. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly details: Loose;
}

let asked = 0;
/** Defaults of inputs are filled in first, as the gateway fills them. */
export async function askSubgraph(
  subgraph: Subgraph,
  principal: Principal,
  document: string,
  variables: Record<string, unknown> = {},
  requestId = `r-${++asked}`,
): Promise<Answer> {
  const context = { principal, requestId, traceparent: '', signal: new AbortController().signal };
  const parsed = parse(document);
  const definitions = getOperationAST(parsed)?.variableDefinitions ?? [];
  const { coerced, errors } = getVariableValues(subgraph.schema, definitions, variables);
  if (errors) return { data: null, code: 'BAD_USER_INPUT', message: errors[0]?.message, details: undefined };
  const result = await subgraph.execute({ document: parsed, variables: coerced, context });
  if (Symbol.asyncIterator in result) throw new Error('expected one result');
  const [error] = result.errors ?? [];
  return {
    data: JSON.parse(JSON.stringify(result.data ?? null)),
    code: error?.extensions?.code as string | undefined,
    message: error?.message,
    details: error?.extensions?.details,
  };
}
