import { bigint, integer, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Rule } from './rule.js';

const policy = pgSchema('policy');

export const ruleTable = policy.table(
  'rule',
  {
    workspaceId: text('workspace_id').notNull(),
    id: text().notNull(),
    version: integer().notNull(),
    effect: text().notNull(),
    actions: text().array().notNull(),
    subject: text().notNull(),
    fields: text().array(),
    classes: text().array(),
    conditions: jsonb(),
    roles: text().array().notNull(),
    reason: text().notNull(),
    validFrom: timestamp('valid_from', { withTimezone: true }),
    validTo: timestamp('valid_to', { withTimezone: true }),
    authorId: text('author_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    retiredAt: timestamp('retired_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.id, table.version] })],
);

export const versionTable = policy.table('workspace_version', {
  workspaceId: text('workspace_id').primaryKey(),
  version: bigint({ mode: 'number' }).notNull(),
});

export type RuleRow = typeof ruleTable.$inferSelect;

/** The row as a rule; not validated, for the table may have been written by another way. */
export function ruleOfRow(row: RuleRow): Rule {
  const optional = {
    fields: row.fields,
    classes: row.classes,
    conditions: row.conditions,
    validFrom: row.validFrom,
    validTo: row.validTo,
  };
  return {
    id: row.id,
    effect: row.effect,
    actions: row.actions,
    subject: row.subject,
    roles: row.roles,
    reason: row.reason,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  } as Rule;
}
