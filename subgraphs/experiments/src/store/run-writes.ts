// Changes of runs that users log themselves, each in the transaction of its mutation.
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
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
  readonly transferInstruments?: string[];
  readonly permittedUntil?: Date | null;
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
const outOfTurn = (rule: string, limit: string, whatToDo: string, { kind, state, archivedAt }: Standing) =>
  refused(
    { rule, found: `a ${kind} run that is ${archivedAt ? 'archived' : state}`, limit, whatToDo },
    'PRECONDITION_FAILED',
    { kind, state, archived: archivedAt !== null },
  );

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
    throw outOfTurn(
      'FINISH_WHAT_YOU_LOG',
      'a LOGGED run',
      'ask for cancelRun; the platform ends its training runs',
      standing,
    );
  if (standing.state === end.state) return;
  if (standing.state !== 'RUNNING') throw outOfTurn('AN_END_IS_FINAL', 'RUNNING', 'log another run', standing);
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
    throw outOfTurn('ARCHIVE_WHAT_HAS_ENDED', 'a run that has ended', 'finish or cancel it first', standing);
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
  throw outOfTurn(
    'CANCEL_WHAT_TRAINS',
    'a training that is QUEUED or RUNNING',
    standing.kind === 'LOGGED' ? 'end it with finishRun(state: CANCELLED)' : 'leave it; it has ended',
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
    throw refused({
      rule: 'ARTIFACTS_OF_A_RUN',
      found: `${count} artifacts`,
      limit: `at most ${MAX_ARTIFACTS}`,
      whatToDo: 'put several files into one archive',
    });
  await tx.insert(runArtifact).values(artifact);
}

export const notArchived = isNull(run.archivedAt);
