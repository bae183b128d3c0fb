// Who a verified token is, here and now. Answers are remembered for at most a second and forgotten at every change, so a
// revoked role or a disabled principal is gone with the next request.
import { NO_WORKSPACE } from '@falaj/audit';
import type { Database } from '@falaj/database';
import { PlatformError, type Principal } from '@falaj/runtime';
import { type SQL, sql } from 'drizzle-orm';
import {
  addGroupMembers,
  createGroup,
  deleteGroup,
  grantGroupRole,
  removeGroupMembers,
  renameGroup,
  revokeGroupRole,
} from './groups.js';
import {
  createPrincipal,
  disablePrincipal,
  listPrincipals,
  ownPrincipal,
  relocatePrincipal,
  tokenOwner,
} from './principals.js';
import { issueProvisioningToken, revokeProvisioningToken } from './provisioning-tokens.js';
import { revokeToken, signOutPrincipal } from './revocations.js';
import { grantRole, PLATFORM_WORKSPACE, revokeRole, rolesOf } from './role-bindings.js';
import {
  bindWorkloadIdentity,
  registerServiceKey,
  revokeServiceKey,
  unbindWorkloadIdentity,
} from './service-accounts.js';
import type { Session, VerifiedClaims } from './token-verifier.js';
import { createWorkspace } from './workspaces.js';

/** Told at every change of who is who. */
export const IDENTITY_CHANNEL = 'falaj_identity';
const REMEMBERED_MS = 1_000;
const MOST_REMEMBERED = 10_000;
/** Ends of roles that are further away are seen by a later look: open streams look every 30 s. */
const FORESEEN_MS = 60_000;

/** A workspace in which a principal holds at least one role. */
export interface Membership {
  readonly workspaceId: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Ids. */
  readonly groups: readonly string[];
  readonly zones: readonly string[];
}

export type ResolvedClaims = Pick<VerifiedClaims, 'issuer' | 'subject' | 'local'> &
  Partial<Pick<VerifiedClaims, 'issuedAt' | 'tokenId' | 'session' | 'authentication'>>;

interface Identity {
  readonly id: string;
  readonly kind: 'USER' | 'SERVICE';
  readonly name: string;
  readonly zone: string;
  readonly disabled: boolean;
  /** Milliseconds since the epoch: tokens issued until then have ended. */
  readonly signedOutAt: number | null;
  /** Issuer and id of tokens that have ended before their time. */
  readonly revokedTokens: readonly (readonly [string, string])[];
  /** The same of the session of the token that was asked about. */
  readonly sessionEndedAt: number | null;
  readonly memberships: readonly Membership[];
  /** Milliseconds until the first of its roles ends by itself; null while none does. */
  readonly changesInMs: number | null;
}

