// What starts runs without a person: each firing is a small workflow of its own, so that it happens once and survives
// the process that saw it.
import { createHash } from 'node:crypto';
import type { Tx } from '@falaj/database';
import { canonicalJson, PlatformError, type Principal, type WorkflowEngine } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, type InferSelectModel, sql } from 'drizzle-orm';
import type { Values } from '../domain/pipeline/definition.js';
import type { StoredError } from '../domain/pipeline/pipeline-run.js';
import { pipelineTrigger } from './pipeline-tables.js';

export type TriggerRecord = InferSelectModel<typeof pipelineTrigger>;

export const TRIGGER_WORKFLOW = { name: 'pipeline-trigger', version: 1 } as const;

export interface Firing {
  readonly triggerId: string;
  /** Null at a time of a schedule. */
  readonly event: Values | null;
  readonly toldBy: string | null;
}

const scheduleName = (triggerId: string): string => `pipeline-trigger/${triggerId}`;

export interface TriggerRequest {
  readonly name: string;
  readonly pipelineName: string;
  readonly zone: string;
  readonly parameters: Values;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly event?: string;
  readonly match?: Values;
}

/** Makes the trigger, or puts it in the place of that of its name. Its runs go on behalf of the principal. */
export async function saveTrigger(
  tx: Tx,
  engine: WorkflowEngine<Tx>,
  principal: Principal,
  request: TriggerRequest,
): Promise<string> {
  const { workspaceId } = principal;
  const content = {
    zone: request.zone,
    pipelineName: request.pipelineName,
    cron: request.cron ?? null,
    timeZone: request.cron === undefined ? null : (request.timeZone ?? 'UTC'),
    event: request.event ?? null,
    eventMatch: request.match ?? {},
    parameters: request.parameters,
    active: true,
    lastError: null,
    ownerId: principal.id,
    owner: principal.name,
  };
  const [saved] = await tx
    .insert(pipelineTrigger)
    .values({
      id: newId('plt'),
      workspaceId,
      name: request.name,
      createdAt: sql`clock_timestamp()` as unknown as Date,
      ...content,
    })
    .onConflictDoUpdate({ target: [pipelineTrigger.workspaceId, pipelineTrigger.name], set: content })
    .returning({ id: pipelineTrigger.id });
  if (!saved)
    throw new PlatformError(
      'CONFLICT',
      `Trigger "${request.name}" belongs to a zone that you may not see; choose another name.`,
    );
  const name = scheduleName(saved.id);
  if (request.cron === undefined) await engine.unschedule({ workspaceId, name }, tx);
  else
    await engine.schedule<Firing>(
      {
        workspaceId,
        name,
        cron: request.cron,
        timeZone: request.timeZone ?? 'UTC',
        workflow: TRIGGER_WORKFLOW,
        input: { triggerId: saved.id, event: null, toldBy: null },
        zone: request.zone,
        principalId: principal.id,
      },
      tx,
    );
  return saved.id;
}

export async function stopTrigger(tx: Tx, engine: WorkflowEngine<Tx>, workspaceId: string, id: string): Promise<void> {
  await tx.update(pipelineTrigger).set({ active: false }).where(eq(pipelineTrigger.id, id));
  await engine.unschedule({ workspaceId, name: scheduleName(id) }, tx);
}

export interface PlatformEvent {
  readonly workspaceId: string;
  readonly event: string;
  readonly key: string;
  readonly payload: Values;
  readonly toldBy: string | null;
}

/** Begins a firing of every trigger that waits for the event; one that was told of it before is not told again. */
export async function fireTriggers(
  tx: Tx,
  engine: WorkflowEngine<Tx>,
  told: PlatformEvent,
): Promise<{ readonly matched: number; readonly fired: number }> {
  const { workspaceId, event, key, payload, toldBy } = told;
  const waiting = await tx
    .select()
    .from(pipelineTrigger)
    .where(
      and(
        eq(pipelineTrigger.workspaceId, workspaceId),
        eq(pipelineTrigger.event, event),
        eq(pipelineTrigger.active, true),
      ),
    );
  const matching = waiting.filter(({ eventMatch }) => matches(eventMatch, payload));
  let fired = 0;
  for (const trigger of matching) {
    const own = createHash('sha256')
      .update(canonicalJson([event, key]))
      .digest('hex')
      .slice(0, 40);
    const { started } = await engine.start<Firing>({
      workspaceId,
      id: `${scheduleName(trigger.id)}/${own}`,
      workflow: TRIGGER_WORKFLOW,
      input: { triggerId: trigger.id, event: payload, toldBy },
      zone: trigger.zone,
      principalId: trigger.ownerId,
      transaction: tx,
    });
    if (started) fired += 1;
  }
  return { matched: matching.length, fired };
}

/** Whether everything that is asked for is in the payload and equal. */
function matches(wanted: Values, payload: Values): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(payload, name) && canonicalJson(payload[name]) === canonicalJson(value),
  );
}

export async function readTrigger(tx: Tx, id: string): Promise<TriggerRecord | undefined> {
  const [found] = await tx.select().from(pipelineTrigger).where(eq(pipelineTrigger.id, id));
  return found;
}

export async function noteFiring(tx: Tx, id: string, error: StoredError | null): Promise<void> {
  await tx
    .update(pipelineTrigger)
    .set({ lastError: error, ...(error ? {} : { lastFiredAt: sql`clock_timestamp()` as unknown as Date }) })
    .where(eq(pipelineTrigger.id, id));
}
