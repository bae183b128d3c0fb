// The credential of a training run's own program: it acts as the run, with the role that policy.ts limits to the run and
// what it reads, and it lives exactly as long as the lease of the process that started it.
import { once } from 'node:events';
import type { PlatformAccess } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { TRAINING_RUN_ROLE } from '../policy.js';
import { LEASE_SECONDS, type RunRecord, renewLease } from './run-queue.js';

/** What a trainer plugin names among its capabilities when it hands the graph on to the program that it runs. */
const PLATFORM_ACCESS = 'platform-access';

/**
 * Undefined for trainers that ask for none. Waits until the graph can be asked. Throws CONFLICT where the lease is lost.
 */
export async function runAccess(
  { workloads, database, plugins }: Platform,
  run: RunRecord,
  owner: string,
  signal: AbortSignal,
): Promise<PlatformAccess | undefined> {
  const trainer = plugins.list().find(({ kind, name }) => kind === 'trainer' && name === run.trainer);
  if (!workloads || !trainer?.capabilities.includes(PLATFORM_ACCESS)) return undefined;
  const url = await Promise.race([workloads.graphUrl, once(signal, 'abort').then(() => undefined)]);
  if (url === undefined) throw new PlatformError('CONFLICT', 'The run was stopped before its program began.');
  const { id, name, ownerId, workspaceId, zone, trainingSetId, trainingSet } = run;
  const token = await renewLease(database, id, owner, (tx) =>
    workloads.tokens.issue(tx, {
      workspaceId,
      workloadId: id,
      name,
      role: TRAINING_RUN_ROLE,
      resources: [id, trainingSetId, ...trainingSet.featureViews.map((view) => view.id)],
      zone,
      zones: [...new Set([zone, trainingSet.zone])],
      onBehalfOf: ownerId,
      seconds: LEASE_SECONDS,
    }),
  );
  if (token.also === undefined)
    throw new PlatformError('CONFLICT', 'The run was taken over by another process; it does not begin here.');
  return { url, token: token.also };
}
