// Statements about waivers; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, desc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { WAIVER_DAYS } from '../../domain/compliance/finding.js';
import { type DecisionStep, requireDecidable } from '../../domain/four-eyes-decision.js';
import type { Actor } from '../incidents/writes.js';
import { complianceWaiver } from './tables.js';

/** By check id the waiver that counts now: approved, not expired, of everything or of this very object. */
export async function waiversInForce(
  tx: Tx,
  workspaceId: string,
  subject: { readonly type: string; readonly id: string } | null,
): Promise<ReadonlyMap<string, string>> {
  const whole = isNull(complianceWaiver.subjectType);
  const rows = await tx
    .select({ id: complianceWaiver.id, checkId: complianceWaiver.checkId })
    .from(complianceWaiver)
    .where(
      and(
        eq(complianceWaiver.workspaceId, workspaceId),
        eq(complianceWaiver.state, 'APPROVED'),
        gt(complianceWaiver.expiresAt, sql`clock_timestamp()`),
        subject
          ? or(whole, and(eq(complianceWaiver.subjectType, subject.type), eq(complianceWaiver.subjectId, subject.id)))
          : whole,
      ),
    )
    .orderBy(desc(complianceWaiver.expiresAt));
  return new Map(rows.map(({ checkId, id }) => [checkId, id] as const).reverse());
}

export async function requestWaiver(
  tx: Tx,
  actor: Actor,
  wanted: {
    readonly checkId: string;
    readonly subject: { readonly type: string; readonly id: string } | null;
    readonly reason: string;
    readonly expiresAt: Date;
  },
  now: Date,
): Promise<string> {
  const latest = new Date(now.getTime() + WAIVER_DAYS * 86_400_000);
  if (wanted.expiresAt <= now || wanted.expiresAt > latest) {
    throw refused({
      rule: 'WAIVER_PERIOD',
      found: `until ${wanted.expiresAt.toISOString()}`,
      limit: `after now and not after ${latest.toISOString()} (${WAIVER_DAYS} days)`,
      whatToDo: 'shorten it; it can be asked for again',
    });
  }
  const id = newId('wav');
  await tx.insert(complianceWaiver).values({
    id,
    ...actor,
    checkId: wanted.checkId,
    subjectType: wanted.subject?.type ?? null,
    subjectId: wanted.subject?.id ?? null,
    reason: wanted.reason,
    expiresAt: wanted.expiresAt,
    state: 'REQUESTED',
  });
  return id;
}

/** Whoever asked does not decide; what is decided is not decided again, but an approved one may be revoked. */
export async function decideWaiver(tx: Tx, actor: Actor, id: string, step: DecisionStep): Promise<void> {
  const [row] = await tx.select().from(complianceWaiver).where(eq(complianceWaiver.id, id)).for('update');
  if (!row)
    throw new PlatformError('NOT_FOUND', 'ComplianceWaiver not found.', { details: { type: 'ComplianceWaiver' } });
  requireDecidable({ ...row, endsAt: row.expiresAt }, actor.ownerId, step, {
    rule: 'WAIVER',
    asked: 'asked for it',
    again: 'request a new waiver with requestWaiver',
  });
  await tx
    .update(complianceWaiver)
    .set({ state: step.to, decidedById: actor.ownerId, decision: step.reason, decidedAt: step.now })
    .where(eq(complianceWaiver.id, id));
}
