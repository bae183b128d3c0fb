// Tables of the identity, audit and policy packages as this subgraph reads them; it owns none and writes none directly.
import { integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

export { auditRecordTable as record, dataAccessTable as dataAccess } from '@falaj/audit';
export {
  groupMemberTable as groupMember,
  groupRoleTable as groupRole,
  principalTable as principal,
  provisioningTokenTable as provisioningToken,
  roleBindingTable as roleBinding,
  roleInForceView as roleInForce,
  serviceKeyTable as serviceKey,
  userGroupTable as userGroup,
  workloadIdentityTable as workloadIdentity,
  workspaceTable as workspace,
} from '@falaj/identity';

const policy = pgSchema('policy');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const rule = policy.table('rule', {
  workspaceId: text('workspace_id').notNull(),
  id: text('id').notNull(),
  version: integer('version').notNull(),
  effect: text('effect').$type<'ALLOW' | 'DENY'>().notNull(),
  actions: text('actions').array().notNull(),
  subject: text('subject').notNull(),
  fields: text('fields').array(),
  classes: text('classes').array(),
  conditions: jsonb('conditions').$type<Record<string, unknown>>(),
  roles: text('roles').array().notNull(),
  reason: text('reason').notNull(),
  validFrom: instant('valid_from'),
  validTo: instant('valid_to'),
  authorId: text('author_id').notNull(),
  createdAt: instant('created_at').notNull(),
  retiredAt: instant('retired_at'),
});
