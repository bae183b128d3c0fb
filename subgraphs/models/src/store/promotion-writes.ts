// The life of a promotion in the tables. Everything here runs under the model's lock: of two approvals at once, one
// finds the other's work done.

import type { Tx } from '@falaj/database';
import { principalsOfPersons } from '@falaj/identity';
import { type Decider, requireIndependent } from '@falaj/policy';
import { PlatformError, refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, type InferSelectModel } from 'drizzle-orm';
import { type MissingApproval, missingApprovals, type PromotionState } from '../domain/approval.js';
import { failedOf } from '../domain/promotion-checks.js';
import { type EvaluatedPromotion, requireUnchanged } from './evaluate-promotion.js';
import { promotion, promotionDecision } from './promotion-tables.js';
import { aliasNow, lockModel, moveAlias } from './writes.js';

export type PromotionRecord = InferSelectModel<typeof promotion>;

interface Actor extends Decider {
  readonly name: string;
  readonly workspaceId: string;
}

/** Stores what was asked and judged; without need of an approval the alias moves at once. */
export async function requestPromotion(
  tx: Tx,
  by: Actor,
  wanted: { readonly id: string; readonly alias: string; readonly reason: string },
  evaluated: EvaluatedPromotion,
): Promise<PromotionState> {
  const { version, gates, binding, checks } = evaluated;
  const { alias } = wanted;
  await lockModel(tx, version.modelId);
  await requireUnchanged(tx, evaluated, alias);
  const standing = await aliasNow(tx, { modelId: version.modelId, alias });
  if (standing?.modelVersionId === version.id)
    throw refused({
      rule: 'PROMOTION_MOVES_THE_ALIAS',
      found: `"${alias}" at version ${version.version} already`,
      limit: 'another version than the one under the alias',
      whatToDo: 'promote another version, or leave it as it is',
    });
  await closeStale(tx, version.id, alias, binding);
  const state = failedOf(checks).length > 0 ? 'BLOCKED' : 'PENDING';
  const row: PromotionRecord = {
    id: wanted.id,
    workspaceId: by.workspaceId,
    ownerId: by.id,
    owner: by.name,
    createdAt: new Date(),
    zone: version.zone,
    modelId: version.modelId,
    modelName: version.modelName,
    modelVersionId: version.id,
    version: version.version,
    alias,
    state,
    reason: wanted.reason,
    gateRevision: gates.revision,
    gateDigest: gates.digest,
    binding,
    approvals: [...gates.definition.approvals],
    checks: [...checks],
    expiresAt: new Date(Date.now() + gates.definition.approvalHours * 3_600_000),
    decidedAt: state === 'BLOCKED' ? new Date() : null,
    outcome: state === 'BLOCKED' ? blockedBy(evaluated) : null,
  };
  await tx.insert(promotion).values(row);
  if (state === 'PENDING' && row.approvals.length === 0) return complete(tx, row, by);
  return state;
}

const inRole = (role: string, { approvals }: PromotionRecord, involved: readonly string[]) => ({
  role,
  accepted: approvals.map((approval) => approval.role),
  involved,
  involvedAs: 'somebody who trained, registered or requested this version',
  askedBy: 'the gate set',
});

/** Counts an approval; the last one that is needed moves the alias. */
export async function approvePromotion(
  tx: Tx,
  by: Actor,
  decision: { readonly promotionId: string; readonly role: string; readonly reason: string },
  evaluated: EvaluatedPromotion,
): Promise<PromotionState> {
  const row = await lockPending(tx, decision.promotionId, evaluated.version.modelId);
  const given = await decisionsOf(tx, row.id);
  if (given.some(({ byId }) => byId === by.id))
    throw refused(
      {
        rule: 'FOUR_EYES_INDEPENDENT',
        found: 'your own earlier approval of this promotion',
        limit: 'one decision of each person',
        whatToDo: 'let another person decide',
      },
      'CONFLICT',
    );
  const authors = [evaluated.version.ownerId, evaluated.version.trainedById, row.ownerId].filter((id) => id !== null);
  const involved = await principalsOfPersons(tx, [...authors, ...given.map(({ byId }) => byId)]);
  requireIndependent(by, inRole(decision.role, row, involved));
  if (row.expiresAt.getTime() <= Date.now())
    return close(tx, row, 'EXPIRED', `not enough approvals until ${row.expiresAt.toISOString()}`);
  if (row.binding !== evaluated.binding)
    return close(
      tx,
      row,
      'INVALIDATED',
      'the gate set or the model card changed since it was requested: approvals were for another state',
    );
  await requireUnchanged(tx, evaluated, row.alias);
  if (failedOf(evaluated.checks).length > 0) {
    await tx
      .update(promotion)
      .set({ checks: [...evaluated.checks] })
      .where(eq(promotion.id, row.id));
    return close(tx, row, 'BLOCKED', blockedBy(evaluated));
  }
  await insertDecision(tx, row, by, decision, 'APPROVED');
  const missing = missingApprovals(
    row.approvals,
    [...given, { role: decision.role, binding: row.binding }],
    row.binding,
  );
  if (missing.length > 0) return 'PENDING';
  // What was judged last is what let it through.
  await tx
    .update(promotion)
    .set({ checks: [...evaluated.checks] })
    .where(eq(promotion.id, row.id));
  return complete(tx, row, by);
}

