import { PlatformError } from '@falaj/runtime';
import type { Connection, Governed, SubgraphContext } from '@falaj/subgraph-kit';
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { type AuditRecordRow, auditRecords } from './governed.js';
import { record } from './tables.js';

/**
 * The newest records of each object of a type, one statement for all objects. A cursor names the last record seen, and
 * the database compares positions itself, for its instants are finer than a Date.
 */
export async function auditTrails(
  context: SubgraphContext,
  subjectType: string,
  ids: readonly string[],
  page: { readonly first: number; readonly after?: string | null | undefined },
): Promise<Connection<Governed<AuditRecordRow>>[]> {
  const { cursors } = context.platform;
  const binding = `auditTrail\n${subjectType}\n${context.principal.workspaceId}\n${context.principal.id}`;
  const ofType = eq(record.subjectType, subjectType);
  const beyond =
    page.after === undefined || page.after === null ? undefined : afterRecord(cursors.open(binding, page.after)[0]);
  const where = beyond ? sql`${ofType} and ${beyond}` : ofType;
  const trails = await context.reads.pagesByParent(auditRecords, record.subjectId, ids, page.first, { where });
  return trails.map((trail, place) => {
    const edges = trail.edges.map(({ node }) => ({ node, cursor: cursors.seal(binding, [node.id]) }));
    const whole = { first: 1, where: and(ofType, eq(record.subjectId, ids[place] ?? '')) as SQL };
    return {
      edges,
      pageInfo: {
        ...trail.pageInfo,
        hasPreviousPage: beyond !== undefined,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
      totalCount: async () =>
        beyond ? (await context.reads.page(auditRecords, whole)).totalCount() : trail.totalCount(),
    };
  });
}

function afterRecord(id: string | null | undefined): SQL {
  if (!id) throw new PlatformError('BAD_USER_INPUT', 'after: not a cursor of this list; start without `after`.');
  return sql`exists (select from audit.record as seen where seen.record_id = ${id}
    and (${record.at} < seen.at or (${record.at} = seen.at and ${record.id} > seen.record_id)))`;
}
