// For reads under policy; every change goes through the directory.
import { boolean, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

const identity = pgSchema('identity');
const instant = (name: string) => timestamp(name, { withTimezone: true });

export const workspaceTable = identity.table('workspace', {
  id: text('id').notNull(),
  name: text('name').notNull(),
  allowedZones: text('allowed_zones').array().notNull(),
  defaultZone: text('default_zone'),
  createdBy: text('created_by'),
  createdAt: instant('created_at').notNull(),
});

export const principalTable = identity.table('principal', {
  id: text('id').notNull(),
  homeWorkspaceId: text('home_workspace_id').notNull(),
  kind: text('kind').$type<'USER' | 'SERVICE'>().notNull(),
  name: text('name').notNull(),
  email: text('email'),
  issuer: text('issuer'),
  subject: text('subject'),
  zone: text('zone').notNull(),
  disabledAt: instant('disabled_at'),
  createdAt: instant('created_at').notNull(),
});

/** A role granted to a principal itself; in force until `revokedAt` or `expiresAt`, whichever is first. Who may do what: `roleInForceView`. */
export const roleBindingTable = identity.table('role_binding', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
  role: text('role').notNull(),
  grantedBy: text('granted_by').notNull(),
  grantedAt: instant('granted_at').notNull(),
  expiresAt: instant('expires_at'),
  revokedBy: text('revoked_by'),
  revokedAt: instant('revoked_at'),
});

/** Roles that principals may act as now; `via` is `BINDING`, or the id of the group that gives it. */
export const roleInForceView = identity
  .view('role_in_force', {
    workspaceId: text('workspace_id').notNull(),
    principalId: text('principal_id').notNull(),
    role: text('role').notNull(),
    via: text('via').notNull(),
    grantedAt: instant('granted_at').notNull(),
    expiresAt: instant('expires_at'),
  })
  .existing();

/** A group of principals; `deletedAt` is null while it gives its roles. */
export const userGroupTable = identity.table('user_group', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  displayName: text('display_name').notNull(),
  externalId: text('external_id'),
  fromDirectory: boolean('from_directory').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
  deletedAt: instant('deleted_at'),
});

/** Who is or was in a group; `removedAt` is null while it is. */
export const groupMemberTable = identity.table('group_member', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  groupId: text('group_id').notNull(),
  principalId: text('principal_id').notNull(),
  addedBy: text('added_by').notNull(),
  addedAt: instant('added_at').notNull(),
  removedAt: instant('removed_at'),
});

/** What a group gives or gave; in force until `revokedAt` or `expiresAt`, whichever is first. */
export const groupRoleTable = identity.table('group_role', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  groupId: text('group_id').notNull(),
  role: text('role').notNull(),
  grantedBy: text('granted_by').notNull(),
  grantedAt: instant('granted_at').notNull(),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
});

/** A public key of a service; `revokedAt` is null while nobody took it. */
export const serviceKeyTable = identity.table('service_key', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
  kid: text('kid').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
  revokedAt: instant('revoked_at'),
});

/** What an issuer outside calls the workload of a service. */
export const workloadIdentityTable = identity.table('workload_identity', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
  issuer: text('issuer').notNull(),
  subject: text('subject').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull(),
  revokedAt: instant('revoked_at'),
});

/** A secret with which a directory opens SCIM; `revokedAt` is null while nobody took it. */
export const provisioningTokenTable = identity.table('provisioning_token', {
  id: text('id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  principalId: text('principal_id').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
  revokedAt: instant('revoked_at'),
});
