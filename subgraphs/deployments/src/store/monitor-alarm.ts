// What an alarm brings about: an event for pipelines with the window itself, then one incident, asked for until it is opened.
import { recordAudit } from '@falaj/audit';
import { publishEvent, type Tx } from '@falaj/database';
import type { Platform } from '@falaj/subgraph-kit';
import { and, desc, eq, isNull } from 'drizzle-orm';
import { openIncident } from './incident.js';
import { type MonitorRecord, monitor, monitorColumns, monitorWindow, type WindowRecord } from './monitor-tables.js';

/** Of the outbox: pipelines may begin at it. */
const DRIFT_TOPIC = 'deployments.drift-alarm';
const ACTOR = 'drift-monitor';

/** Who judges, and what it may see. */
export const scopeOf = ({ workspaceId, zone }: Pick<MonitorRecord, 'workspaceId' | 'zone'>) => ({
  workspaceId,
  zones: [zone],
  principalId: ACTOR,
});

/** In the transaction of the window. `began`: the window before did not alarm, so that a trigger may take the first alone. */
export function publishAlarm(tx: Tx, record: MonitorRecord, window: WindowRecord): Promise<void> {
  return publishEvent(tx, {
    topic: DRIFT_TOPIC,
    key: window.id,
    payload: {
      monitorId: record.id,
      monitor: record.name,
      endpointId: record.endpointId,
      window: window.number,
      alarmed: window.alarmed,
      began: record.verdict !== 'ALARM',
    },
  });
}

const unreported = and(eq(monitorWindow.verdict, 'ALARM'), isNull(monitorWindow.incidentId));

/** Monitors with an alarm that no incident knows of, whatever state they are in now. */
export async function monitorsUnreported({ database }: Pick<Platform, 'database'>): Promise<string[]> {
  const rows = await database.asSystem((tx) =>
    tx.selectDistinct({ id: monitorWindow.monitorId }).from(monitorWindow).where(unreported),
  );
  return rows.map(({ id }) => id);
}

/** Opens the incident of a monitor's alarms that have none yet; throws where governance cannot take it. */
export async function reportAlarms(
  platform: Pick<Platform, 'database' | 'graph' | 'policyVersion'>,
  monitorId: string,
): Promise<void> {
  const { database } = platform;
  const found = await database.asSystem(async (tx) => {
    const [window] = await tx
      .select()
      .from(monitorWindow)
      .where(and(eq(monitorWindow.monitorId, monitorId), unreported))
      .orderBy(desc(monitorWindow.number))
      .limit(1);
    const [record] = await tx.select(monitorColumns).from(monitor).where(eq(monitor.id, monitorId));
    return window && record && { window, record };
  });
  if (!found) return;
  const { window, record } = found;
  const opened = await openDriftIncident(platform, record, window);
  const policyVersion = await platform.policyVersion(record.workspaceId);
  await database.inWorkspace(scopeOf(record), async (tx) => {
    const reported = await tx
      .update(monitorWindow)
      .set({ incidentId: opened.id })
      .where(and(eq(monitorWindow.monitorId, monitorId), unreported))
      .returning({ number: monitorWindow.number });
    // Another process has reported the same alarm meanwhile: governance has joined both.
    if (reported.length === 0) return;
    await tx.update(monitor).set({ incidentId: opened.id }).where(eq(monitor.id, monitorId));
    await recordAudit(tx, {
      workspaceId: record.workspaceId,
      actorId: ACTOR,
      actorKind: 'SERVICE',
      onBehalfOf: record.ownerId,
      action: 'raiseDriftAlarm',
      subjectType: 'Monitor',
      subjectId: monitorId,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: window.id,
      traceId: null,
      policyVersion,
      details: {
        windows: reported.map(({ number }) => number),
        alarmed: window.alarmed,
        incidentId: opened.id,
        created: opened.created,
      },
    });
  });
}

/** One incident per monitor while it is open: governance joins what has the same key. */
function openDriftIncident(platform: Pick<Platform, 'graph'>, record: MonitorRecord, window: WindowRecord) {
  const { id, name, workspaceId, zone, endpointId } = record;
  return openIncident(
    platform,
    { id: ACTOR, name: 'drift monitor', workspaceId, zone },
    {
      dedupKey: `drift:${id}`,
      title: `Drift on monitor ${name}: ${window.alarmed.join(', ')}`,
      description: window.reason,
      impact: 'MEDIUM',
      urgency: 'MEDIUM',
      category: 'DRIFT',
      links: [
        { type: 'Endpoint', id: endpointId },
        { type: 'Monitor', id },
        ...window.modelVersionIds.map((version) => ({ type: 'ModelVersion', id: version })),
      ],
      evidence: {
        windowId: window.id,
        window: window.number,
        from: window.fromAt.toISOString(),
        to: window.toAt.toISOString(),
        rows: window.rowCount,
        findings: window.findings.filter(({ feature }) => window.alarmed.includes(feature)),
      },
    },
  );
}