/** Ends a promotion. Whoever holds a role that is asked may refuse, the author too: nothing goes live by it. */
export async function rejectPromotion(
  tx: Tx,
  by: Actor,
  decision: { readonly promotionId: string; readonly role: string; readonly reason: string },
  modelId: string,
): Promise<PromotionState> {
  const row = await lockPending(tx, decision.promotionId, modelId);
  requireIndependent(by, inRole(decision.role, row, []));
  const given = await decisionsOf(tx, row.id);
  if (!given.some(({ byId }) => byId === by.id)) await insertDecision(tx, row, by, decision, 'REJECTED');
  return close(tx, row, 'REJECTED', decision.reason);
}

/** Approvals that a promotion still lacks. */
export async function missingFor(tx: Tx, promotionId: string): Promise<MissingApproval[]> {
  const [row] = await tx
    .select({ approvals: promotion.approvals, binding: promotion.binding })
    .from(promotion)
    .where(eq(promotion.id, promotionId));
  return row ? missingApprovals(row.approvals, await decisionsOf(tx, promotionId), row.binding) : [];
}

/** A promotion as stored, for judging it. */
export async function promotionSubject(tx: Tx, promotionId: string): Promise<PromotionRecord> {
  const [row] = await tx.select().from(promotion).where(eq(promotion.id, promotionId));
  if (!row) throw new PlatformError('NOT_FOUND', 'Promotion not found.', { details: { type: 'Promotion' } });
  return row;
}

async function decisionsOf(tx: Tx, promotionId: string) {
  return tx
    .select({ byId: promotionDecision.byId, role: promotionDecision.role, binding: promotionDecision.binding })
    .from(promotionDecision)
    .where(and(eq(promotionDecision.promotionId, promotionId), eq(promotionDecision.decision, 'APPROVED')));
}

async function insertDecision(
  tx: Tx,
  row: PromotionRecord,
  by: Actor,
  { role, reason }: { readonly role: string; readonly reason: string },
  decision: 'APPROVED' | 'REJECTED',
): Promise<void> {
  const { workspaceId, zone, binding } = row;
  const values = { workspaceId, zone, binding, promotionId: row.id, decision, role, reason, byId: by.id, by: by.name };
  await tx.insert(promotionDecision).values({ id: newId('pdc'), ...values });
}

async function lockPending(tx: Tx, id: string, modelId: string): Promise<PromotionRecord> {
  await lockModel(tx, modelId);
  const [row] = await tx.select().from(promotion).where(eq(promotion.id, id)).for('update');
  if (!row) throw new PlatformError('NOT_FOUND', 'Promotion not found.', { details: { type: 'Promotion' } });
  if (row.state !== 'PENDING')
    throw refused(
      {
        rule: 'PROMOTION_PENDING',
        found: `${row.state} since ${row.decidedAt?.toISOString() ?? 'before'}`,
        limit: 'PENDING',
        whatToDo: 'request a new promotion; nothing was changed',
      },
      'CONFLICT',
    );
  return row;
}

/** A pending promotion of the same version stands in the way unless it can no longer be approved. */
async function closeStale(tx: Tx, modelVersionId: string, alias: string, binding: string): Promise<void> {
  const [row] = await tx
    .select()
    .from(promotion)
    .where(
      and(eq(promotion.modelVersionId, modelVersionId), eq(promotion.alias, alias), eq(promotion.state, 'PENDING')),
    );
  if (!row) return;
  if (row.expiresAt.getTime() <= Date.now()) await close(tx, row, 'EXPIRED', 'not enough approvals in time');
  else if (row.binding !== binding) await close(tx, row, 'INVALIDATED', 'requested anew after a change');
  else
    throw refused(
      {
        rule: 'PROMOTION_ONCE',
        found: `promotion ${row.id} of this version, which waits for approval`,
        limit: 'one at a time for a version and an alias',
        whatToDo: 'have that one decided by approvePromotion or rejectPromotion',
      },
      'CONFLICT',
      { promotionId: row.id },
    );
}

async function close(
  tx: Tx,
  row: PromotionRecord,
  state: Exclude<PromotionState, 'PENDING'>,
  outcome: string,
): Promise<PromotionState> {
  await tx.update(promotion).set({ state, outcome, decidedAt: new Date() }).where(eq(promotion.id, row.id));
  return state;
}

async function complete(tx: Tx, row: PromotionRecord, by: Actor): Promise<PromotionState> {
  const { workspaceId, modelId, modelName, alias } = row;
  const of = { workspaceId, modelId, modelName, alias, byId: by.id, by: by.name };
  await moveAlias(tx, of, row.version, { cause: 'PROMOTION', reason: row.reason, promotionId: row.id });
  return close(tx, row, 'DONE', `"${alias}" stands for version ${row.version}`);
}

const blockedBy = ({ checks }: EvaluatedPromotion): string =>
  `failed: ${failedOf(checks)
    .map(({ checkId }) => checkId)
    .join(', ')}`;
