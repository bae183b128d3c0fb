// What becomes of a data subject in the rows of this subgraph. Every part may be done again and then finds nothing.
import type { RedactedTrainingSet, TrainingColumn } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { isPlatformError, PlatformError } from '@falaj/runtime';
import type { SubjectPlace } from '@falaj/subgraph-kit';
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { personsIn } from '../domain/subject-rows.js';
import type { FeaturesContext } from '../schema/context.js';
import { plannedView, type SourcedView, specOf } from './lookups.js';
import { pluginEngine } from './plugin-engine.js';
import { dataSource, entity, featureView, trainingSet, trainingSetRedaction } from './tables.js';

export type TrainingSetRecord = typeof trainingSet.$inferSelect;

/** What may hold rows of persons in a zone. */
export interface SubjectHoldings {
  readonly featureViewIds: readonly string[];
  readonly trainingSetIds: readonly string[];
  /** Names of the files that views of persons and their training sets were made from. */
  readonly sources: readonly string[];
}

export async function subjectHoldings(tx: Tx, { workspaceId, zone }: SubjectPlace): Promise<SubjectHoldings> {
  const views = await tx
    .select({ id: featureView.id, source: dataSource.name })
    .from(featureView)
    .innerJoin(entity, eq(entity.id, featureView.entityId))
    .innerJoin(dataSource, eq(dataSource.id, featureView.sourceId))
    .where(and(eq(featureView.workspaceId, workspaceId), eq(featureView.zone, zone), isNotNull(entity.subjectKey)))
    .orderBy(featureView.id);
  const sets = await tx
    .select({ id: trainingSet.id, source: dataSource.name })
    .from(trainingSet)
    .innerJoin(dataSource, eq(dataSource.id, trainingSet.labelSourceId))
    .where(
      and(
        eq(trainingSet.workspaceId, workspaceId),
        eq(trainingSet.zone, zone),
        sql`jsonb_path_exists(${trainingSet.manifest}, '$.spec.views[*].spec.subjectKey')`,
      ),
    )
    .orderBy(trainingSet.id);
  return {
    featureViewIds: views.map(({ id }) => id),
    trainingSetIds: sets.map(({ id }) => id),
    sources: [...new Set([...views, ...sets].map(({ source }) => source))].sort(),
  };
}

/** Takes the online rows of the subject away, and builds the view anew without them; answers the rows taken away. */
export async function eraseFromView(context: FeaturesContext, found: SourcedView, subject: string) {
  const { view } = found;
  const { subject: named } = plannedView(found);
  if (!named) return { onlineRows: 0, built: null };
  const { plugins } = context.platform;
  const place = { workspaceId: context.principal.workspaceId, zone: view.zone };
  const [lookup] = await context.services.subjects.lookups(place, [subject]);
  const { removed } = await plugins
    .get('online-store')
    .removeByKeyPart(
      { view: view.name, version: view.version, part: named.part, value: lookup as string },
      context.pluginCall(view.zone),
    );
  const built = view.state === 'BUILT' ? await pluginEngine(context, view.zone).buildView(specOf(found)) : null;
  return { onlineRows: removed, built };
}

export interface RedactedSet {
  readonly before: TrainingSetRecord;
  readonly redacted: RedactedTrainingSet;
  readonly artifact: { readonly key: string; readonly digest: string };
}

/** The set without the subject, sealed anew beside the old one; null where it holds nothing of them. */
export async function redactSet(
  context: FeaturesContext,
  before: TrainingSetRecord,
  subject: string,
  erasureId: string,
): Promise<RedactedSet | null> {
  const { plugins, vault } = context.platform;
  const { workspaceId } = context.principal;
  const { zone } = before;
  const persons = personsIn(before.manifest.spec);
  const call = context.pluginCall(zone);
  const place = { workspaceId, zone };
  const data = await vault.get(before.artifactKey, before.artifactDigest, place, call).catch(async (error: unknown) => {
    if (
      isPlatformError(error) &&
      error.code === 'NOT_FOUND' &&
      (await keyOf(context, before.id)) !== before.artifactKey
    )
      throw changedMeanwhile();
    throw error;
  });
  // A set in which every row is about one person by definition has no column that says so.
  const all = persons.constants.includes(subject);
  const offline = plugins.get('offline-store');
  const redacted = await offline.redactTrainingSet(
    { data, columns: all ? [] : persons.columns, subject, ...(all ? { everyRow: true } : {}) },
    call,
  );
  if (redacted.removed === 0) return null;
  const key = `training-sets/${workspaceId}/${before.id}.${erasureId}.parquet`;
  const contentType = 'application/vnd.apache.parquet';
  const artifact = await vault.put({ key, ...place, data: redacted.data, contentType }, call);
  return { before, redacted, artifact };
}

