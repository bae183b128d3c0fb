import { randomUUID } from 'node:crypto';
import { recordAudit } from '@falaj/audit';
import type { Tx } from '@falaj/database';
import { assertPermitInForce, type Platform, writeReads } from '@falaj/subgraph-kit';
import { signatureOf } from '../domain/run.js';
import type { WorkerPorts } from '../domain/run-worker.js';
import { executeTrainingRun } from '../domain/training-run.js';
import { runAccess } from './run-access.js';
import {
  claimRun,
  finishRun,
  LEASE_SECONDS,
  RUN_CHANNEL,
  type RunRecord,
  releaseRun,
  renewLease,
  saveProgress,
  saveScores,
} from './run-queue.js';
import { recordRunUsage } from './run-usage.js';
import { trainingPorts } from './training-ports.js';

const POLL_MS = 2_000;

/** A run reads its training set as itself, on behalf of who started it. */
async function logTrainingRead(platform: Platform, run: RunRecord, columns: readonly string[]): Promise<void> {
  const { id, workspaceId, zone, ownerId, trainingSetId } = run;
  if (trainingSetId === null) return;
  const principal = {
    id,
    kind: 'WORKLOAD' as const,
    name: run.name,
    workspaceId,
    roles: [],
    zone,
    zones: [zone],
    onBehalfOf: ownerId,
  };
  const fields = columns.map((column) => `rows.${column}`).sort();
  await writeReads(platform, { principal, requestId: id, purpose: 'training' }, [
    { type: 'TrainingSet', ids: [trainingSetId], fields },
  ]);
}

/** The worker's ports over this deployment. `wake` is called at every notice of the run channel. */
export async function workerPorts(
  platform: Platform,
): Promise<{ ports: WorkerPorts<RunRecord>; stop: () => Promise<void> }> {
  const { database, plugins, vault } = platform;
  const tokens = platform.workloads?.tokens;
  const owner = `${process.pid}-${randomUUID()}`;
  let wake = () => {};
  const stop = await database.listen(RUN_CHANNEL, () => wake());

  /** A cancelled run did what was asked of it: its record is the cancellation's own, not that of a failed training. */
  const audit = async (
    tx: Tx,
    run: RunRecord,
    state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED',
    details: Record<string, unknown>,
  ): Promise<void> =>
    recordAudit(tx, {
      workspaceId: run.workspaceId,
      actorId: 'run-worker',
      actorKind: 'SERVICE',
      onBehalfOf: run.ownerId,
      action: state === 'CANCELLED' ? 'cancelTrainingRun' : 'finishTrainingRun',
      subjectType: 'Run',
      subjectId: run.id,
      outcome: state === 'FAILED' ? 'FAILED' : 'SUCCEEDED',
      reason: null,
      requestId: run.id,
      traceId: null,
      policyVersion: await platform.policyVersion(run.workspaceId),
      details: { state, ...details },
    });

  const endAccess = async (tx: Tx, run: RunRecord) => tokens?.revoke(tx, run.id);

  const ports: WorkerPorts<RunRecord> = {
    claim: () => claimRun(database, owner, (tx, run, { state, error }) => audit(tx, run, state, { error })),
    renew: (run) => renewLease(database, run.id, owner, async (tx) => tokens?.extend(tx, run.id, LEASE_SECONDS)),
    progress: (run, batch) => saveProgress(database, run, owner, batch),
    async train(run, signal, report) {
      const startedAt = new Date();
      // What was queued by an instrument reads nothing once that has ended.
      assertPermitInForce(`run ${run.name}`, run);
      try {
        return await executeTrainingRun(
          run.request,
          run.trainingSet,
          trainingPorts(
            plugins,
            vault,
            run,
            signal,
            () => runAccess(platform, run, owner, signal),
            (columns) => logTrainingRead(platform, run, columns),
          ),
          report,
        );
      } finally {
        await recordRunUsage(platform, run, startedAt);
      }
    },
    release: (run) => releaseRun(database, run.id, owner, (tx) => endAccess(tx, run)),
    async succeed(run, { result, evaluation, parity }) {
      const call = plugins.call({ id: run.ownerId }, { workspaceId: run.workspaceId, zone: run.zone });
      const artifact = await vault.put(
        {
          key: `models/${run.workspaceId}/${run.id}.onnx`,
          workspaceId: run.workspaceId,
          zone: run.zone,
          data: result.model,
          contentType: 'application/onnx',
        },
        call,
      );
      const trainer = plugins.list().find((plugin) => plugin.kind === 'trainer' && plugin.name === run.trainer);
      await finishRun(
        database,
        run,
        owner,
        {
          state: 'SUCCEEDED',
          evaluation,
          parity,
          result: {
            bestStep: result.bestStep,
            importance: result.importance,
            parameters: result.parameters,
            signature: signatureOf(result),
          },
          environment: {
            node: process.version,
            platform: process.platform,
            architecture: process.arch,
            trainer: trainer?.package,
            trainerVersion: trainer?.version,
            contract: trainer?.contract,
          },
          codeReference: process.env.FALAJ_CODE_REFERENCE ?? `${trainer?.package}@${trainer?.version}`,
          modelArtifactKey: artifact.key,
          modelDigest: artifact.digest,
        },
        async (tx) => {
          await endAccess(tx, run);
          await saveScores(tx, run, evaluation);
          await audit(tx, run, 'SUCCEEDED', { modelDigest: artifact.digest, parity: parity.passed });
        },
      );
    },
    fail: (run, state, error) =>
      finishRun(database, run, owner, { state, error }, async (tx) => {
        await endAccess(tx, run);
        await audit(tx, run, state, { error });
      }),
    wait: (signal) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = () => {};
          resolve();
        };
        const timer = setTimeout(done, POLL_MS);
        wake = done;
        signal.addEventListener('abort', done);
      }),
  };
  return { ports, stop };
}
