// Statements about access for a time; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import type { Directory } from '@falaj/identity';
import { PlatformError, refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { refuseHeld, requireBreakable, requirePerson } from '../../domain/access/break-glass.js';
import { type DecisionStep, requireDecidable } from '../../domain/four-eyes-decision.js';
import { isOpen } from '../../domain/incidents/incident-states.js';
import { incident } from '../incidents/tables.js';
import { type Actor, insertLinks, openIncident, recordEvent } from '../incidents/writes.js';
import { accessRequest } from './tables.js';

/** A request that nobody decided in this time is asked again. */
const PATIENCE_MS = 14 * 86_400_000;

type Granting = Pick<Directory, 'grantRole' | 'revokeRole' | 'rolesOf'>;
type Row = typeof accessRequest.$inferSelect;
/** Who acts, and whether it is a person. */
type Person = Actor & { readonly kind: string };
/** Columns that say whose a row is. */
const ownershipOf = ({ workspaceId, ownerId, owner }: Actor): Actor => ({ workspaceId, ownerId, owner });

export interface WantedAccess {
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
}

export async function requestAccess(
  tx: Tx,
  directory: Granting,
  actor: Actor,
  wanted: WantedAccess,
): Promise<{ id: string }> {
  refuseHeld(wanted.role, await directory.rolesOf(tx, actor.workspaceId, actor.ownerId));
  const id = newId('acr');
  const [made] = await tx
    .insert(accessRequest)
    .values({ id, ...actor, ...wanted, kind: 'REQUEST', state: 'REQUESTED' })
    .onConflictDoNothing()
    .returning({ id: accessRequest.id });
  if (made) return made;
  throw refused({
    rule: 'ACCESS_REQUEST_OPEN',
    found: `a request of yours for ${wanted.role} that is not decided`,
    limit: 'one for a role at a time',
    whatToDo: 'wait for the decision, or take it back with endAccess',
  });
}

/** An approval grants the role from now on for the time that was asked for. */
export async function decideAccess(
  tx: Tx,
  directory: Granting,
  actor: Person,
  id: string,
  step: DecisionStep,
): Promise<{ endsAt: Date | null }> {
  requirePerson(actor.kind, 'ACCESS_REQUEST_PERSON');
  const row = await locked(tx, id);
  requireDecidable({ ...row, endsAt: new Date(row.createdAt.getTime() + PATIENCE_MS) }, actor.ownerId, step, {
    rule: 'ACCESS_REQUEST',
    asked: 'asked for it',
    again: 'ask anew with requestAccess',
  });
  const given = step.to === 'APPROVED' ? await grant(tx, directory, row, actor.ownerId, step.now) : undefined;
  await tx
    .update(accessRequest)
    .set({ ...given, state: step.to, decidedById: actor.ownerId, decision: step.reason, decidedAt: step.now })
    .where(eq(accessRequest.id, id));
  return { endsAt: given?.endsAt ?? null };
}

/** Takes back a request, or ends the access that it gave, now. */
export async function endAccess(
  tx: Tx,
  directory: Granting,
  actor: Actor,
  id: string,
  { reason, now }: { readonly reason: string; readonly now: Date },
): Promise<void> {
  const row = await locked(tx, id);
  const inForce = row.state === 'APPROVED' && row.endsAt !== null && row.endsAt > now;
  if (row.state !== 'REQUESTED' && !inForce)
    throw refused({
      rule: 'ACCESS_REQUEST_STATE',
      found: row.state === 'APPROVED' ? `ended at ${row.endsAt?.toISOString()}` : row.state,
      limit: 'REQUESTED, or APPROVED and not ended',
      whatToDo: 'nothing: it gives no access',
    });
  const { workspaceId, ownerId: principalId, role, bindingId } = row;
  if (bindingId !== null)
    await directory.revokeRole(tx, { workspaceId, principalId, role, by: actor.ownerId, bindingId });
  await tx
    .update(accessRequest)
    .set({
      state: 'REVOKED',
      decidedById: actor.ownerId,
      decision: reason,
      decidedAt: now,
      ...(inForce ? { endsAt: now } : {}),
    })
    .where(eq(accessRequest.id, id));
}

/** Grants the role at once; the incident that it is for stands, or is opened, in the same transaction. */
export async function breakGlass(
  tx: Tx,
  directory: Granting,
  by: Person,
  wanted: WantedAccess & { readonly incidentId: string | null; readonly zone: string },
  now: Date,
): Promise<{ id: string; incidentId: string; endsAt: Date }> {
  const { role, durationSeconds, reason } = wanted;
  const actor = ownershipOf(by);
  // Of two hands at the glass the second sees what the first did.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('governance.break-glass.' || ${actor.ownerId}, 0))`,
  );
  const [unreviewed] = await tx
    .select({ id: accessRequest.id })
    .from(accessRequest)
    .where(
      and(
        eq(accessRequest.ownerId, actor.ownerId),
        eq(accessRequest.kind, 'BREAK_GLASS'),
        isNull(accessRequest.reviewedAt),
      ),
    );
  requireBreakable({
    kind: by.kind,
    role,
    held: await directory.rolesOf(tx, actor.workspaceId, actor.ownerId),
    unreviewedId: unreviewed?.id ?? null,
  });
  const id = newId('acr');
  const given = await grant(
    tx,
    directory,
    { workspaceId: actor.workspaceId, ownerId: actor.ownerId, role, durationSeconds },
    actor.ownerId,
    now,
  );
  const incidentId = await incidentOf(tx, actor, id, wanted, given.endsAt, now);
  await tx.insert(accessRequest).values({
    id,
    ...actor,
    ...given,
    role,
    durationSeconds,
    reason,
    incidentId,
    kind: 'BREAK_GLASS',
    state: 'APPROVED',
  });
  return { id, incidentId, endsAt: given.endsAt };
}

