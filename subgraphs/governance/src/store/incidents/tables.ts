import { integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { IncidentState } from '../../domain/incidents/incident-states.js';
import type { Level, Priority } from '../../domain/incidents/priority.js';
import type { Clock } from '../../domain/incidents/service-level.js';

export const governance = pgSchema('governance');
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
export const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
};

export const incident = governance.table('incident', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  dedupKey: text('dedup_key').notNull(),
  title: text('title').notNull(),
  description: text('description').notNull(),
  category: text('category').notNull(),
  impact: text('impact').$type<Level>().notNull(),
  urgency: text('urgency').$type<Level>().notNull(),
  priority: text('priority').$type<Priority>().notNull(),
  state: text('state').$type<IncidentState>().notNull(),
  evidence: jsonb('evidence').$type<Record<string, unknown>>().notNull(),
  occurrences: integer('occurrences').notNull().default(1),
  lastOccurredAt: instant('last_occurred_at').notNull(),
  assigneeId: text('assignee_id'),
  waitingFor: text('waiting_for'),
  resolution: text('resolution'),
  calendar: text('calendar').notNull(),
  responseClock: jsonb('response_clock').$type<Clock>().notNull(),
  resolutionClock: jsonb('resolution_clock').$type<Clock>().notNull(),
  responseDueAt: instant('response_due_at'),
  respondedAt: instant('responded_at'),
  responseBreachedAt: instant('response_breached_at'),
  resolutionDueAt: instant('resolution_due_at'),
  resolvedAt: instant('resolved_at'),
  resolutionBreachedAt: instant('resolution_breached_at'),
  closedAt: instant('closed_at'),
  clockDueAt: instant('clock_due_at'),
});

export const incidentLink = governance.table('incident_link', {
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  incidentId: text('incident_id').notNull(),
  type: text('type').notNull(),
  subjectId: text('subject_id').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

export const incidentEventKinds = [
  'OPENED',
  'OCCURRED',
  'ASSIGNED',
  'STATE_CHANGED',
  'PRIORITY_CHANGED',
  'COMMENTED',
  'LINKED',
  'SLA_WARNED',
  'SLA_BREACHED',
] as const;
export type IncidentEventKind = (typeof incidentEventKinds)[number];

export const incidentEvent = governance.table('incident_event', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  incidentId: text('incident_id').notNull(),
  kind: text('kind').$type<IncidentEventKind>().notNull(),
  fromState: text('from_state').$type<IncidentState>(),
  toState: text('to_state').$type<IncidentState>(),
  text: text('text'),
  data: jsonb('data').$type<Record<string, unknown>>().notNull(),
});

export const businessCalendar = governance.table('business_calendar', {
  workspaceId: text('workspace_id').notNull(),
  name: text('name').notNull(),
  timeZone: text('time_zone').notNull(),
  workingDays: integer('working_days').array().notNull(),
  opens: text('opens').notNull(),
  closes: text('closes').notNull(),
  holidays: text('holidays').array().notNull(),
});

export const serviceLevel = governance.table('service_level', {
  workspaceId: text('workspace_id').notNull(),
  priority: text('priority').$type<Priority>().notNull(),
  responseMinutes: integer('response_minutes').notNull(),
  resolutionMinutes: integer('resolution_minutes').notNull(),
  calendar: text('calendar').notNull(),
});
