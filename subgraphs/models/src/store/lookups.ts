// Reads by what callers name: a model by name, a version by alias, an alias by instant; all under the policy.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import type { Governed } from '@falaj/subgraph-kit';
import { and, eq, type InferSelectModel, lte, type SQL, sql } from 'drizzle-orm';
import type { VersionSelector } from '../domain/alias.js';
import type { ModelsContext } from '../schema/context.js';
import { aliasChanges, type ModelRow, type ModelVersionRow, modelAliases, models, modelVersions } from './governed.js';
import { aliasChange, model, modelAlias, modelVersion } from './tables.js';

export async function modelNamed(context: ModelsContext, name: string): Promise<Governed<ModelRow> & { id: string }> {
  const [row] = await context.reads.byColumn(models, model.name, [name]);
  if (!row) throw new PlatformError('NOT_FOUND', `Model "${name}" not found.`, { details: { type: 'Model', name } });
  return row as Governed<ModelRow> & { id: string };
}

/** The highest version of each model among the zones of the caller. */
export const isLatest: SQL = sql`${modelVersion.version} = (select max(other.version) from models.model_version other where other.model_id = ${modelVersion.modelId})`;

/** The version of a model that a selector stands for at present; null where there is none. */
export async function selectedVersion(
  context: ModelsContext,
  modelId: string,
  selector: VersionSelector,
): Promise<Governed<ModelVersionRow> | null> {
  if (selector.kind === 'alias') {
    const { edges } = await context.reads.page(modelAliases, {
      first: 1,
      where: where(eq(modelAlias.modelId, modelId), eq(modelAlias.alias, selector.alias)),
    });
    const versionId = edges[0]?.node.modelVersionId;
    return versionId ? context.reads.byId(modelVersions, versionId) : null;
  }
  const wanted = selector.kind === 'latest' ? isLatest : eq(modelVersion.version, selector.version);
  const { edges } = await context.reads.page(modelVersions, {
    first: 1,
    where: where(eq(modelVersion.modelId, modelId), wanted),
  });
  return edges[0]?.node ?? null;
}

/** The version that an alias stood for at an instant; null where it stood for none. */
export async function versionAt(
  context: ModelsContext,
  modelId: string,
  alias: string,
  at: Date,
): Promise<Governed<ModelVersionRow> | null> {
  const { edges } = await context.reads.page(aliasChanges, {
    first: 1,
    where: where(eq(aliasChange.modelId, modelId), eq(aliasChange.alias, alias), lte(aliasChange.at, at)),
  });
  const change = edges[0]?.node;
  return change?.action === 'SET' && change.modelVersionId
    ? context.reads.byId(modelVersions, change.modelVersionId)
    : null;
}

const where = (...conditions: SQL[]): SQL => and(...conditions) ?? sql`true`;

/** A version with all its columns, for the platform's own look-ups after the caller's right was checked. */
export async function versionRecord(tx: Tx, id: string): Promise<InferSelectModel<typeof modelVersion>> {
  const [row] = await tx.select().from(modelVersion).where(eq(modelVersion.id, id));
  if (!row) throw new PlatformError('NOT_FOUND', 'ModelVersion not found.', { details: { type: 'ModelVersion' } });
  return row;
}
