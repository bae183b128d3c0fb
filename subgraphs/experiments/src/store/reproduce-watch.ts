// Closes reproductions whose run ended: at every notice, at start and from time to time, so that a process that died in
// between costs nothing but time.
import { recordAudit } from '@falaj/audit';
import type { Platform } from '@falaj/subgraph-kit';
import { and, eq, inArray } from 'drizzle-orm';
import { compareMakings, verdictOf } from '../domain/reproduce.js';
import { type ReproductionState, reproduction } from './reproduction-tables.js';
import { RUN_CHANNEL } from './run-queue.js';
import { run } from './tables.js';

const SWEEP_MS = 30_000;

/** Compares and stores, in one transaction each with its audit record; answers how many were closed. */
export async function settleReproductions(platform: Pick<Platform, 'database' | 'policyVersion'>): Promise<number> {
  return platform.database.asSystem(async (tx) => {
    const ended = await tx
      .select({ record: reproduction, run })
      .from(reproduction)
      .innerJoin(run, eq(run.id, reproduction.runId))
      .where(and(eq(reproduction.state, 'RUNNING'), inArray(run.state, ['SUCCEEDED', 'FAILED', 'CANCELLED'])))
      .limit(100)
      .for('update', { of: reproduction, skipLocked: true });
    for (const { record, run: again } of ended) {
      const comparisons =
        again.state === 'SUCCEEDED'
          ? compareMakings(record.expected, {
              trainingSetDigest: again.trainingSetDigest,
              modelDigest: again.modelDigest,
              codeReference: again.codeReference,
              scores: again.evaluation?.scores ?? {},
            })
          : record.comparisons;
      const state: ReproductionState = again.state === 'SUCCEEDED' ? verdictOf(comparisons) : 'FAILED';
      const error = again.state === 'SUCCEEDED' ? null : (again.error ?? `the run is ${again.state}`);
      await tx
        .update(reproduction)
        .set({ state, comparisons, error, finishedAt: new Date() })
        .where(eq(reproduction.id, record.id));
      await recordAudit(tx, {
        workspaceId: record.workspaceId,
        actorId: 'reproduction-watch',
        actorKind: 'SERVICE',
        onBehalfOf: record.ownerId,
        action: 'finishReproduction',
        subjectType: 'ModelVersion',
        subjectId: record.modelVersionId,
        outcome: state === 'FAILED' ? 'FAILED' : 'SUCCEEDED',
        reason: null,
        requestId: record.id,
        traceId: null,
        policyVersion: await platform.policyVersion(record.workspaceId),
        details: { state, differing: comparisons.filter(({ same }) => !same).map(({ subject }) => subject) },
      });
    }
    return ended.length;
  });
}

export async function startReproductionWatch(platform: Platform): Promise<() => Promise<void>> {
  let asked = false;
  let working: Promise<void> | undefined;
  const settle = (): void => {
    asked = true;
    working ??= (async () => {
      while (asked) {
        asked = false;
        await settleReproductions(platform).catch((error: unknown) =>
          platform.log.warn('reproductions could not be closed', { error: String(error) }),
        );
      }
      working = undefined;
    })();
  };
  const unlisten = await platform.database.listen(RUN_CHANNEL, settle);
  const timer = setInterval(settle, SWEEP_MS);
  timer.unref();
  settle();
  return async () => {
    clearInterval(timer);
    await unlisten();
    await working;
  };
}
