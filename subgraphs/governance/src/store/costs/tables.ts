import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { doublePrecision, integer, jsonb, numeric, text } from 'drizzle-orm/pg-core';
import type { BudgetPeriod, BudgetScope, UsageUnit } from '../../domain/costs/budget.js';
import { governance, instant, ownership } from '../incidents/tables.js';

const money = (name: string, scale = 6) => numeric(name, { precision: 20, scale, mode: 'number' });

export const computePool = governance.table('compute_pool', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  description: text('description').notNull(),
  currency: text('currency').notNull(),
  prices: jsonb('prices').$type<Partial<Record<UsageUnit, number>>>().notNull(),
});

export const usageRecord = governance.table('usage_record', {
  id: text('id').primaryKey(),
  ...ownership,
  key: text('key').notNull(),
  pool: text('pool').notNull(),
  team: text('team'),
  subjectType: text('subject_type').notNull(),
  subjectId: text('subject_id').notNull(),
  unit: text('unit').$type<UsageUnit>().notNull(),
  quantity: doublePrecision('quantity').notNull(),
  unitPrice: money('unit_price', 9),
  cost: money('cost'),
  currency: text('currency'),
  startedAt: instant('started_at').notNull(),
  endedAt: instant('ended_at').notNull(),
});

export const budget = governance.table('budget', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  scope: text('scope').$type<BudgetScope>().notNull(),
  scopeName: text('scope_name'),
  amount: money('amount').notNull(),
  currency: text('currency').notNull(),
  period: text('period').$type<BudgetPeriod>().notNull(),
  timeZone: text('time_zone').notNull(),
  warnPercent: integer('warn_percent').notNull(),
  retiredAt: instant('retired_at'),
});

export const budgetOverride = governance.table('budget_override', {
  id: text('id').primaryKey(),
  ...ownership,
  budgetId: text('budget_id').notNull(),
  reason: text('reason').notNull(),
  expiresAt: instant('expires_at').notNull(),
});

export type ComputePoolRow = Omit<InferSelectModel<typeof computePool>, 'workspaceId' | 'ownerId'>;
export type UsageRecordRow = Omit<InferSelectModel<typeof usageRecord>, 'workspaceId' | 'ownerId'>;
export type BudgetRecord = InferSelectModel<typeof budget>;
export type BudgetRow = Omit<BudgetRecord, 'workspaceId' | 'ownerId'>;
export type BudgetOverrideRow = Omit<InferSelectModel<typeof budgetOverride>, 'workspaceId'>;

export const computePools: GovernedTable<ComputePoolRow> = governedTable({
  noun: 'ComputePool',
  table: computePool,
  id: computePool.id,
  createdAt: computePool.createdAt,
  fields: shownColumns(computePool, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: computePool.workspaceId, name: computePool.name },
});

export const usageRecords: GovernedTable<UsageRecordRow> = governedTable({
  noun: 'UsageRecord',
  table: usageRecord,
  id: usageRecord.id,
  createdAt: usageRecord.createdAt,
  fields: shownColumns(usageRecord, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: usageRecord.workspaceId, pool: usageRecord.pool, team: usageRecord.team },
});

export const budgets: GovernedTable<BudgetRow> = governedTable({
  noun: 'Budget',
  table: budget,
  id: budget.id,
  createdAt: budget.createdAt,
  fields: shownColumns(budget, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: budget.workspaceId, name: budget.name, scope: budget.scope },
});

export const budgetOverrides: GovernedTable<BudgetOverrideRow> = governedTable({
  noun: 'BudgetOverride',
  table: budgetOverride,
  id: budgetOverride.id,
  createdAt: budgetOverride.createdAt,
  fields: shownColumns(budgetOverride, ['workspaceId']),
  attributes: { workspaceId: budgetOverride.workspaceId, ownerId: budgetOverride.ownerId },
});