/** Changes take the caller's transaction, so that the audit record is committed with them. */
export interface Directory {
  readonly createWorkspace: typeof createWorkspace;
  readonly createPrincipal: typeof createPrincipal;
  readonly ownPrincipal: typeof ownPrincipal;
  readonly tokenOwner: typeof tokenOwner;
  readonly disablePrincipal: typeof disablePrincipal;
  readonly relocatePrincipal: typeof relocatePrincipal;
  readonly listPrincipals: typeof listPrincipals;
  readonly signOutPrincipal: typeof signOutPrincipal;
  readonly revokeToken: typeof revokeToken;
  readonly registerServiceKey: typeof registerServiceKey;
  readonly revokeServiceKey: typeof revokeServiceKey;
  readonly bindWorkloadIdentity: typeof bindWorkloadIdentity;
  readonly unbindWorkloadIdentity: typeof unbindWorkloadIdentity;
  readonly issueProvisioningToken: typeof issueProvisioningToken;
  readonly revokeProvisioningToken: typeof revokeProvisioningToken;
  readonly grantRole: typeof grantRole;
  readonly revokeRole: typeof revokeRole;
  readonly rolesOf: typeof rolesOf;
  readonly addGroupMembers: typeof addGroupMembers;
  readonly createGroup: typeof createGroup;
  readonly deleteGroup: typeof deleteGroup;
  readonly grantGroupRole: typeof grantGroupRole;
  readonly removeGroupMembers: typeof removeGroupMembers;
  readonly renameGroup: typeof renameGroup;
  readonly revokeGroupRole: typeof revokeGroupRole;
  /** Across all workspaces. */
  membershipsOf(principalId: string): Promise<readonly Membership[]>;
  /**
   * Whom a request acts as. Without a wish: the platform's workspace for its members, else the only membership there is.
   * In a workspace of which the caller is no member, or none, the answer is a principal without roles and zones in the
   * workspace `none`, to whom nothing exists. Throws UNAUTHENTICATED for an unknown or disabled principal, and for a
   * token that was revoked. Without `issuedAt` there is no token: the platform itself acts for the principal.
   */
  resolve(claims: ResolvedClaims, workspaceId?: string): Promise<Principal>;
  /** Calls back after each change of who is who, and at times without one: ask again whom you remember. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

/** `now` counts milliseconds; tests move it. */
export async function createDirectory(
  database: Database,
  { now = () => performance.now() }: { now?: () => number } = {},
): Promise<Directory> {
  const remembered = new Map<string, { readonly at: number; readonly identity: Promise<Identity | undefined> }>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    remembered.clear();
    for (const listener of listeners) listener();
  };
  const unlisten = await database.listen(IDENTITY_CHANNEL, changed);
  const ends = new Map<string, NodeJS.Timeout>();
  /** A role that ends by itself gives no notice, so this process gives it. */
  const foresee = (name: string, inMs: number | null): void => {
    clearTimeout(ends.get(name));
    ends.delete(name);
    if (inMs === null || inMs > FORESEEN_MS) return;
    const timer = setTimeout(() => {
      ends.delete(name);
      changed();
    }, inMs + 1);
    ends.set(name, timer.unref());
  };

  const recall = (key: IdentityKey): Promise<Identity | undefined> | undefined => {
    const known = remembered.get(JSON.stringify(key));
    return known !== undefined && now() - known.at < REMEMBERED_MS ? known.identity : undefined;
  };
  const look = (key: IdentityKey): Promise<Identity | undefined> => {
    const name = JSON.stringify(key);
    const identity = readIdentity(database, key);
    const entry = { at: now(), identity };
    remembered.delete(name);
    if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    remembered.set(name, entry);
    identity.then(
      (found) => foresee(name, found?.changesInMs ?? null),
      () => {
        if (remembered.get(name) === entry) remembered.delete(name);
      },
    );
    return identity;
  };

