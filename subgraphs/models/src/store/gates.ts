// Reads and revisions of gate sets and of the list of protected aliases.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { desc, eq, isNull, sql } from 'drizzle-orm';
import { builtInGateSet, builtInProtection, type CurrentGates } from '../domain/gate-set.js';
import { aliasProtection, gateSet } from './promotion-tables.js';

/** The gates that count for a model: its own, else the workspace's, else the built-in ones. */
export async function currentGates(
  tx: Tx,
  modelId: string | null,
): Promise<CurrentGates & { readonly id: string | null }> {
  const own = modelId === null ? undefined : await newest(tx, modelId);
  if (own) return { ...own, scope: 'MODEL' };
  const shared = await newest(tx, null);
  return shared ? { ...shared, scope: 'WORKSPACE' } : { ...builtInGateSet, id: null };
}

async function newest(tx: Tx, modelId: string | null) {
  const [row] = await tx
    .select({ id: gateSet.id, revision: gateSet.revision, definition: gateSet.definition, digest: gateSet.digest })
    .from(gateSet)
    .where(modelId === null ? isNull(gateSet.modelId) : eq(gateSet.modelId, modelId))
    .orderBy(desc(gateSet.revision))
    .limit(1);
  return row;
}

export async function insertGateSet(
  tx: Tx,
  row: Omit<typeof gateSet.$inferInsert, 'revision'> & { readonly modelId: string | null },
): Promise<number> {
  const revision = ((await newest(tx, row.modelId))?.revision ?? 0) + 1;
  const made = await tx
    .insert(gateSet)
    .values({ ...row, revision })
    .onConflictDoNothing()
    .returning({ id: gateSet.id });
  if (made.length === 0) throw changed();
  return revision;
}

export async function protectedAliases(tx: Tx): Promise<readonly string[]> {
  const [row] = await tx
    .select({ aliases: aliasProtection.aliases })
    .from(aliasProtection)
    .orderBy(desc(aliasProtection.revision))
    .limit(1);
  return row?.aliases ?? builtInProtection;
}

export async function insertProtection(
  tx: Tx,
  row: Omit<typeof aliasProtection.$inferInsert, 'revision'>,
): Promise<number> {
  const [last] = await tx
    .select({ revision: sql<number | null>`max(${aliasProtection.revision})` })
    .from(aliasProtection);
  const revision = (last?.revision ?? 0) + 1;
  const made = await tx
    .insert(aliasProtection)
    .values({ ...row, revision })
    .onConflictDoNothing()
    .returning({ id: aliasProtection.id });
  if (made.length === 0) throw changed();
  return revision;
}

const changed = () => new PlatformError('CONFLICT', 'Somebody else changed it meanwhile; look again and repeat.');
