import { integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { CheckVerdict } from '../domain/compliance.js';
import type { DeployableModel, TensorDescription } from '../domain/deployable-model.js';
import type { OnInstrumentEnd, PermitEnd } from '../domain/instrument-end.js';

const schema = pgSchema('deployments');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
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
  permittedUntil: instant('permitted_until'),
  permitEnd: text('permit_end').$type<PermitEnd>(),
  permitEndedAt: instant('permit_ended_at'),
  permitIncidentId: text('permit_incident_id'),
  /** Since when it answers nobody. */
  drainedAt: instant('drained_at'),
});

export const placementPolicy = schema.table('placement_policy', {
  workspaceId: text('workspace_id').primaryKey(),
  onInstrumentEnd: text('on_instrument_end').$type<OnInstrumentEnd>().notNull(),
  graceMinutes: integer('grace_minutes').notNull(),
});