  return {
    createWorkspace,
    createPrincipal,
    ownPrincipal,
    tokenOwner,
    disablePrincipal,
    relocatePrincipal,
    listPrincipals,
    signOutPrincipal,
    revokeToken,
    registerServiceKey,
    revokeServiceKey,
    bindWorkloadIdentity,
    unbindWorkloadIdentity,
    issueProvisioningToken,
    revokeProvisioningToken,
    grantRole,
    revokeRole,
    rolesOf,
    addGroupMembers,
    createGroup,
    deleteGroup,
    grantGroupRole,
    removeGroupMembers,
    renameGroup,
    revokeGroupRole,
    async membershipsOf(principalId) {
      return (await (recall({ id: principalId }) ?? look({ id: principalId })))?.memberships ?? [];
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async resolve({ issuer, subject, local, issuedAt, tokenId, session = {}, authentication }, workspaceId) {
      const key = local ? { id: subject } : { issuer, subject, session };
      const recalled = recall(key);
      let identity = await (recalled ?? look(key));
      // The notice of a change may still be on its way: whoever just became a member must not be told otherwise.
      if (recalled && !choose(identity?.memberships ?? [], workspaceId)) identity = await look(key);
      if (identity === undefined || identity.disabled)
        throw new PlatformError('UNAUTHENTICATED', 'The principal is unknown here or disabled.');
      if (issuedAt !== undefined && hasEnded(identity, { issuer, issuedAt, tokenId }))
        throw new PlatformError('UNAUTHENTICATED', 'The access token was revoked: sign in again.');
      const membership = choose(identity.memberships, workspaceId);
      return {
        id: identity.id,
        kind: identity.kind,
        name: identity.name,
        workspaceId: membership?.workspaceId ?? NO_WORKSPACE,
        roles: membership?.roles ?? [],
        ...(membership && membership.groups.length > 0 ? { groups: membership.groups } : {}),
        zone: identity.zone,
        zones: membership?.zones ?? [],
        ...(authentication ? { authentication } : {}),
      };
    },
    async close() {
      await unlisten();
      for (const timer of ends.values()) clearTimeout(timer);
      remembered.clear();
    },
  };
}

/** `iat` counts whole seconds: a token of the very second of a sign-out has ended too. */
const hasEnded = (
  { signedOutAt, sessionEndedAt, revokedTokens }: Identity,
  token: { issuer: string; issuedAt: Date; tokenId: string | undefined },
): boolean =>
  [signedOutAt, sessionEndedAt].some((at) => at !== null && token.issuedAt.getTime() <= at) ||
  revokedTokens.some(([issuer, id]) => issuer === token.issuer && id === token.tokenId);

type IdentityKey =
  | { readonly id: string }
  | { readonly issuer: string; readonly subject: string; readonly session: Session };

function choose(memberships: readonly Membership[], wanted: string | undefined): Membership | undefined {
  const named = (id: string) => memberships.find(({ workspaceId }) => workspaceId === id);
  if (wanted !== undefined && wanted !== '') return named(wanted);
  return named(PLATFORM_WORKSPACE) ?? (memberships.length === 1 ? memberships[0] : undefined);
}

async function readIdentity(database: Database, key: IdentityKey): Promise<Identity | undefined> {
  const which = 'id' in key ? sql`p.id = ${key.id}` : sql`p.issuer = ${key.issuer} and p.subject = ${key.subject}`;
  const { rows } = await database.asSystem((tx) =>
    tx.execute<Identity & Record<string, unknown>>(sql`
      select p.id, p.kind, p.name, p.zone, p.disabled_at is not null as disabled,
        (extract(epoch from p.tokens_not_before) * 1000)::float8 as "signedOutAt",
        ${'id' in key ? sql`null::float8` : sessionEnd(key)} as "sessionEndedAt",
        coalesce((select jsonb_agg(jsonb_build_array(t.issuer, t.token_id)) from identity.revoked_token t
          where t.principal_id = p.id and t.expires_at > now()), '[]') as "revokedTokens", coalesce((
        select jsonb_agg(jsonb_build_object('workspaceId', w.id, 'name', w.name, 'zones', w.allowed_zones, 'roles', h.roles,
            'groups', ${groupsIn(sql`h.workspace_id`, sql`p.id`)})
          order by w.id)
        from (select r.workspace_id, jsonb_agg(distinct r.role order by r.role) as roles from identity.role_in_force r
              where r.principal_id = p.id group by r.workspace_id) h
        join identity.workspace w on w.id = h.workspace_id), '[]') as memberships,
        (select extract(epoch from min(r.expires_at) - statement_timestamp()) * 1000 from identity.role_in_force r
          where r.principal_id = p.id)::float8 as "changesInMs"
      from identity.principal p where ${which}`),
  );
  return rows[0];
}

/** Ids of the groups of a workspace that a principal belongs to, sorted; none where its directory calls it inactive. */
const groupsIn = (workspaceId: SQL, principalId: SQL): SQL => sql`(
  select coalesce(jsonb_agg(m.group_id order by m.group_id), '[]') from identity.group_member m
  join identity.user_group g on g.workspace_id = m.workspace_id and g.id = m.group_id and g.deleted_at is null
  where m.workspace_id = ${workspaceId} and m.principal_id = ${principalId} and m.removed_at is null
    and not exists (select from identity.provisioned_user u
      where u.workspace_id = m.workspace_id and u.principal_id = m.principal_id and not u.active))`;

/**
 * A token that names no session ends with any session of its subject: nobody can say that it was of another. One that
 * names a session ends with that, or with all of them.
 */
const sessionEnd = ({ issuer, session }: { issuer: string; session: Session }) => sql`(
  select extract(epoch from max(e.ended_at)) * 1000 from identity.ended_session e
  where e.issuer = ${issuer} and (
    (e.subject = ${session.subject ?? null}::text
      and (e.sid is null or ${session.id ?? null}::text is null or e.sid = ${session.id ?? null}::text))
    or (e.subject is null and e.sid = ${session.id ?? null}::text)))::float8`;
