// An alias back to a version that it stood for before.
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { and, desc, eq, type InferSelectModel, ne } from 'drizzle-orm';
import { aliasChange, modelVersion } from './tables.js';
import { type AliasOf, aliasNow, lockModel, moveAlias } from './writes.js';

export interface RollbackTarget {
  readonly version: InferSelectModel<typeof modelVersion>;
  /** Id of the version that the alias names at present. */
  readonly from: string;
}

/** The version asked for, else the last other one that the alias stood for. Throws where the history has none. */
export async function rollbackTarget(tx: Tx, of: AliasOf, version: number | null): Promise<RollbackTarget> {
  const standing = await aliasNow(tx, of);
  if (!standing)
    throw refused({
      rule: 'ROLLBACK_TO_HISTORY',
      found: `"${of.alias}" at no version`,
      limit: 'an alias that stands for a version',
      whatToDo: 'request a promotion',
    });
  const [found] = await tx
    .select({ version: modelVersion })
    .from(aliasChange)
    .innerJoin(modelVersion, eq(modelVersion.id, aliasChange.modelVersionId))
    .where(
      and(
        eq(aliasChange.modelId, of.modelId),
        eq(aliasChange.alias, of.alias),
        eq(aliasChange.action, 'SET'),
        ne(aliasChange.modelVersionId, standing.modelVersionId),
        ...(version === null ? [] : [eq(modelVersion.version, version)]),
      ),
    )
    .orderBy(desc(aliasChange.sequence))
    .limit(1);
  if (!found)
    throw refused({
      rule: 'ROLLBACK_TO_HISTORY',
      found:
        version === null
          ? `"${of.alias}", which stood for no other version before`
          : `version ${version}, for which "${of.alias}" never stood, or stands now`,
      limit: 'a version that the alias stood for',
      whatToDo: 'request a promotion',
    });
  return { version: found.version, from: standing.modelVersionId };
}

/** CONFLICT where the alias moved since the target was looked up. */
export async function rollbackAlias(
  tx: Tx,
  of: AliasOf,
  { version, from }: RollbackTarget,
  reason: string,
): Promise<{ aliasId: string; modelVersionId: string }> {
  await lockModel(tx, of.modelId);
  if ((await aliasNow(tx, of))?.modelVersionId !== from)
    throw new PlatformError('CONFLICT', `"${of.alias}" moved meanwhile; look again and repeat.`);
  return moveAlias(tx, of, version.version, { cause: 'ROLLBACK', reason });
}