/** Somebody else has looked at what was done; the person may break the glass again. */
export async function reviewBreakGlass(
  tx: Tx,
  actor: Person,
  id: string,
  { review, now }: { readonly review: string; readonly now: Date },
): Promise<void> {
  requirePerson(actor.kind, 'BREAK_GLASS_PERSON');
  const row = await locked(tx, id);
  const problem =
    row.kind !== 'BREAK_GLASS'
      ? 'access that was asked for'
      : row.reviewedAt !== null
        ? 'one that was reviewed'
        : row.endsAt !== null && row.endsAt > now
          ? `one that goes on until ${row.endsAt.toISOString()}`
          : null;
  if (problem)
    throw refused({
      rule: 'BREAK_GLASS_REVIEW',
      found: problem,
      limit: 'a broken glass that is over and was not reviewed',
      whatToDo: 'end it with endAccess if it goes on',
    });
  if (row.ownerId === actor.ownerId)
    throw refused(
      {
        rule: 'BREAK_GLASS_FOUR_EYES',
        found: `${actor.ownerId}, who broke the glass`,
        limit: 'somebody else',
        whatToDo: 'have another administrator or auditor review it',
      },
      'FORBIDDEN',
    );
  await tx
    .update(accessRequest)
    .set({ reviewedById: actor.ownerId, review, reviewedAt: now })
    .where(eq(accessRequest.id, id));
}

async function locked(tx: Tx, id: string): Promise<Row> {
  const [row] = await tx.select().from(accessRequest).where(eq(accessRequest.id, id)).for('update');
  if (row) return row;
  throw new PlatformError('NOT_FOUND', 'AccessRequest not found.', { details: { type: 'AccessRequest' } });
}

async function grant(
  tx: Tx,
  directory: Granting,
  row: Pick<Row, 'workspaceId' | 'ownerId' | 'role' | 'durationSeconds'>,
  by: string,
  now: Date,
) {
  const { workspaceId, ownerId: principalId, role, durationSeconds } = row;
  const endsAt = new Date(now.getTime() + durationSeconds * 1_000);
  const bindingId = await directory.grantRole(tx, { workspaceId, principalId, role, by, expiresAt: endsAt });
  return { beginsAt: now, endsAt, bindingId };
}

async function incidentOf(
  tx: Tx,
  actor: Actor,
  id: string,
  wanted: WantedAccess & { readonly incidentId: string | null; readonly zone: string },
  endsAt: Date,
  now: Date,
): Promise<string> {
  const { role, reason, incidentId, zone } = wanted;
  const link = { type: 'AccessRequest', id };
  if (incidentId === null) {
    const opened = await openIncident(
      tx,
      actor,
      {
        dedupKey: `break-glass:${id}`,
        title: `The glass was broken for the role ${role}`,
        description: reason,
        category: 'BREAK_GLASS',
        impact: 'MEDIUM',
        urgency: 'HIGH',
        zone,
        links: [link],
        evidence: { role, endsAt: endsAt.toISOString() },
      },
      now,
    );
    return opened.id;
  }
  const [row] = await tx.select().from(incident).where(eq(incident.id, incidentId)).for('update');
  if (!row) throw new PlatformError('NOT_FOUND', 'Incident not found.', { details: { type: 'Incident' } });
  if (!isOpen(row.state))
    throw refused({
      rule: 'BREAK_GLASS_INCIDENT',
      found: `an incident that is ${row.state}`,
      limit: 'one that is open',
      whatToDo: 'leave incidentId out, and one is opened',
    });
  await insertLinks(tx, actor, row, [link]);
  await recordEvent(tx, actor, row, 'COMMENTED', {
    text: `Broke the glass for the role ${role} until ${endsAt.toISOString()}: ${reason}`,
    now,
  });
  return incidentId;
}
