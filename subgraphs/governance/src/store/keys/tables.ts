import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { boolean, integer, jsonb, text } from 'drizzle-orm/pg-core';
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

export interface AffectedModel {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly categories: readonly string[];
}

export const subjectErasure = governance.table('subject_erasure', {
  id: text('id').primaryKey(),
  ...ownership,
  reason: text('reason').notNull(),
  zones: text('zones').array().notNull(),
  keysDestroyed: integer('keys_destroyed').notNull(),
  records: integer('records').notNull(),
  studyRows: integer('study_rows').notNull(),
  models: jsonb('models').$type<readonly AffectedModel[]>().notNull(),
  modelsKnown: boolean('models_known').notNull(),
});

export type SubjectErasureRow = Omit<InferSelectModel<typeof subjectErasure>, 'workspaceId'>;

export const subjectErasures: GovernedTable<SubjectErasureRow> = governedTable({
  noun: 'SubjectErasure',
  table: subjectErasure,
  id: subjectErasure.id,
  createdAt: subjectErasure.createdAt,
  fields: shownColumns(subjectErasure, ['workspaceId']),
  attributes: { workspaceId: subjectErasure.workspaceId, ownerId: subjectErasure.ownerId },
});
