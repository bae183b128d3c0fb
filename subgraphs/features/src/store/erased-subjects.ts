// Who was erased: their rows are left out of whatever is built. Work that writes rows holds a share of one lock; an erasure
// takes it whole, so that what was built before it is found and what is built after it leaves them out.
import type { ErasedSubjects } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import type { SubjectKeys, SubjectPlace } from '@falaj/subgraph-kit';
import { and, eq, sql } from 'drizzle-orm';
import { erasedSubject } from './tables.js';

const lockOf = ({ workspaceId, zone }: SubjectPlace) =>
  sql`hashtextextended(${`features.erased_subject ${workspaceId} ${zone}`}, 0)`;

export async function erasedLookups(tx: Tx, { workspaceId, zone }: SubjectPlace): Promise<string[]> {
  const rows = await tx
    .select({ lookup: erasedSubject.lookup })
    .from(erasedSubject)
    .where(and(eq(erasedSubject.workspaceId, workspaceId), eq(erasedSubject.zone, zone)))
    .orderBy(erasedSubject.lookup);
  return rows.map(({ lookup }) => lookup);
}

/** Undefined where nobody was erased: then no key is asked for. */
export async function erasedSubjects(
  keys: Pick<SubjectKeys, 'findSecret'>,
  place: SubjectPlace,
  lookups: readonly string[],
): Promise<ErasedSubjects | undefined> {
  return lookups.length === 0 ? undefined : { secret: await keys.findSecret(place), lookups };
}

/** Throws CONFLICT where somebody was erased since `lookups` were read; until the transaction ends nobody will be. */
export async function holdErased(tx: Tx, place: SubjectPlace, lookups: readonly string[]): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${lockOf(place)})`);
  // Erased once is erased for ever: the number tells whether there are more.
  if ((await erasedLookups(tx, place)).length === lookups.length) return;
  throw new PlatformError(
    'CONFLICT',
    'A data subject was erased meanwhile, whose rows would be among these: ask again.',
    {
      details: { type: 'DataSubject' },
    },
  );
}

/** From the end of the transaction on nothing is built with their rows, and nothing that was is on its way. */
export async function leaveOut(tx: Tx, place: SubjectPlace, lookup: string, erasureId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${lockOf(place)})`);
  await tx
    .insert(erasedSubject)
    .values({ ...place, lookup, erasureId })
    .onConflictDoNothing();
}
