// Statements that change incidents; each runs in the caller's transaction.
import { recordAudit } from '@falaj/audit';
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { BusinessCalendar } from '../../domain/incidents/business-calendar.js';
import { type Clocks, clockDates, enter, openClocks, settle } from '../../domain/incidents/incident-change.js';
import { assertTransition, type IncidentState, isOpen, openStates } from '../../domain/incidents/incident-states.js';
import { type Level, priorityOf } from '../../domain/incidents/priority.js';
import { retargetClock } from '../../domain/incidents/service-level.js';
import type { IncidentRecord } from './governed.js';
import { type Promises, promisesOf } from './service-levels.js';
import { type IncidentEventKind, incident, incidentEvent, incidentLink } from './tables.js';

export interface Actor {
  readonly workspaceId: string;
  readonly ownerId: string;
  readonly owner: string;
}

export interface Link {
  readonly type: string;
  readonly id: string;
}

export interface NewIncident {
  readonly dedupKey: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly impact: Level;
  readonly urgency: Level;
  readonly zone: string;
  readonly links: readonly Link[];
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Opens it, or adds an occurrence to the one of this key that is open: one statement decides between concurrent alarms. */
export async function openIncident(
  tx: Tx,
  actor: Actor,
  wanted: NewIncident,
  now: Date,
): Promise<{ id: string; created: boolean; occurrences: number }> {
  const priority = priorityOf(wanted.impact, wanted.urgency);
  const promises = await promisesOf(tx, actor.workspaceId);
  const level = promises.levelOf(priority);
  const clocks = openClocks(level, now);
  const { links, ...columns } = wanted;
  const [row] = await tx
    .insert(incident)
    .values({
      id: newId('inc'),
      ...actor,
      ...columns,
      evidence: { ...wanted.evidence },
      priority,
      state: 'NEW',
      lastOccurredAt: now,
      calendar: level.calendar,
      ...clocks,
      ...clockDates(clocks, promises.calendarOf(level.calendar)),
      createdAt: now,
    })
    .onConflictDoUpdate({
      target: [incident.workspaceId, incident.zone, incident.dedupKey],
      targetWhere: sql`state not in ('RESOLVED', 'CLOSED')`,
      set: { occurrences: sql`${incident.occurrences} + 1`, lastOccurredAt: now, evidence: { ...wanted.evidence } },
    })
    .returning({ id: incident.id, occurrences: incident.occurrences, zone: incident.zone });
  if (!row) throw new PlatformError('INTERNAL', 'The incident was not stored.');
  const created = row.occurrences === 1;
  await insertLinks(tx, actor, row, links);
  await recordEvent(tx, actor, row, created ? 'OPENED' : 'OCCURRED', {
    text: wanted.title,
    data: { evidence: wanted.evidence, impact: wanted.impact, urgency: wanted.urgency },
    ...(created ? { toState: 'NEW' } : {}),
    now,
  });
  return { id: row.id, created, occurrences: row.occurrences };
}

/** Holds the incident until the end of the transaction. */
async function lock(tx: Tx, actor: Actor, id: string): Promise<{ row: IncidentRecord; promises: Promises }> {
  const [row] = await tx.select().from(incident).where(eq(incident.id, id)).for('update');
  if (!row) throw new PlatformError('NOT_FOUND', 'Incident not found.', { details: { type: 'Incident' } });
  return { row, promises: await promisesOf(tx, actor.workspaceId) };
}

/** Saves clocks with the dates that follow from them, and notes the thresholds that nobody had noted yet. */
export async function saveClocks(
  tx: Tx,
  row: Pick<IncidentRecord, 'id' | 'workspaceId' | 'zone'>,
  settled: ReturnType<typeof settle>,
  calendar: BusinessCalendar,
  change: Partial<typeof incident.$inferInsert> = {},
  clocks: Clocks = settled.clocks,
): Promise<void> {
  const platform = { workspaceId: row.workspaceId, ownerId: 'platform', owner: 'platform' };
  for (const { promise, share, at } of settled.notices) {
    await recordEvent(tx, platform, row, share === 100 ? 'SLA_BREACHED' : 'SLA_WARNED', {
      data: { promise, share, at: at.toISOString() },
      now: at,
    });
    if (share === 100) await recordBreach(tx, row, promise, at);
  }
  await tx
    .update(incident)
    .set({ ...clocks, ...clockDates(clocks, calendar), ...change })
    .where(eq(incident.id, row.id));
}

const recordBreach = (tx: Tx, row: { id: string; workspaceId: string }, promise: string, dueAt: Date) =>
  recordAudit(tx, {
    workspaceId: row.workspaceId,
    actorId: 'platform',
    actorKind: 'SERVICE',
    action: 'breachServiceLevel',
    subjectType: 'Incident',
    subjectId: row.id,
    outcome: 'SUCCEEDED',
    reason: null,
    requestId: '',
    traceId: null,
    policyVersion: null,
    details: { promise, dueAt: dueAt.toISOString() },
  });

export async function transitionIncident(
  tx: Tx,
  actor: Actor,
  id: string,
  step: { readonly to: IncidentState; readonly text: string | null; readonly now: Date },
): Promise<IncidentState> {
  const { row, promises } = await lock(tx, actor, id);
  const { to, text, now } = step;
  assertTransition({ from: row.state, to, assigneeId: row.assigneeId, text, closedAt: row.closedAt, now });
  if (to === 'REOPENED') await assertOnlyOne(tx, row);
  await changeState(tx, actor, row, promises, step, {});
  return row.state;
}

async function assertOnlyOne(tx: Tx, row: IncidentRecord): Promise<void> {
  const [other] = await tx
    .select({ id: incident.id })
    .from(incident)
    .where(
      and(
        eq(incident.workspaceId, row.workspaceId),
        eq(incident.zone, row.zone),
        eq(incident.dedupKey, row.dedupKey),
        inArray(incident.state, [...openStates]),
      ),
    );
  if (!other) return;
  throw refused({
    rule: 'INCIDENT_ONE_OPEN_PER_KEY',
    found: `${other.id}, open for the key ${row.dedupKey}`,
    limit: '1 open incident for a key',
    whatToDo: 'work on that one, or resolve it first',
  });
}

/** Gives it to somebody; one that nobody had taken up goes to ASSIGNED. */
export async function assignIncident(
  tx: Tx,
  actor: Actor,
  id: string,
  step: { readonly assigneeId: string; readonly now: Date },
): Promise<void> {
  const { row, promises } = await lock(tx, actor, id);
  if (!isOpen(row.state)) {
    throw refused({
      rule: 'INCIDENT_OPEN',
      found: row.state,
      limit: 'an open incident',
      whatToDo: 'reopen it with transitionIncident first',
    });
  }
  const { assigneeId, now } = step;
  if (row.state === 'NEW' || row.state === 'REOPENED') {
    await changeState(tx, actor, row, promises, { to: 'ASSIGNED', text: null, now }, { assigneeId });
  } else {
    await tx.update(incident).set({ assigneeId }).where(eq(incident.id, id));
  }
  await recordEvent(tx, actor, row, 'ASSIGNED', { data: { assigneeId, before: row.assigneeId }, now });
}

async function changeState(
  tx: Tx,
  actor: Actor,
  row: IncidentRecord,
  promises: Promises,
  { to, text, now }: { readonly to: IncidentState; readonly text: string | null; readonly now: Date },
  change: Partial<typeof incident.$inferInsert>,
): Promise<void> {
  const calendar = promises.calendarOf(row.calendar);
  const settled = settle(row, calendar, now);
  await saveClocks(
    tx,
    row,
    settled,
    calendar,
    {
      ...change,
      state: to,
      waitingFor: to === 'PENDING' ? text : null,
      ...(row.respondedAt === null && to !== 'NEW' ? { respondedAt: now } : {}),
      ...(to === 'RESOLVED' ? { resolution: text, resolvedAt: now } : {}),
      ...(to === 'CLOSED' ? { closedAt: now } : {}),
      ...(to === 'REOPENED' ? { resolvedAt: null, closedAt: null } : {}),
    },
    enter(settled.clocks, to, calendar, now),
  );
  await recordEvent(tx, actor, row, 'STATE_CHANGED', { fromState: row.state, toState: to, text, now });
}

export async function prioritizeIncident(
  tx: Tx,
  actor: Actor,
  id: string,
  step: { readonly impact: Level; readonly urgency: Level; readonly reason: string; readonly now: Date },
): Promise<void> {
  const { row, promises } = await lock(tx, actor, id);
  if (!isOpen(row.state)) {
    throw refused({
      rule: 'INCIDENT_OPEN',
      found: row.state,
      limit: 'an open incident',
      whatToDo: 'reopen it with transitionIncident first',
    });
  }
  const { impact, urgency, reason, now } = step;
  const priority = priorityOf(impact, urgency);
  const level = promises.levelOf(priority);
  const calendar = { from: promises.calendarOf(row.calendar), to: promises.calendarOf(level.calendar) };
  const settled = settle(row, calendar.from, now);
  const clocks: Clocks = {
    responseClock: retargetClock(settled.clocks.responseClock, calendar, level.responseMinutes, now),
    resolutionClock: retargetClock(settled.clocks.resolutionClock, calendar, level.resolutionMinutes, now),
  };
  await saveClocks(tx, row, settled, calendar.to, { impact, urgency, priority, calendar: level.calendar }, clocks);
  await recordEvent(tx, actor, row, 'PRIORITY_CHANGED', {
    text: reason,
    data: { from: row.priority, to: priority, impact, urgency },
    now,
  });
}

export async function insertLinks(
  tx: Tx,
  actor: Actor,
  row: { readonly id: string; readonly zone: string },
  links: readonly Link[],
): Promise<void> {
  if (links.length === 0) return;
  await tx
    .insert(incidentLink)
    .values(
      links.map(({ type, id }) => ({
        workspaceId: actor.workspaceId,
        zone: row.zone,
        incidentId: row.id,
        type,
        subjectId: id,
      })),
    )
    .onConflictDoNothing();
}

export async function recordEvent(
  tx: Tx,
  actor: Actor,
  row: { readonly id: string; readonly zone: string },
  kind: IncidentEventKind,
  what: {
    readonly text?: string | null;
    readonly data?: Readonly<Record<string, unknown>>;
    readonly fromState?: IncidentState;
    readonly toState?: IncidentState;
    readonly now: Date;
  },
): Promise<void> {
  const { text = null, data = {}, fromState = null, toState = null, now } = what;
  await tx.insert(incidentEvent).values({
    id: newId('ine'),
    ...actor,
    zone: row.zone,
    incidentId: row.id,
    kind,
    text,
    data: { ...data },
    fromState,
    toState,
    createdAt: now,
  });
}
