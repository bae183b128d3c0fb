import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import {
  dataAccess,
  groupMember,
  groupRole,
  principal,
  provisioningToken,
  record,
  roleBinding,
  rule,
  serviceKey,
  userGroup,
  workloadIdentity,
  workspace,
} from './tables.js';

export type WorkspaceRow = Omit<InferSelectModel<typeof workspace>, 'createdBy'>;
export type PrincipalRow = Omit<InferSelectModel<typeof principal>, 'homeWorkspaceId' | 'issuer' | 'subject'>;
export type RoleBindingRow = Omit<InferSelectModel<typeof roleBinding>, 'workspaceId' | 'revokedBy' | 'revokedAt'>;
export interface GroupRow extends Omit<InferSelectModel<typeof userGroup>, 'workspaceId' | 'displayName'> {
  readonly name: string;
}
export type GroupMemberRow = Omit<InferSelectModel<typeof groupMember>, 'workspaceId' | 'groupId' | 'removedAt'>;
export type GroupRoleRow = Omit<InferSelectModel<typeof groupRole>, 'workspaceId' | 'groupId' | 'revokedAt'>;
export type ServiceKeyRow = Omit<InferSelectModel<typeof serviceKey>, 'workspaceId' | 'kid'> & {
  readonly keyId: string;
};
export type ProvisioningTokenRow = Omit<InferSelectModel<typeof provisioningToken>, 'workspaceId'>;
export type WorkloadIdentityRow = Omit<InferSelectModel<typeof workloadIdentity>, 'workspaceId'>;
export type AuditRecordRow = Omit<InferSelectModel<typeof record>, 'workspaceId' | 'onBehalfOf'> & {
  readonly actorName: string;
};
export type DataAccessRow = Omit<InferSelectModel<typeof dataAccess>, 'workspaceId'>;
export type PolicyRuleRow = Omit<InferSelectModel<typeof rule>, 'workspaceId'> & { readonly author: string };

export const workspaces: GovernedTable<WorkspaceRow> = governedTable({
  noun: 'Workspace',
  table: workspace,
  id: workspace.id,
  createdAt: workspace.createdAt,
  fields: {
    id: workspace.id,
    name: workspace.name,
    allowedZones: workspace.allowedZones,
    defaultZone: workspace.defaultZone,
    createdAt: workspace.createdAt,
  },
  attributes: { workspaceId: workspace.id, name: workspace.name },
});

export const principals: GovernedTable<PrincipalRow> = governedTable({
  noun: 'Principal',
  table: principal,
  id: principal.id,
  createdAt: principal.createdAt,
  fields: {
    id: principal.id,
    kind: principal.kind,
    name: principal.name,
    email: principal.email,
    zone: principal.zone,
    createdAt: principal.createdAt,
    disabledAt: principal.disabledAt,
  },
  attributes: {
    id: principal.id,
    kind: principal.kind,
    zone: principal.zone,
    homeWorkspaceId: principal.homeWorkspaceId,
  },
});

export const roleBindings: GovernedTable<RoleBindingRow> = governedTable({
  noun: 'RoleBinding',
  table: roleBinding,
  id: roleBinding.id,
  createdAt: roleBinding.grantedAt,
  fields: {
    id: roleBinding.id,
    principalId: roleBinding.principalId,
    role: roleBinding.role,
    grantedAt: roleBinding.grantedAt,
    grantedBy: roleBinding.grantedBy,
    expiresAt: roleBinding.expiresAt,
  },
  attributes: { workspaceId: roleBinding.workspaceId, principalId: roleBinding.principalId, role: roleBinding.role },
});

export const groups: GovernedTable<GroupRow> = governedTable({
  noun: 'Group',
  table: userGroup,
  id: userGroup.id,
  createdAt: userGroup.createdAt,
  fields: {
    id: userGroup.id,
    name: userGroup.displayName,
    externalId: userGroup.externalId,
    fromDirectory: userGroup.fromDirectory,
    createdAt: userGroup.createdAt,
    createdBy: userGroup.createdBy,
    updatedAt: userGroup.updatedAt,
    deletedAt: userGroup.deletedAt,
  },
  attributes: { id: userGroup.id, workspaceId: userGroup.workspaceId, name: userGroup.displayName },
});

export const groupMembers: GovernedTable<GroupMemberRow> = governedTable({
  noun: 'GroupMember',
  table: groupMember,
  id: groupMember.id,
  createdAt: groupMember.addedAt,
  fields: {
    id: groupMember.id,
    principalId: groupMember.principalId,
    addedAt: groupMember.addedAt,
    addedBy: groupMember.addedBy,
  },
  attributes: {
    workspaceId: groupMember.workspaceId,
    groupId: groupMember.groupId,
    principalId: groupMember.principalId,
  },
});

