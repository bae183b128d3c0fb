import type { SubgraphContext } from '@falaj/subgraph-kit';
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { incident, incidentLink } from './tables.js';

/** Links of each incident, one statement; the incident itself was read under the policy before. */
export async function linksOf(
  context: SubgraphContext,
  incidentIds: readonly string[],
): Promise<{ type: string; id: string }[][]> {
  const rows = await context.transaction((tx) =>
    tx
      .select()
      .from(incidentLink)
      .where(inArray(incidentLink.incidentId, [...new Set(incidentIds)]))
      .orderBy(incidentLink.createdAt, incidentLink.type, incidentLink.subjectId),
  );
  return incidentIds.map((id) =>
    rows.filter((row) => row.incidentId === id).map(({ type, subjectId }) => ({ type, id: subjectId })),
  );
}

/** Incidents that are linked to an object. */
export const linkedTo = (type: string, id: string): SQL =>
  sql`exists (select 1 from ${incidentLink} where ${and(
    eq(incidentLink.incidentId, incident.id),
    eq(incidentLink.type, type),
    eq(incidentLink.subjectId, id),
  )})`;

/** Zone of things for which nobody named one: the workspace's own, where the principal may see it. */
export async function defaultZone(context: SubgraphContext): Promise<string> {
  const { workspaceId, zones } = context.principal;
  const rows = await context.transaction((tx) =>
    tx.execute<{ zone: string | null }>(
      sql`select default_zone as zone from identity.workspace where id = ${workspaceId}`,
    ),
  );
  const zone = rows.rows[0]?.zone ?? '';
  return zones.includes(zone) ? zone : (zones[0] ?? '');
}

/** How incidents are found from objects of a type. */
export const incidentLinksOf = (type: string): SQL =>
  and(eq(incidentLink.incidentId, incident.id), eq(incidentLink.type, type)) as SQL;
