import { integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { CheckVerdict } from '../domain/compliance.js';
import type { DeployableModel, TensorDescription } from '../domain/deployable-model.js';

const schema = pgSchema('deployments');
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
};

export type EndpointState = 'READY' | 'RETIRED';

export const endpoint = schema.table('endpoint', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  state: text('state').$type<EndpointState>().notNull(),
  revision: integer('revision').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  modelName: text('model_name').notNull(),
  modelVersion: integer('model_version').notNull(),
  inputs: jsonb('inputs').$type<TensorDescription[]>().notNull(),
  outputs: jsonb('outputs').$type<TensorDescription[]>().notNull(),
  device: text('device').notNull(),
  compliance: jsonb('compliance').$type<CheckVerdict[]>().notNull(),
});

export const endpointRevision = schema.table('endpoint_revision', {
  id: text('id').primaryKey(),
  ...ownership,
  endpointId: text('endpoint_id').notNull(),
  revision: integer('revision').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  modelVersion: integer('model_version').notNull(),
  model: jsonb('model').$type<DeployableModel>().notNull(),
  compliance: jsonb('compliance').$type<CheckVerdict[]>().notNull(),
  /** Of the model's permit, where it has one. */
  transferInstruments: text('transfer_instruments').array().notNull().default([]),
  permittedUntil: timestamp('permitted_until', { withTimezone: true, mode: 'date' }),
});
