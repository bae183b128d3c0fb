// What was spent: sums over usage records, each statement in the caller's transaction.
import type { Tx } from '@falaj/database';
import { and, desc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import { type BudgetStanding, judgeBudget } from '../../domain/costs/budget.js';
import { type BudgetRecord, budget, budgetOverride } from './tables.js';

export interface Standing extends BudgetStanding {
  readonly budget: BudgetRecord;
  readonly spent: number;
  readonly overriddenUntil: Date | null;
  /** First instant of the running period; null for TOTAL. */
  readonly periodStart: Date | null;
}

/** Work that is about to begin; what it does not name only budgets of the workspace judge. */
export interface Work {
  readonly pool?: string | null | undefined;
  readonly team?: string | null | undefined;
  readonly estimatedCost?: number | null | undefined;
}

/** The budgets in force that the work would draw from, each with its standing: three statements. */
export async function standingsFor(tx: Tx, workspaceId: string, work: Work): Promise<Standing[]> {
  const inForce = await tx
    .select()
    .from(budget)
    .where(and(eq(budget.workspaceId, workspaceId), isNull(budget.retiredAt)))
    .orderBy(budget.name);
  return standings(
    tx,
    inForce.filter(
      ({ scope, scopeName }) =>
        scope === 'WORKSPACE' || (scope === 'POOL' ? scopeName === work.pool : scopeName === work.team),
    ),
    work.estimatedCost ?? 0,
  );
}

export async function standings(tx: Tx, rows: readonly BudgetRecord[], estimate = 0): Promise<Standing[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const { rows: sums } = await tx.execute<{ id: string; spent: string; start: Date | null }>(sql`
    select b.id, p.start, coalesce(sum(u.cost), 0)::text as spent
    from governance.budget b
    cross join lateral (select case when b.period = 'TOTAL' then null
      else date_trunc(lower(b.period), clock_timestamp() at time zone b.time_zone) at time zone b.time_zone end as start) p
    left join governance.usage_record u on u.workspace_id = b.workspace_id and u.currency = b.currency
      and (p.start is null or u.ended_at >= p.start)
      and (b.scope = 'WORKSPACE' or (b.scope = 'TEAM' and u.team = b.scope_name) or (b.scope = 'POOL' and u.pool = b.scope_name))
    where b.id = any(${sql.param(ids)}::text[])
    group by b.id, p.start`);
  const overrides = await tx
    .select({ budgetId: budgetOverride.budgetId, expiresAt: budgetOverride.expiresAt })
    .from(budgetOverride)
    .where(and(inArray(budgetOverride.budgetId, ids), gt(budgetOverride.expiresAt, sql`clock_timestamp()`)))
    .orderBy(desc(budgetOverride.expiresAt));
  return rows.map((row) => {
    const sum = sums.find(({ id }) => id === row.id);
    const spent = Number(sum?.spent ?? 0);
    const overriddenUntil = overrides.find(({ budgetId }) => budgetId === row.id)?.expiresAt ?? null;
    return {
      budget: row,
      spent,
      overriddenUntil,
      periodStart: sum?.start ? new Date(sum.start) : null,
      ...judgeBudget({ ...row, spent, estimate, overriddenUntil }),
    };
  });
}

export interface CostSum {
  readonly key: string;
  readonly currency: string | null;
  readonly cost: number;
  readonly records: number;
  readonly unpricedRecords: number;
}

const groupColumns = {
  SUBJECT: sql.raw("u.subject_type || ':' || u.subject_id"),
  POOL: sql.raw('u.pool'),
  TEAM: sql.raw("coalesce(u.team, '')"),
  UNIT: sql.raw('u.unit'),
  DAY: sql.raw("to_char(u.ended_at at time zone 'Asia/Dubai', 'YYYY-MM-DD')"),
} as const;
export const costGroups = Object.keys(groupColumns) as (keyof typeof groupColumns)[];

export interface CostQuestion {
  readonly since: Date;
  readonly until: Date;
  readonly groupBy: keyof typeof groupColumns;
  readonly subjectType?: string | null | undefined;
  readonly subjectId?: string | null | undefined;
  readonly pool?: string | null | undefined;
  readonly team?: string | null | undefined;
}

/** Cost that ended in [since, until), dearest first, at most 1 000 lines. */
export async function costSums(tx: Tx, question: CostQuestion): Promise<CostSum[]> {
  const { since, until, groupBy, subjectType, subjectId, pool, team } = question;
  const equal = (column: string, value: string | null | undefined) =>
    value ? sql` and u.${sql.identifier(column)} = ${value}` : sql``;
  const { rows } = await tx.execute<Record<string, string | null>>(sql`
    select ${groupColumns[groupBy]} as key, max(u.currency) as currency, coalesce(sum(u.cost), 0)::text as cost,
      count(*)::text as records, (count(*) filter (where u.cost is null))::text as unpriced
    from governance.usage_record u
    where u.ended_at >= ${since.toISOString()}::timestamptz and u.ended_at < ${until.toISOString()}::timestamptz
      ${equal('subject_type', subjectType)}${equal('subject_id', subjectId)}${equal('pool', pool)}${equal('team', team)}
    group by 1 order by coalesce(sum(u.cost), 0) desc, 1 limit 1000`);
  return rows.map(sumOf);
}

/** All that each object of a type ever cost, one statement. */
export async function costsOf(tx: Tx, subjectType: string, ids: readonly string[]): Promise<CostSum[]> {
  const { rows } = await tx.execute<Record<string, string | null>>(sql`
    select u.subject_id as key, max(u.currency) as currency, coalesce(sum(u.cost), 0)::text as cost,
      count(*)::text as records, (count(*) filter (where u.cost is null))::text as unpriced
    from governance.usage_record u
    where u.subject_type = ${subjectType} and u.subject_id = any(${sql.param([...new Set(ids)])}::text[])
    group by 1`);
  const sums = rows.map(sumOf);
  return ids.map(
    (id) => sums.find(({ key }) => key === id) ?? { key: id, currency: null, cost: 0, records: 0, unpricedRecords: 0 },
  );
}

const sumOf = (row: Record<string, string | null>): CostSum => ({
  key: row.key ?? '',
  currency: row.currency ?? null,
  cost: Number(row.cost),
  records: Number(row.records),
  unpricedRecords: Number(row.unpriced),
});