/** The set goes on under what is left of it; what it was is on record by its digest only. */
export async function saveRedaction(
  context: FeaturesContext,
  tx: Tx,
  { before, redacted, artifact }: RedactedSet,
  erasureId: string,
): Promise<void> {
  await takeTurn(tx, before.id);
  const columns: TrainingColumn[] = before.columns.map((column) => ({
    ...column,
    nulls: redacted.nulls[column.name] ?? column.nulls,
  }));
  const instant = (time: number | null) => (time === null ? null : new Date(time));
  const { rows, digest } = redacted;
  const saved = await tx
    .update(trainingSet)
    .set({
      rows,
      digest,
      columns,
      manifest: { ...before.manifest, rows, digest },
      artifactKey: artifact.key,
      artifactDigest: artifact.digest,
      firstEventTime: instant(redacted.firstEventTime),
      lastEventTime: instant(redacted.lastEventTime),
    })
    .where(and(eq(trainingSet.id, before.id), eq(trainingSet.artifactDigest, before.artifactDigest)))
    .returning({ id: trainingSet.id });
  // Two erasures that began on the same set: the later one would bring the rows of the earlier one back.
  if (saved.length === 0) throw changedMeanwhile();
  // The earlier one may also have removed this object, which was no set's until now.
  const store = context.platform.plugins.get('artifact-store');
  const [kept] = await store.list({ prefix: artifact.key, after: null, limit: 1 }, context.pluginCall(before.zone));
  if (kept === undefined) throw changedMeanwhile();
  await tx.insert(trainingSetRedaction).values({
    workspaceId: before.workspaceId,
    zone: before.zone,
    trainingSetId: before.id,
    erasureId,
    rowsRemoved: redacted.removed,
    digestBefore: before.digest,
    artifactDigestBefore: before.artifactDigest,
  });
}

/** Every object of the set that is not what the set is now: what it was before, and what a killed attempt left. */
export async function removeFormer(context: FeaturesContext, { id, zone }: TrainingSetRecord): Promise<void> {
  const { workspaceId } = context.principal;
  const { plugins, vault } = context.platform;
  const call = context.pluginCall(zone);
  const prefix = `training-sets/${workspaceId}/${id}.`;
  await context.transaction(async (tx) => {
    // Until they are gone no erasure makes one of them the set.
    await takeTurn(tx, id);
    const [now] = await tx.select({ key: trainingSet.artifactKey }).from(trainingSet).where(eq(trainingSet.id, id));
    const objects = await plugins.get('artifact-store').list({ prefix, after: null, limit: 1_000 }, call);
    for (const { key } of objects) if (key !== now?.key) await vault.remove(key, call);
  });
}

/** One erasure at a time from here to the end of the transaction, of those that save or remove objects of the set. */
const takeTurn = (tx: Tx, id: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`features.training_set ${id}`}, 0))`);

async function keyOf(context: FeaturesContext, id: string): Promise<string | undefined> {
  const [now] = await context.transaction((tx) =>
    tx.select({ key: trainingSet.artifactKey }).from(trainingSet).where(eq(trainingSet.id, id)),
  );
  return now?.key;
}

const changedMeanwhile = () =>
  new PlatformError('CONFLICT', 'The training set was changed by another erasure meanwhile: ask again.', {
    retryAfterMs: 100,
    details: { type: 'TrainingSet' },
  });
