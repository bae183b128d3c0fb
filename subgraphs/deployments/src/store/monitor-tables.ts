import type { DriftProfile } from '@falaj/contracts';
import { getColumns, type InferSelectModel } from 'drizzle-orm';
import { integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { Finding } from '../domain/monitor/judge.js';
import type { MonitorSpec, MonitorVerdict } from '../domain/monitor/monitor-spec.js';

const schema = pgSchema('deployments');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const monitor = schema.table('monitor', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  endpointId: text('endpoint_id').notNull(),
  name: text('name').notNull(),
  state: text('state').$type<'ACTIVE' | 'PAUSED' | 'STOPPED'>().notNull(),
  spec: jsonb('spec').$type<MonitorSpec>().notNull(),
  referenceKind: text('reference_kind').$type<'TRAINING_SET' | 'WINDOW'>().notNull(),
  referenceSource: text('reference_source').notNull(),
  reference: jsonb('reference').$type<Readonly<Record<string, DriftProfile>>>().notNull(),
  features: text('features').array().notNull(),
  verdict: text('verdict').$type<MonitorVerdict>().notNull().default('UNKNOWN'),
  positionAt: instant('position_at').notNull(),
  positionId: text('position_id').notNull().default(''),
  evaluatedAt: instant('evaluated_at'),
  incidentId: text('incident_id'),
  leaseOwner: text('lease_owner'),
  leaseUntil: instant('lease_until'),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

export const monitorWindow = schema.table('monitor_window', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  monitorId: text('monitor_id').notNull(),
  number: integer('number').notNull(),
  fromAt: instant('from_at').notNull(),
  toAt: instant('to_at').notNull(),
  rowCount: integer('row_count').notNull(),
  verdict: text('verdict').$type<MonitorVerdict>().notNull(),
  reason: text('reason').notNull(),
  alarmed: text('alarmed').array().notNull(),
  findings: jsonb('findings').$type<readonly Finding[]>().notNull(),
  modelVersionIds: text('model_version_ids').array().notNull(),
  incidentId: text('incident_id'),
  createdAt: instant('created_at').notNull().defaultNow(),
});

const { reference: _, ...withoutReference } = getColumns(monitor);
/** All but the reference, which is large. */
export const monitorColumns = withoutReference;
export type MonitorRecord = Omit<InferSelectModel<typeof monitor>, 'reference'>;
export type WindowRecord = InferSelectModel<typeof monitorWindow>;
