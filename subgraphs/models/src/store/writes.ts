// Statements that change this subgraph's tables; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, type InferInsertModel, sql } from 'drizzle-orm';
import { type AliasCause, aliasChange, model, modelAlias, modelVersion } from './tables.js';

export async function insertModel(tx: Tx, row: InferInsertModel<typeof model>): Promise<void> {
  const made = await tx.insert(model).values(row).onConflictDoNothing().returning({ id: model.id });
  if (made.length === 0)
    throw new PlatformError(
      'CONFLICT',
      `A model "${row.name}" exists already; register versions of it or choose another name.`,
      { details: { name: row.name } },
    );
}

/**
 * Adds the next version of a model. The model's counter is locked until the transaction ends, so that concurrent
 * registrations take turns and numbers have no gap and no twin, also across zones that the caller does not see.
 */
export async function insertVersion(
  tx: Tx,
  row: Omit<InferInsertModel<typeof modelVersion>, 'version'>,
): Promise<number> {
  const [counted] = await tx
    .update(model)
    .set({ lastVersion: sql`${model.lastVersion} + 1` })
    .where(eq(model.id, row.modelId))
    .returning({ version: model.lastVersion });
  if (!counted) throw new PlatformError('NOT_FOUND', 'Model not found.', { details: { type: 'Model' } });
  // A run, or a file from outside, is one version of a model.
  const same = row.runId
    ? eq(modelVersion.runId, row.runId)
    : and(eq(modelVersion.origin, 'EXTERNAL'), eq(modelVersion.digest, row.digest));
  const [twin] = await tx
    .select({ version: modelVersion.version })
    .from(modelVersion)
    .where(and(eq(modelVersion.modelId, row.modelId), same));
  if (twin) {
    throw new PlatformError(
      'CONFLICT',
      `This ${row.runId ? 'run' : 'file'} is version ${twin.version} of ${row.modelName} already; use that version.`,
      { details: { model: row.modelName, version: twin.version } },
    );
  }
  await tx.insert(modelVersion).values({ ...row, version: counted.version });
  return counted.version;
}

export interface AliasOf {
  readonly workspaceId: string;
  readonly modelId: string;
  readonly modelName: string;
  readonly alias: string;
  readonly byId: string;
  readonly by: string;
}

/** Why an alias moves; kept in its history. */
export interface AliasMove {
  readonly cause: AliasCause;
  readonly reason: string | null;
  readonly promotionId?: string;
}

const direct: AliasMove = { cause: 'DIRECT', reason: null };

/** Lets an alias stand for a version, in the table and in its history; where it does already, nothing changes. */
export async function moveAlias(
  tx: Tx,
  of: AliasOf,
  version: number,
  why: AliasMove = direct,
): Promise<{ aliasId: string; modelVersionId: string }> {
  await lockModel(tx, of.modelId);
  const [target] = await tx
    .select({ id: modelVersion.id })
    .from(modelVersion)
    .where(and(eq(modelVersion.modelId, of.modelId), eq(modelVersion.version, version)));
  if (!target)
    throw new PlatformError('NOT_FOUND', `${of.modelName} has no version ${version}.`, {
      details: { type: 'ModelVersion', model: of.modelName, version },
    });
  const current = await aliasNow(tx, of);
  if (current?.modelVersionId === target.id) return { aliasId: current.id, modelVersionId: target.id };
  const at = await instantOfChange(tx, of);
  const moved = { modelVersionId: target.id, setAt: at, setById: of.byId, setBy: of.by };
  const aliasId = current?.id ?? newId('mal');
  if (current) await tx.update(modelAlias).set(moved).where(eq(modelAlias.id, aliasId));
  else
    await tx.insert(modelAlias).values({
      id: aliasId,
      workspaceId: of.workspaceId,
      modelId: of.modelId,
      modelName: of.modelName,
      alias: of.alias,
      ...moved,
    });
  await tx
    .insert(aliasChange)
    .values({ id: newId('alc'), ...of, ...why, action: 'SET', modelVersionId: target.id, at });
  return { aliasId, modelVersionId: target.id };
}

export async function removeAlias(
  tx: Tx,
  of: AliasOf,
  why: AliasMove = direct,
): Promise<{ aliasId: string; modelVersionId: string }> {
  await lockModel(tx, of.modelId);
  const current = await aliasNow(tx, of);
  if (!current)
    throw new PlatformError('NOT_FOUND', `${of.modelName} has no alias "${of.alias}".`, {
      details: { type: 'ModelAlias', model: of.modelName, alias: of.alias },
    });
  const { id: aliasId, modelVersionId } = current;
  await tx.delete(modelAlias).where(eq(modelAlias.id, aliasId));
  await tx
    .insert(aliasChange)
    .values({ id: newId('alc'), ...of, ...why, action: 'REMOVED', modelVersionId, at: await instantOfChange(tx, of) });
  return { aliasId, modelVersionId };
}

/** Changes of a model's aliases, gates and promotions take turns. */
export async function lockModel(tx: Tx, id: string): Promise<void> {
  await tx.select({ id: model.id }).from(model).where(eq(model.id, id)).for('update');
}

export async function aliasNow(
  tx: Tx,
  { modelId, alias }: Pick<AliasOf, 'modelId' | 'alias'>,
): Promise<{ id: string; modelVersionId: string } | undefined> {
  const [row] = await tx
    .select({ id: modelAlias.id, modelVersionId: modelAlias.modelVersionId })
    .from(modelAlias)
    .where(and(eq(modelAlias.modelId, modelId), eq(modelAlias.alias, alias)));
  return row;
}

/** Now, in the milliseconds that callers can name, and never before the alias's last change, whatever the clock does. */
async function instantOfChange(tx: Tx, { modelId, alias }: AliasOf): Promise<Date> {
  const last = sql`(select max(${aliasChange.at}) from ${aliasChange} where ${aliasChange.modelId} = ${modelId} and ${aliasChange.alias} = ${alias})`;
  const { rows } = await tx.execute<{ ms: number }>(
    sql`select (extract(epoch from greatest(date_trunc('milliseconds', clock_timestamp()), ${last})) * 1000)::bigint as ms`,
  );
  return new Date(Number(rows[0]?.ms));
}
