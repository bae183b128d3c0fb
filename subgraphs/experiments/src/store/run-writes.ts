// Changes of runs that users log themselves, each in the transaction of its mutation.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { notify } from './run-queue.js';
import { runArtifact } from './run-tables.js';
import { run } from './tables.js';

export interface NewRun {
  readonly id: string;
  readonly workspaceId: string;
  readonly ownerId: string;
  readonly owner: string;
  readonly zone: string;
  readonly experimentId: string;
  readonly name: string;
  readonly allowedZones: readonly string[];
  readonly categories: readonly string[];
  readonly startedAt: Date;
}

export async function insertLoggedRun(tx: Tx, record: NewRun): Promise<void> {
  await tx.insert(run).values({
    ...record,
    allowedZones: [...record.allowedZones],
    categories: [...record.categories],
    kind: 'LOGGED',
    state: 'RUNNING',
  });
}

interface Standing {
  readonly kind: string;
  readonly state: string;
  readonly archivedAt: Date | null;
}
const refused = (message: string, { kind, state, archivedAt }: Standing) =>
  new PlatformError('PRECONDITION_FAILED', message, { details: { kind, state, archived: archivedAt !== null } });

/** Locks the run and answers how it stands. Throws NOT_FOUND. */
async function locked(tx: Tx, id: string): Promise<Standing> {
  const [found] = await tx
    .select({ kind: run.kind, state: run.state, archivedAt: run.archivedAt })
    .from(run)
    .where(eq(run.id, id))
    .for('update');
  if (!found) throw new PlatformError('NOT_FOUND', 'Run not found.', { details: { type: 'Run' } });
  return found;
}

/** The end of a logged run; the same end again changes nothing. Throws PRECONDITION_FAILED. */
export async function endLoggedRun(
  tx: Tx,
  id: string,
  end: { readonly state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED'; readonly error: string | null },
): Promise<void> {
  const standing = await locked(tx, id);
  if (standing.kind !== 'LOGGED')
    throw refused('The platform itself ends its training runs; ask for `cancelRun`.', standing);
  if (standing.state === end.state) return;
  if (standing.state !== 'RUNNING') throw refused(`The run is ${standing.state} already; an end is final.`, standing);
  await tx
    .update(run)
    .set({ ...end, finishedAt: new Date(), revision: sql`${run.revision} + 1` })
    .where(eq(run.id, id));
  await notify(tx, id);
}

/** Hides a finished run from lists and searches, or shows it again; nothing of it is lost. Throws PRECONDITION_FAILED. */
export async function setArchived(tx: Tx, id: string, archived: boolean): Promise<void> {
  const standing = await locked(tx, id);
  if (archived && (standing.state === 'RUNNING' || standing.state === 'QUEUED'))
    throw refused(`The run is ${standing.state}; finish or cancel it before it is archived.`, standing);
  if (archived === (standing.archivedAt !== null)) return;
  await tx
    .update(run)
    .set({ archivedAt: archived ? new Date() : null })
    .where(eq(run.id, id));
}

/** Asks the holder of a training to stop. Throws PRECONDITION_FAILED. */
export async function requestCancel(tx: Tx, id: string): Promise<void> {
  const changed = await tx
    .update(run)
    .set({ cancelRequested: true })
    .where(and(eq(run.id, id), eq(run.kind, 'TRAINING'), inArray(run.state, ['QUEUED', 'RUNNING'])))
    .returning({ id: run.id });
  if (changed.length > 0) return notify(tx, id);
  const standing = await locked(tx, id);
  throw refused(
    standing.kind === 'LOGGED'
      ? 'The run is logged by its user, who ends it with `finishRun(state: CANCELLED)`.'
      : `The run is ${standing.state}; only a queued or running one can be cancelled.`,
    standing,
  );
}

const MAX_ARTIFACTS = 1_000;

/** Enters a file that the vault holds. The same bytes again change nothing; others are a CONFLICT. */
export async function saveArtifact(tx: Tx, artifact: typeof runArtifact.$inferInsert): Promise<void> {
  const { runId, path, digest } = artifact;
  const [known] = await tx
    .select({ digest: runArtifact.digest })
    .from(runArtifact)
    .where(and(eq(runArtifact.runId, runId), eq(runArtifact.path, path)));
  if (known?.digest === digest) return;
  if (known)
    throw new PlatformError(
      'CONFLICT',
      `The run has another file at "${path}": ${known.digest}. Artifacts never change; log it under another path.`,
      { details: { path, found: digest, known: known.digest } },
    );
  const count = await tx.$count(runArtifact, eq(runArtifact.runId, runId));
  if (count >= MAX_ARTIFACTS)
    throw new PlatformError('PRECONDITION_FAILED', `The run has ${count} artifacts; the limit is ${MAX_ARTIFACTS}.`, {
      details: { found: count, limit: MAX_ARTIFACTS },
    });
  await tx.insert(runArtifact).values(artifact);
}

export const notArchived = isNull(run.archivedAt);
