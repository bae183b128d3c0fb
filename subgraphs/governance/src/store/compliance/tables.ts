import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { integer, jsonb, text } from 'drizzle-orm/pg-core';
import type { Finding } from '../../domain/compliance/finding.js';
import { governance, instant, ownership } from '../incidents/tables.js';

export const complianceReport = governance.table('compliance_report', {
  id: text('id').primaryKey(),
  ...ownership,
  framework: text('framework'),
  subjectType: text('subject_type'),
  subjectId: text('subject_id'),
  startedAt: instant('started_at').notNull(),
  snapshotDigest: text('snapshot_digest').notNull(),
  findings: jsonb('findings').$type<readonly Finding[]>().notNull(),
  passed: integer('passed').notNull(),
  failed: integer('failed').notNull(),
  unknown: integer('unknown').notNull(),
  notApplicable: integer('not_applicable').notNull(),
  waived: integer('waived').notNull(),
});

export const waiverStates = ['REQUESTED', 'APPROVED', 'REJECTED', 'REVOKED'] as const;
export type WaiverState = (typeof waiverStates)[number];

export const complianceWaiver = governance.table('compliance_waiver', {
  id: text('id').primaryKey(),
  ...ownership,
  checkId: text('check_id').notNull(),
  subjectType: text('subject_type'),
  subjectId: text('subject_id'),
  reason: text('reason').notNull(),
  expiresAt: instant('expires_at').notNull(),
  state: text('state').$type<WaiverState>().notNull(),
  decidedById: text('decided_by_id'),
  decision: text('decision'),
  decidedAt: instant('decided_at'),
});

export type ComplianceReportRow = Omit<InferSelectModel<typeof complianceReport>, 'workspaceId' | 'ownerId'>;
export type ComplianceWaiverRow = Omit<InferSelectModel<typeof complianceWaiver>, 'workspaceId'>;

export const complianceReports: GovernedTable<ComplianceReportRow> = governedTable({
  noun: 'ComplianceReport',
  table: complianceReport,
  id: complianceReport.id,
  createdAt: complianceReport.createdAt,
  fields: shownColumns(complianceReport, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: complianceReport.workspaceId },
});

export const complianceWaivers: GovernedTable<ComplianceWaiverRow> = governedTable({
  noun: 'ComplianceWaiver',
  table: complianceWaiver,
  id: complianceWaiver.id,
  createdAt: complianceWaiver.createdAt,
  fields: shownColumns(complianceWaiver, ['workspaceId']),
  attributes: {
    workspaceId: complianceWaiver.workspaceId,
    ownerId: complianceWaiver.ownerId,
    checkId: complianceWaiver.checkId,
    state: complianceWaiver.state,
  },
});
