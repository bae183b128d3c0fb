// How many rows of a type a change of policy gives and takes.
import type { Ability, ChangedGroup, VerdictChange } from '@falaj/policy';
import { type GovernedTable, relationsOf, type SubgraphContext } from '@falaj/subgraph-kit';
import { type SQL, sql } from 'drizzle-orm';

export interface RowChange {
  readonly gained: number;
  readonly lost: number;
}

const PATIENCE_MS = 5_000;
const QUERY_CANCELED = '57014';

/**
 * Rows of the table that each change gains and loses, in the caller's workspace and zones: counted, never shown. One
 * statement for all; null where that takes longer than five seconds.
 */
export async function rowChanges(
  context: SubgraphContext,
  table: GovernedTable<unknown>,
  { before, after }: Pick<ChangedGroup, 'before' | 'after'>,
  changes: readonly VerdictChange[],
): Promise<readonly RowChange[] | null> {
  const columns = { attributes: table.attributes, relations: relationsOf(table) };
  const holds = (ability: Ability, { noun, action, field }: VerdictChange): SQL =>
    field === null ? ability.rowPredicate(action, noun, columns) : ability.fieldPredicate(action, noun, field, columns);
  const counts = changes.flatMap((change) => {
    const old = sql`(${holds(before, change)}) is true`;
    const made = sql`(${holds(after, change)}) is true`;
    return [
      sql`count(*) filter (where ${made} and not (${old}))::int`,
      sql`count(*) filter (where ${old} and not (${made}))::int`,
    ];
  });
  const named = counts.map((count, place) => sql`${count} as ${sql.identifier(`c${place}`)}`);
  try {
    const { rows } = await context.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local statement_timeout = ${PATIENCE_MS}`));
      return tx.execute<Record<string, number>>(sql`select ${sql.join(named, sql`, `)} from ${table.table}`);
    });
    return changes.map((_, place) => ({
      gained: rows[0]?.[`c${place * 2}`] ?? 0,
      lost: rows[0]?.[`c${place * 2 + 1}`] ?? 0,
    }));
  } catch (error) {
    if (sqlStateOf(error) === QUERY_CANCELED) return null;
    throw error;
  }
}

function sqlStateOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, severity } = at as { code?: unknown; severity?: unknown };
    if (typeof code === 'string' && severity !== undefined) return code;
  }
  return undefined;
}
