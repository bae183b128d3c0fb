// Statements that change pools, usage and budgets; each runs in the caller's transaction.

import type { Tx } from '@falaj/database';
import { refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { costOf, OVERRIDE_DAYS } from '../../domain/costs/budget.js';
import type { budgetInput, overrideInput, poolInput, usageInput } from '../../domain/costs/cost-input.js';
import { type Actor, openIncident } from '../incidents/writes.js';
import { standingsFor } from './spending.js';
import { type BudgetRecord, budget, budgetOverride, computePool, usageRecord } from './tables.js';

/** Sums of two currencies mean nothing: the first pool or budget decides for the workspace. */
async function assertCurrency(tx: Tx, workspaceId: string, currency: string): Promise<void> {
  const { rows } = await tx.execute<{ currency: string }>(sql`
    select currency from governance.compute_pool where workspace_id = ${workspaceId} and currency <> ${currency}
    union all select currency from governance.budget where workspace_id = ${workspaceId} and currency <> ${currency} and retired_at is null
    limit 1`);
  const other = rows[0]?.currency;
  if (!other) return;
  throw refused({
    rule: 'ONE_CURRENCY',
    found: currency,
    limit: `${other}, the currency of this workspace`,
    whatToDo: `convert the amounts and use ${other}`,
  });
}

export async function savePool(tx: Tx, actor: Actor, pool: z.output<typeof poolInput>): Promise<string> {
  await assertCurrency(tx, actor.workspaceId, pool.currency);
  const prices = Object.fromEntries(pool.prices.map(({ unit, price }) => [unit, price]));
  const change = { description: pool.description, currency: pool.currency, prices };
  const [row] = await tx
    .insert(computePool)
    .values({ id: newId('pool'), ...actor, name: pool.name, ...change })
    .onConflictDoUpdate({ target: [computePool.workspaceId, computePool.name], set: change })
    .returning({ id: computePool.id });
  return row?.id ?? '';
}

export type Usage = z.output<typeof usageInput>;

/** Once for each key. The price is that of now; a key that was used for something else is refused. */
export async function recordUsage(
  tx: Tx,
  actor: Actor,
  zone: string,
  usage: Usage,
  now: Date,
): Promise<{ id: string; created: boolean }> {
  const [pool] = await tx
    .select()
    .from(computePool)
    .where(and(eq(computePool.workspaceId, actor.workspaceId), eq(computePool.name, usage.pool)));
  const unitPrice = pool?.prices[usage.unit] ?? null;
  const charged =
    unitPrice === null || !pool
      ? { unitPrice: null, cost: null, currency: null }
      : { unitPrice, cost: costOf(usage.quantity, unitPrice), currency: pool.currency };
  const [stored] = await tx
    .insert(usageRecord)
    .values({ id: newId('use'), ...actor, ...usage, team: usage.team ?? null, ...charged })
    .onConflictDoNothing({ target: [usageRecord.workspaceId, usageRecord.key] })
    .returning({ id: usageRecord.id });
  if (!stored) return { id: await sameUsage(tx, actor, usage), created: false };
  await raiseAlarms(tx, actor, zone, usage, charged.cost ?? 0, now);
  return { id: stored.id, created: true };
}

async function sameUsage(tx: Tx, actor: Actor, usage: Usage): Promise<string> {
  const [known] = await tx
    .select()
    .from(usageRecord)
    .where(and(eq(usageRecord.workspaceId, actor.workspaceId), eq(usageRecord.key, usage.key)));
  const same =
    known &&
    known.pool === usage.pool &&
    known.subjectType === usage.subjectType &&
    known.subjectId === usage.subjectId &&
    known.unit === usage.unit &&
    known.quantity === usage.quantity;
  if (same) return known.id;
  throw refused(
    {
      rule: 'USAGE_KEY',
      found: `key ${usage.key} with ${usage.quantity} ${usage.unit} of ${usage.subjectType} ${usage.subjectId}`,
      limit: `one usage for a key: ${known?.quantity} ${known?.unit} of ${known?.subjectType} ${known?.subjectId}`,
      whatToDo: 'repeat with the same usage, or record the other one under a key of its own',
    },
    'CONFLICT',
  );
}

/** An incident when this usage carried a budget over its warning or its end. */
async function raiseAlarms(tx: Tx, actor: Actor, zone: string, usage: Usage, cost: number, now: Date): Promise<void> {
  if (cost === 0) return;
  for (const { budget: row, spent, usedPercent, periodStart } of await standingsFor(tx, actor.workspaceId, usage)) {
    const before = ((spent - cost) / row.amount) * 100;
    const passed = [100, row.warnPercent].find((percent) => before < percent && usedPercent >= percent);
    if (passed === undefined) continue;
    const exhausted = passed === 100;
    await openIncident(
      tx,
      actor,
      {
        dedupKey: `budget:${row.id}:${periodStart?.toISOString() ?? 'total'}:${passed}`,
        title: `Budget ${row.name} is ${exhausted ? 'exhausted' : `${passed} % spent`}`,
        description: exhausted
          ? 'New runs and endpoints that draw from it are refused until the next period, a higher amount or an override.'
          : 'New runs and endpoints that draw from it still begin.',
        category: 'BUDGET',
        impact: exhausted ? 'MEDIUM' : 'LOW',
        urgency: exhausted ? 'HIGH' : 'MEDIUM',
        zone,
        links: [{ type: 'Budget', id: row.id }],
        evidence: { spent, amount: row.amount, currency: row.currency, usedPercent },
      },
      now,
    );
  }
}

export async function saveBudget(tx: Tx, actor: Actor, input: z.output<typeof budgetInput>): Promise<string> {
  await assertCurrency(tx, actor.workspaceId, input.currency);
  const { name, ...change } = { ...input, scopeName: input.scopeName ?? null };
  const [row] = await tx
    .insert(budget)
    .values({ id: newId('bud'), ...actor, name, ...change })
    .onConflictDoUpdate({
      target: [budget.workspaceId, budget.name],
      targetWhere: sql`retired_at is null`,
      set: change,
    })
    .returning({ id: budget.id });
  return row?.id ?? '';
}

export async function retireBudget(tx: Tx, id: string, now: Date): Promise<void> {
  await lockBudget(tx, id);
  await tx.update(budget).set({ retiredAt: now }).where(eq(budget.id, id));
}

export async function overrideBudget(
  tx: Tx,
  actor: Actor,
  { budgetId, reason, expiresAt }: z.output<typeof overrideInput>,
  now: Date,
): Promise<string> {
  await lockBudget(tx, budgetId);
  const latest = new Date(now.getTime() + OVERRIDE_DAYS * 86_400_000);
  if (expiresAt <= now || expiresAt > latest) {
    throw refused({
      rule: 'BUDGET_OVERRIDE_PERIOD',
      found: `until ${expiresAt.toISOString()}`,
      limit: `after now and not after ${latest.toISOString()} (${OVERRIDE_DAYS} days)`,
      whatToDo: 'shorten it, or ask an administrator to raise the budget with setBudget',
    });
  }
  const id = newId('bov');
  await tx.insert(budgetOverride).values({ id, ...actor, budgetId, reason, expiresAt });
  return id;
}

async function lockBudget(tx: Tx, id: string): Promise<BudgetRecord> {
  const [row] = await tx
    .select()
    .from(budget)
    .where(and(eq(budget.id, id), isNull(budget.retiredAt)))
    .for('update');
  if (row) return row;
  throw refused({
    rule: 'BUDGET_IN_FORCE',
    found: 'a retired budget',
    limit: 'a budget in force',
    whatToDo: 'take one of `budgets` that is not retired',
  });
}
