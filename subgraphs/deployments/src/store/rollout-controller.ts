// Carries canaries on: in every process that runs deployments, one process at a time per rollout. A holder that dies loses
// its lease, and another goes on from what is stored; one that wakes too late can change nothing.
import { recordAudit } from '@falaj/audit';
import type { Tx } from '@falaj/database';
import type { Platform } from '@falaj/subgraph-kit';
import { and, eq, isNull, lt, sql } from 'drizzle-orm';
import { type CanaryDecision, type CanaryEvidence, decide } from '../domain/rollout/canary.js';
import { runningFacts } from './deploy.js';
import type { EndpointRoutes } from './endpoint-routes.js';
import { openIncident } from './incident.js';
import { leased, openTo } from './lease.js';
import type { ModelHost } from './model-host.js';
import { BASELINE, CANDIDATE, exposureKeyOf, factsOf, type RolloutRecord } from './rollout-facts.js';
import { inferenceWindow, rollout } from './rollout-tables.js';
import { clearSplit, setWeights } from './rollout-writes.js';
import { activateRevision, endpointRecord, lockEndpoint, revisionOf } from './writes.js';

/** Seconds that a silent process keeps a rollout. */
const LEASE_SECONDS = 5;
const ACTOR = 'rollout-controller';
const KEPT_DAYS = 30;

export class RolloutController {
  readonly #platform: Platform;
  readonly #host: ModelHost;
  readonly #routes: EndpointRoutes;
  readonly #process: string;

  constructor(platform: Platform, host: ModelHost, routes: EndpointRoutes, process: string) {
    this.#platform = platform;
    this.#host = host;
    this.#routes = routes;
    this.#process = process;
  }

  /** Looks once at every rollout that is ours or nobody's. */
  async look(): Promise<void> {
    for (const record of await this.#claim()) {
      const { candidate, baseline } = await this.#platform.database.asSystem((tx) => factsOf(tx, record));
      const at = { step: record.step, startedAt: record.stepStartedAt, now: new Date() };
      const { decision, evidence } = decide(record.plan, at, candidate, baseline);
      await this.#carryOut(record, decision, evidence).catch((error: unknown) =>
        this.#platform.log.error('a rollout could not be carried on', {
          rollout: record.id,
          decision: decision.kind,
          error: error instanceof Error ? error.stack : String(error),
        }),
      );
    }
    await this.#report();
  }

  /** Opens the incident of every rollback that has none yet: one that could not be reported is at the next look. */
  async #report(): Promise<void> {
    const { database, log } = this.#platform;
    const due = and(eq(rollout.incidentDue, true), isNull(rollout.incidentId));
    for (const record of await database.asSystem((tx) => tx.select().from(rollout).where(due))) {
      try {
        const { modelVersionId } = await database.asSystem((tx) =>
          revisionOf(tx, record.endpointId, record.candidateRevision),
        );
        const { id } = await openRollbackIncident(this.#platform, record, modelVersionId);
        await database.asSystem((tx) => tx.update(rollout).set({ incidentId: id }).where(eq(rollout.id, record.id)));
      } catch (error) {
        log.error('the incident of a rollback could not be opened', { rollout: record.id, error: String(error) });
      }
    }
  }

  #claim(): Promise<RolloutRecord[]> {
    return this.#platform.database.asSystem((tx) =>
      tx
        .update(rollout)
        .set(leased(this.#process, LEASE_SECONDS))
        .where(
          sql`${rollout.id} in (select id from deployments.rollout where state = 'RUNNING'
            and ${openTo(this.#process)} for update skip locked)`,
        )
        .returning(),
    );
  }

  async #carryOut(record: RolloutRecord, decision: CanaryDecision, evidence: CanaryEvidence): Promise<void> {
    const { database } = this.#platform;
    if (decision.kind === 'WAIT') {
      await database.asSystem((tx) =>
        tx.update(rollout).set({ reason: decision.reason }).where(held(record, this.#process)),
      );
      return;
    }
    const loaded =
      decision.kind === 'PROMOTE'
        ? await this.#host.load(await this.#endpoint(record), record.candidateRevision)
        : null;
    const done = await database.asSystem(async (tx) => {
      // Always endpoint before rollout, as the mutations lock them.
      const endpoint = await lockEndpoint(tx, record.endpointId);
      const [own] = await tx.select().from(rollout).where(held(record, this.#process)).for('update');
      if (own?.step !== record.step) return false;
      const ended = {
        reason: decision.reason,
        evidence: [...own.evidence, evidence],
        leaseOwner: null,
        leaseUntil: null,
      };
      if (decision.kind === 'ADVANCE') {
        const { leaseOwner: _, leaseUntil: __, ...seen } = ended;
        await tx
          .update(rollout)
          .set({ ...seen, step: decision.step, stepStartedAt: new Date() })
          .where(eq(rollout.id, record.id));
        await setWeights(tx, record.endpointId, ...stepOf(record, decision.step));
      } else {
        const state = decision.kind === 'PROMOTE' ? 'PROMOTED' : 'ROLLED_BACK';
        await tx
          .update(rollout)
          .set({ ...ended, state, decidedAt: new Date(), incidentDue: decision.kind === 'ROLL_BACK' })
          .where(eq(rollout.id, record.id));
        await clearSplit(tx, record.endpointId);
        if (loaded)
          await activateRevision(tx, endpoint, record.candidateRevision, runningFacts(loaded), 'PROMOTED', ACTOR);
        await this.#prune(tx, record);
      }
      await this.#audit(tx, record, decision, evidence);
      await this.#routes.announce(tx, record.endpointId);
      return true;
    });
    if (done) await this.#routes.refresh(record.endpointId);
  }

  async #endpoint({ endpointId }: RolloutRecord) {
    return this.#platform.database.asSystem((tx) => endpointRecord(tx, endpointId));
  }

  async #audit(tx: Tx, record: RolloutRecord, decision: CanaryDecision, evidence: CanaryEvidence): Promise<void> {
    await recordAudit(tx, {
      workspaceId: record.workspaceId,
      actorId: ACTOR,
      actorKind: 'SERVICE',
      onBehalfOf: record.ownerId,
      action: ACTIONS[decision.kind],
      subjectType: 'Endpoint',
      subjectId: record.endpointId,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: record.id,
      traceId: null,
      policyVersion: await this.#platform.policyVersion(record.workspaceId),
      details: { rolloutId: record.id, reason: decision.reason, evidence },
    });
  }

  async #prune(tx: Tx, { endpointId }: RolloutRecord): Promise<void> {
    const oldest = new Date(Date.now() - KEPT_DAYS * 86_400_000);
    await tx
      .delete(inferenceWindow)
      .where(and(eq(inferenceWindow.endpointId, endpointId), lt(inferenceWindow.beganAt, oldest)));
  }
}

