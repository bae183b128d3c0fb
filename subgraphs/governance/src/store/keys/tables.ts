import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { boolean, integer, jsonb, text } from 'drizzle-orm/pg-core';
import type { ErasedPart, LearnedModel, LeftPart } from '../../domain/keys/erase-subject.js';
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

export const subjectErasure = governance.table('subject_erasure', {
  id: text('id').primaryKey(),
  ...ownership,
  reason: text('reason').notNull(),
  zones: text('zones').array().notNull(),
  state: text('state').$type<(typeof rotationStates)[number]>().notNull(),
  endedAt: instant('ended_at'),
  error: text('error'),
  keysDestroyed: integer('keys_destroyed').notNull().default(0),
  records: integer('records').notNull().default(0),
  studyRows: integer('study_rows').notNull().default(0),
  stores: jsonb('stores').$type<readonly ErasedPart[]>().notNull().default([]),
  notErased: jsonb('not_erased').$type<readonly LeftPart[]>().notNull().default([]),
  models: jsonb('models').$type<readonly LearnedModel[]>().notNull().default([]),
  modelsKnown: boolean('models_known').notNull().default(false),
  closeBackupsAt: instant('close_backups_at'),
  wrappedSubject: jsonb('wrapped_subject').$type<{ readonly keyId: string; readonly ciphertext: string }>(),
});

export type SubjectErasureRow = Omit<InferSelectModel<typeof subjectErasure>, 'workspaceId' | 'wrappedSubject'>;

export const subjectErasures: GovernedTable<SubjectErasureRow> = governedTable({
  noun: 'SubjectErasure',
  table: subjectErasure,
  id: subjectErasure.id,
  createdAt: subjectErasure.createdAt,
  fields: shownColumns(subjectErasure, ['workspaceId', 'wrappedSubject']),
  attributes: { workspaceId: subjectErasure.workspaceId, ownerId: subjectErasure.ownerId },
});
