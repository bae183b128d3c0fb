// The depot without policy: the same schema, resolvers and statements, with no guard, no rule and no row-level security.
// It is what the price of the policy is measured against, and it exists for that alone.
import type { Ability } from '@falaj/policy';
import { sql } from 'drizzle-orm';
import { SubgraphContext } from '../context.js';
import { createExecutor } from '../execution.js';
import { buildFederatedSchema } from '../federated-schema.js';
import type { Platform } from '../platform.js';
import type { Subgraph } from '../subgraph.js';
import { depotSubgraph } from './depot-subgraph.js';
import type { Depot } from './open-depot.js';

const noPolicy = {
  readPlan: (_noun: string, { fields }: Parameters<Ability['readPlan']>[1]) => ({
    // What any application with tenants says.
    where: sql`workspace_id = 'w1'`,
    select: Object.fromEntries(Object.entries(fields).map(([name, column]) => [name, sql`${column}`])),
    masked: sql`''`,
    reasonOf: () => '',
    filter: () => sql`true`,
    orderBy: (field: string) => sql`${fields[field]}`,
  }),
  readsField: () => ({ allowed: true, reason: '' }),
} as unknown as Ability;

export async function unguardedDepot({ platform }: Depot): Promise<Pick<Subgraph, 'name' | 'execute'>> {
  const { database } = platform;
  const open: Platform = {
    ...platform,
    database: { ...database, inWorkspace: (_scope, work) => database.asSystem(work) },
  };
  const { schema } = await buildFederatedSchema(
    { resolvers: depotSubgraph.resolvers, entities: Object.keys(depotSubgraph.references) },
    () => null,
  );
  const run = createExecutor(schema);
  return {
    name: depotSubgraph.name,
    execute: (request) =>
      run(
        request,
        new SubgraphContext(request.context, open, undefined, noPolicy, (type) =>
          Object.keys((schema.getType(type) as { getFields?: () => object } | undefined)?.getFields?.() ?? {}),
        ) as SubgraphContext,
      ),
  };
}