const ACTIONS = {
  WAIT: 'waitForRollout',
  ADVANCE: 'advanceRollout',
  PROMOTE: 'promoteRollout',
  ROLL_BACK: 'rollBackRollout',
} as const;

const held = ({ id }: RolloutRecord, process: string) =>
  and(eq(rollout.id, id), eq(rollout.state, 'RUNNING'), eq(rollout.leaseOwner, process));

/** One incident per rollout: two processes that report it at once join theirs. */
function openRollbackIncident(platform: Pick<Platform, 'graph'>, record: RolloutRecord, modelVersionId: string) {
  const { id, workspaceId, zone, endpointId, candidateRevision, baselineRevision, reason, evidence } = record;
  return openIncident(
    platform,
    { id: ACTOR, name: 'rollout controller', workspaceId, zone },
    {
      dedupKey: `rollback:${id}`,
      title: `Revision ${candidateRevision} was rolled back by itself: ${reason}`,
      description: `The canary ended and revision ${baselineRevision} answers all requests: ${reason}.`,
      // Nobody is harmed any more; why it went out is to be found.
      impact: 'LOW',
      urgency: 'MEDIUM',
      category: 'ROLLBACK',
      links: [
        { type: 'Endpoint', id: endpointId },
        { type: 'Rollout', id },
        { type: 'ModelVersion', id: modelVersionId },
      ],
      evidence: { candidateRevision, baselineRevision, decision: evidence.at(-1) ?? null },
    },
  );
}

/** The variants of a step, the candidate first: it keeps its subjects as it grows; and where its exposures are recorded. */
export function stepOf(
  record: Pick<RolloutRecord, 'id' | 'plan' | 'candidateRevision' | 'baselineRevision'>,
  step: number,
) {
  const weight = record.plan.steps[step]?.weight ?? 0;
  const measured = record.plan.guardrails.some(({ metric }) => metric === 'BUSINESS_METRIC');
  return [
    [
      { name: CANDIDATE, revision: record.candidateRevision, weight },
      { name: BASELINE, revision: record.baselineRevision, weight: 10_000 - weight },
    ],
    measured ? exposureKeyOf(record.id, step) : null,
  ] as const;
}
