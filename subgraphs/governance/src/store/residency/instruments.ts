// Statements about transfer instruments; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import { instrumentTypes, type TransferInstrument } from '@falaj/policy';
import { PlatformError, refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, desc, eq, gt, lte, sql } from 'drizzle-orm';
import { type DecisionStep, requireDecidable } from '../../domain/four-eyes-decision.js';
import type { Actor } from '../incidents/writes.js';
import { transferInstrument } from './tables.js';

/** Approved, begun and not ended: what counts at this moment. */
export async function instrumentsInForce(tx: Tx, workspaceId: string): Promise<TransferInstrument[]> {
  const rows = await tx
    .select()
    .from(transferInstrument)
    .where(
      and(
        eq(transferInstrument.workspaceId, workspaceId),
        eq(transferInstrument.state, 'APPROVED'),
        lte(transferInstrument.validFrom, sql`clock_timestamp()`),
        gt(transferInstrument.validTo, sql`clock_timestamp()`),
      ),
    )
    .orderBy(desc(transferInstrument.validTo));
  return rows.map((row) => ({ ...row, validTo: row.validTo.toISOString() }));
}

export interface WantedInstrument {
  readonly type: string;
  readonly dataZone: string;
  readonly categories: readonly string[];
  readonly targetZones: readonly string[];
  readonly reference: string;
  readonly documentDigest: string | null;
  readonly reason: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

/** Throws where no rule of law knows such an instrument for such data, or its time is over already. */
export async function recordInstrument(tx: Tx, actor: Actor, wanted: WantedInstrument, now: Date): Promise<string> {
  const { type, dataZone, categories, targetZones, validTo } = wanted;

  for (const category of categories) {
    const known = instrumentTypes(dataZone, category);
    if (known.includes(type)) continue;
    throw refused(
      {
        rule: 'INSTRUMENT_OF_A_LAW',
        found: `${type} for ${category} data of ${dataZone}`,
        limit: known.length > 0 ? `one of ${known.join(', ')}` : 'a law that knows instruments',
        whatToDo: 'look at residencyRules { id instruments } and record what the law names',
      },
      'BAD_USER_INPUT',
    );
  }
  if (validTo <= now)
    throw refused({
      rule: 'INSTRUMENT_PERIOD',
      found: `until ${validTo.toISOString()}`,
      limit: 'an end that is ahead',
      whatToDo: 'record the instrument that follows it',
    });
  const id = newId('ins');
  await tx.insert(transferInstrument).values({
    ...wanted,
    id,
    ...actor,
    categories: [...new Set(categories)],
    targetZones: [...new Set(targetZones)],
    state: 'REQUESTED',
  });
  return id;
}

/** Whoever recorded it does not decide; an approved one may be revoked. */
export async function decideInstrument(tx: Tx, actor: Actor, id: string, step: DecisionStep): Promise<void> {
  const [row] = await tx.select().from(transferInstrument).where(eq(transferInstrument.id, id)).for('update');
  if (!row)
    throw new PlatformError('NOT_FOUND', 'TransferInstrument not found.', { details: { type: 'TransferInstrument' } });
  requireDecidable({ ...row, endsAt: row.validTo }, actor.ownerId, step, {
    rule: 'INSTRUMENT',
    asked: 'recorded it',
    again: 'record it anew with recordTransferInstrument',
  });
  await tx
    .update(transferInstrument)
    .set({ state: step.to, decidedById: actor.ownerId, decision: step.reason, decidedAt: step.now })
    .where(eq(transferInstrument.id, id));
}
