import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { and, desc, eq, lt } from 'drizzle-orm';
import type { CardSections } from '../domain/model-card.js';
import { modelCard } from './promotion-tables.js';
import { modelVersion } from './tables.js';

export interface CardRevision {
  readonly id: string;
  readonly revision: number;
  readonly sections: CardSections;
  readonly digest: string;
}

/** The newest card of a version. */
export async function cardOf(tx: Tx, modelVersionId: string): Promise<CardRevision | null> {
  const [row] = await tx
    .select({ id: modelCard.id, revision: modelCard.revision, sections: modelCard.sections, digest: modelCard.digest })
    .from(modelCard)
    .where(eq(modelCard.modelVersionId, modelVersionId))
    .orderBy(desc(modelCard.revision))
    .limit(1);
  return row ?? null;
}

/** The newest card of the nearest earlier version that has one. */
export async function cardBefore(tx: Tx, modelId: string, version: number): Promise<CardRevision | null> {
  const [row] = await tx
    .select({ id: modelCard.id, revision: modelCard.revision, sections: modelCard.sections, digest: modelCard.digest })
    .from(modelCard)
    .innerJoin(modelVersion, eq(modelVersion.id, modelCard.modelVersionId))
    .where(and(eq(modelVersion.modelId, modelId), lt(modelVersion.version, version)))
    .orderBy(desc(modelVersion.version), desc(modelCard.revision))
    .limit(1);
  return row ?? null;
}

export async function insertCard(tx: Tx, row: Omit<typeof modelCard.$inferInsert, 'revision'>): Promise<number> {
  const revision = ((await cardOf(tx, row.modelVersionId))?.revision ?? 0) + 1;
  const made = await tx
    .insert(modelCard)
    .values({ ...row, revision })
    .onConflictDoNothing()
    .returning({ id: modelCard.id });
  if (made.length === 0)
    throw new PlatformError('CONFLICT', 'Somebody else saved this card meanwhile; look again and repeat.');
  return revision;
}
