import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { boolean, integer, text } from 'drizzle-orm/pg-core';
import { governance, instant, ownership } from '../incidents/tables.js';

export const rotationStates = ['RUNNING', 'SUCCEEDED', 'FAILED'] as const;

export const keyRotation = governance.table('key_rotation', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  reason: text('reason').notNull(),
  retire: boolean('retire').notNull(),
  state: text('state').$type<(typeof rotationStates)[number]>().notNull(),
  fromKeyId: text('from_key_id'),
  toKeyId: text('to_key_id'),
  artifacts: integer('artifacts').notNull().default(0),
  rewrapped: integer('rewrapped').notNull().default(0),
  wrappedKeys: integer('wrapped_keys').notNull().default(0),
  corrupt: text('corrupt').array().notNull().default([]),
  retiredAt: instant('retired_at'),
  endedAt: instant('ended_at'),
  error: text('error'),
});

export type KeyRotationRow = Omit<InferSelectModel<typeof keyRotation>, 'workspaceId'>;

export const keyRotations: GovernedTable<KeyRotationRow> = governedTable({
  noun: 'KeyRotation',
  table: keyRotation,
  id: keyRotation.id,
  createdAt: keyRotation.createdAt,
  fields: shownColumns(keyRotation, ['workspaceId']),
  attributes: {
    workspaceId: keyRotation.workspaceId,
    zone: keyRotation.zone,
    state: keyRotation.state,
    ownerId: keyRotation.ownerId,
  },
});