export const groupRoles: GovernedTable<GroupRoleRow> = governedTable({
  noun: 'GroupRole',
  table: groupRole,
  id: groupRole.id,
  createdAt: groupRole.grantedAt,
  fields: {
    id: groupRole.id,
    role: groupRole.role,
    grantedAt: groupRole.grantedAt,
    grantedBy: groupRole.grantedBy,
    expiresAt: groupRole.expiresAt,
  },
  attributes: { workspaceId: groupRole.workspaceId, groupId: groupRole.groupId, role: groupRole.role },
});

export const serviceKeys: GovernedTable<ServiceKeyRow> = governedTable({
  noun: 'ServiceKey',
  table: serviceKey,
  id: serviceKey.id,
  createdAt: serviceKey.createdAt,
  fields: {
    id: serviceKey.id,
    principalId: serviceKey.principalId,
    keyId: serviceKey.kid,
    createdAt: serviceKey.createdAt,
    createdBy: serviceKey.createdBy,
    expiresAt: serviceKey.expiresAt,
    revokedAt: serviceKey.revokedAt,
  },
  attributes: { workspaceId: serviceKey.workspaceId, principalId: serviceKey.principalId },
});

export const provisioningTokens: GovernedTable<ProvisioningTokenRow> = governedTable({
  noun: 'ProvisioningToken',
  table: provisioningToken,
  id: provisioningToken.id,
  createdAt: provisioningToken.createdAt,
  fields: shownColumns(provisioningToken, ['workspaceId']),
  attributes: { workspaceId: provisioningToken.workspaceId, principalId: provisioningToken.principalId },
});

export const workloadIdentities: GovernedTable<WorkloadIdentityRow> = governedTable({
  noun: 'WorkloadIdentity',
  table: workloadIdentity,
  id: workloadIdentity.id,
  createdAt: workloadIdentity.createdAt,
  fields: {
    id: workloadIdentity.id,
    principalId: workloadIdentity.principalId,
    issuer: workloadIdentity.issuer,
    subject: workloadIdentity.subject,
    createdAt: workloadIdentity.createdAt,
    createdBy: workloadIdentity.createdBy,
    revokedAt: workloadIdentity.revokedAt,
  },
  attributes: { workspaceId: workloadIdentity.workspaceId, principalId: workloadIdentity.principalId },
});

export const auditRecords: GovernedTable<AuditRecordRow> = governedTable({
  noun: 'AuditRecord',
  table: record,
  id: record.id,
  createdAt: record.at,
  fields: {
    id: record.id,
    at: record.at,
    action: record.action,
    actorId: record.actorId,
    // The actor's id under the policy of the name, which is looked up only where this is not null.
    actorName: record.actorId,
    actorKind: record.actorKind,
    subjectType: record.subjectType,
    subjectId: record.subjectId,
    outcome: record.outcome,
    reason: record.reason,
    requestId: record.requestId,
    traceId: record.traceId,
    policyVersion: record.policyVersion,
    details: record.details,
  },
  attributes: {
    workspaceId: record.workspaceId,
    actorId: record.actorId,
    action: record.action,
    subjectType: record.subjectType,
    subjectId: record.subjectId,
    outcome: record.outcome,
  },
});

export const dataAccesses: GovernedTable<DataAccessRow> = governedTable({
  noun: 'DataAccess',
  table: dataAccess,
  id: dataAccess.id,
  createdAt: dataAccess.at,
  fields: shownColumns(dataAccess, ['workspaceId']),
  attributes: {
    workspaceId: dataAccess.workspaceId,
    readerId: dataAccess.readerId,
    subjectType: dataAccess.subjectType,
  },
});

export const policyRules: GovernedTable<PolicyRuleRow> = governedTable({
  noun: 'PolicyRule',
  table: rule,
  id: rule.id,
  createdAt: rule.createdAt,
  fields: {
    id: rule.id,
    version: rule.version,
    effect: rule.effect,
    actions: rule.actions,
    subject: rule.subject,
    fields: rule.fields,
    classes: rule.classes,
    conditions: rule.conditions,
    roles: rule.roles,
    reason: rule.reason,
    validFrom: rule.validFrom,
    validTo: rule.validTo,
    authorId: rule.authorId,
    author: rule.authorId,
    createdAt: rule.createdAt,
    retiredAt: rule.retiredAt,
  },
  attributes: { workspaceId: rule.workspaceId, subject: rule.subject, effect: rule.effect },
});
