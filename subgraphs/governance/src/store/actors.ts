// Principals as requests of their own in this workspace would be judged.
import type { Principal } from '@falaj/runtime';
import type { SubgraphContext } from '@falaj/subgraph-kit';
import { asc } from 'drizzle-orm';
import { principals } from './governed.js';
import { groupsHeld } from './group-reads.js';
import { rolesHeld } from './role-reads.js';
import { roleInForce } from './tables.js';

/** In the order asked; undefined for a disabled one. Throws NOT_FOUND for one who is not to be seen here. */
export async function actors(
  context: SubgraphContext,
  ids: readonly string[],
): Promise<readonly (Principal | undefined)[]> {
  const { workspaceId, zones } = context.principal;
  const [held, grouped] = await Promise.all([rolesHeld(context, ids), groupsHeld(context, ids)]);
  return Promise.all(
    ids.map(async (id, place) => {
      if (id === context.principal.id) return context.principal;
      const found = await context.reads.required(principals, id);
      if (found.disabledAt) return undefined;
      const roles = held[place] ?? [];
      return {
        id,
        kind: found.kind ?? 'USER',
        name: found.name ?? '',
        workspaceId,
        roles,
        groups: grouped[place] ?? [],
        zone: found.zone ?? '',
        zones: roles.length > 0 ? zones : [],
      };
    }),
  );
}

/** Ids of principals who hold a role here. */
export async function membersOf(context: SubgraphContext, limit: number): Promise<readonly string[]> {
  const rows = await context.transaction((tx) =>
    tx
      .selectDistinct({ id: roleInForce.principalId })
      .from(roleInForce)
      .orderBy(asc(roleInForce.principalId))
      .limit(limit),
  );
  return rows.map(({ id }) => id);
}
