// Who may do what with the nouns of this subgraph: the one file that an auditor reads here. Classes of the fields stand
// at the fields, in schema/.
import { type Rule, ruleBuilders } from '@falaj/policy';
import { auditedTypes } from './domain/audited-types.js';
import { PROVISIONER } from './policy/roles.js';

/** The platform's administrator administers the platform's own workspace; that one holds no data. */
const ADMINISTRATORS = ['administrator', 'platform-administrator'];
const TRAIL_READERS = ['feature-engineer', 'data-scientist', 'approver', 'auditor', ...ADMINISTRATORS];
const READERS = [...TRAIL_READERS, 'viewer'];
/** Programs of the platform itself: monitors that raise alarms, workers that record what they used. */
const SERVICE = 'service';

const { act, read } = ruleBuilders('governance');

/** Who mends: whoever builds or runs what an incident is about. */
const RESPONDERS = ['feature-engineer', 'data-scientist', 'approver'];

const incidentRules: readonly Rule[] = [
  ...['Incident', 'IncidentEvent', 'IncidentLink'].flatMap((subject) => [
    read(subject, 'read-ordinary', ['open', 'internal'], [...READERS, SERVICE], 'ORDINARY_METADATA'),
    read(
      subject,
      'read-facts',
      ['sensitive'],
      [...RESPONDERS, 'auditor', 'administrator', SERVICE],
      'INCIDENT_RESPONSE',
    ),
    read(subject, 'read-personal', ['pii'], [...RESPONDERS, 'auditor', 'administrator'], 'INCIDENT_RESPONSE'),
  ]),
  ...['ServiceLevel', 'BusinessCalendar'].flatMap((subject) => [
    read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA'),
    act(subject, ['set'], ['administrator'], 'ADMINISTRATION'),
  ]),
  act('Incident', ['open'], [...RESPONDERS, 'administrator', SERVICE], 'INCIDENT_RESPONSE'),
  act('Incident', ['handle'], [...RESPONDERS, 'administrator'], 'INCIDENT_RESPONSE'),
];

const costRules: readonly Rule[] = [
  ...['ComputePool', 'UsageRecord', 'Budget', 'BudgetOverride'].flatMap((subject) => [
    read(subject, 'read-ordinary', ['open', 'internal'], [...READERS, SERVICE], 'ORDINARY_METADATA'),
    read(subject, 'read-personal', ['pii'], ['auditor', 'administrator'], 'PERSONAL_DATA'),
  ]),
  ...['UnitPrice', 'BudgetStanding', 'BudgetDecision', 'RuleRefusal', 'Cost', 'CostLine'].map((subject) =>
    read(subject, 'read-ordinary', ['open', 'internal'], [...READERS, SERVICE], 'ORDINARY_METADATA'),
  ),
  // A worker reports as the principal whose run or endpoint it serves.
  act('UsageRecord', ['record'], [SERVICE, ...RESPONDERS], 'COST'),
  act('ComputePool', ['set'], ['administrator'], 'ADMINISTRATION'),
  act('Budget', ['set'], ['administrator'], 'ADMINISTRATION'),
  // Who sets a budget does not lift it.
  act('Budget', ['override'], ['approver'], 'COST'),
];

const complianceRules: readonly Rule[] = [
  ...['ComplianceReport', 'ComplianceWaiver', 'TransferInstrument'].flatMap((subject) => [
    read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA'),
    read(subject, 'read-personal', ['pii'], ['auditor', 'administrator'], 'PERSONAL_DATA'),
  ]),
  ...[
    'ComplianceCheck',
    'ComplianceFinding',
    'ComplianceVerdict',
    'FrameworkReference',
    'FrameworkCoverage',
    'FindingEvidence',
  ].map((subject) => read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA')),
  read('FindingEvidence', 'read-facts', ['sensitive'], ['approver', 'auditor', 'administrator'], 'COMPLIANCE_EVIDENCE'),
  // Programs that end what rests on an instrument.
  read('TransferInstrument', 'read-by-programs', ['open', 'internal'], [SERVICE], 'COMPLIANCE'),
  act('ComplianceReport', ['run'], ['data-scientist', 'approver', 'auditor', 'administrator'], 'COMPLIANCE'),
  act('ComplianceWaiver', ['request'], [...RESPONDERS, 'administrator'], 'COMPLIANCE'),
  act('ComplianceWaiver', ['decide'], ['approver'], 'COMPLIANCE'),
  act('TransferInstrument', ['record'], [...RESPONDERS, 'administrator'], 'COMPLIANCE'),
  act('TransferInstrument', ['decide'], ['approver'], 'COMPLIANCE'),
];

/** Roles for a time. What a person asks for or takes is theirs to see and to give back. */
const accessRules: readonly Rule[] = [
  read('AccessRequest', 'read-all', ['open', 'internal', 'pii'], ['auditor', ...ADMINISTRATORS], 'ADMINISTRATION'),
  {
    ...read('AccessRequest', 'read-own', ['open', 'internal', 'pii'], ['*'], 'ONESELF'),
    conditions: { ownerId: { $var: 'principal.id' } },
  },
  ...['UnusedGrantReport', 'UnusedGrant'].map((subject) =>
    read(subject, 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'ADMINISTRATION'),
  ),
  act('AccessRequest', ['request'], READERS, 'ACCESS'),
  act('AccessRequest', ['decide'], ADMINISTRATORS, 'ADMINISTRATION'),
  act('AccessRequest', ['end'], ADMINISTRATORS, 'ADMINISTRATION'),
  {
    ...act('AccessRequest', ['end'], ['*'], 'ONESELF'),
    id: 'governance.AccessRequest.end-own',
    conditions: { ownerId: { $var: 'principal.id' } },
  },
  act('AccessRequest', ['breakGlass'], RESPONDERS, 'EMERGENCY'),
  act('AccessRequest', ['review'], ['auditor', ...ADMINISTRATORS], 'ADMINISTRATION'),
];

const keyRules: readonly Rule[] = [
  ...['KeyRotation', 'ZoneKey', 'SubjectErasure', 'AffectedModel', 'ErasedPart', 'LeftPart'].map((subject) =>
    read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA'),
  ),
  ...['KeyRotation', 'SubjectErasure'].map((subject) =>
    read(subject, 'read-personal', ['pii'], ['auditor', 'administrator'], 'PERSONAL_DATA'),
  ),
  act('ZoneKey', ['describe'], ['auditor', 'administrator'], 'ADMINISTRATION'),
  act('KeyRotation', ['start'], ['administrator'], 'ADMINISTRATION'),
  act('SubjectErasure', ['erase'], ['administrator'], 'ERASURE'),
];

export const rules: readonly Rule[] = [
  ...['Workspace', 'Principal', 'RoleBinding', 'Group', 'GroupMember', 'GroupRole', 'PolicyRule'].flatMap((subject) => [
    read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA'),
    read(subject, 'read-personal', ['pii'], ['auditor', ...ADMINISTRATORS], 'PERSONAL_DATA'),
  ]),
  {
    ...read('Principal', 'read-oneself', ['open', 'internal', 'pii'], ['*'], 'ONESELF'),
    conditions: { id: { $var: 'principal.id' } },
  },
  read('AuditRecord', 'read-ordinary', ['open', 'internal'], TRAIL_READERS, 'AUDIT_TRAIL'),
  read('AuditLogVerification', 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  ...['AuditFault', 'AuditCheckpoint', 'AuditInclusionProof', 'AuditConsistencyProof'].map((subject) =>
    read(subject, 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  ),
  read('DataAccess', 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  read('RetentionPolicy', 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  read('RetentionRule', 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  act('RetentionPolicy', ['update'], ['administrator'], 'ADMINISTRATION'),
  read('DataAccessVerification', 'read', ['open', 'internal'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  read('AuditRecord', 'read-all', ['sensitive', 'pii'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  ...auditedTypes.map(
    (subject): Rule => ({
      id: `governance.${subject}.read-audit-trail`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      fields: ['auditTrail'],
      roles: TRAIL_READERS,
      reason: 'AUDIT_TRAIL',
    }),
  ),
  ...auditedTypes.map(
    (subject): Rule => ({
      id: `governance.${subject}.read-incidents-and-cost`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      fields: ['incidents', 'cost'],
      roles: READERS,
      reason: 'ORDINARY_METADATA',
    }),
  ),
  ...[
    'Plugin',
    'PolicyCoverage',
    'BuiltInRule',
    'RoleInfo',
    'RoleGrant',
    'ResidencyRule',
    'ResidencyDecision',
    'Decision',
    'ConsideredRule',
    'DecisionRemedy',
    'PolicySimulation',
    'AffectedPrincipals',
    'VerdictChange',
  ].map((subject) => read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA')),
  ...['ServiceKey', 'WorkloadIdentity', 'ProvisioningToken'].map((subject) =>
    read(subject, 'read', ['open', 'internal', 'pii'], ['auditor', ...ADMINISTRATORS], 'ADMINISTRATION'),
  ),
  act('ProvisioningToken', ['issue', 'revoke'], ADMINISTRATORS, 'ADMINISTRATION'),
  act('ServiceKey', ['register', 'revoke'], ADMINISTRATORS, 'ADMINISTRATION'),
  act('WorkloadIdentity', ['bind', 'unbind'], ADMINISTRATORS, 'ADMINISTRATION'),
  ...['CurrentPrincipal', 'Membership'].map((subject) =>
    read(subject, 'read-oneself', ['open', 'internal'], ['*', 'training-run'], 'ONESELF'),
  ),
  ...incidentRules,
  ...accessRules,
  ...costRules,
  ...complianceRules,
  ...keyRules,
  read('Plugin', 'read-errors', ['sensitive'], ['auditor', ...ADMINISTRATORS], 'OPERATION'),
  act('Decision', ['explain'], ['auditor', ...ADMINISTRATORS], 'AUDIT'),
  act('Workspace', ['create'], ['platform-administrator'], 'PLATFORM_ADMINISTRATION'),
  act(
    'Principal',
    ['create', 'disable', 'relocate', 'grantRole', 'revokeRole', 'issueAccessToken', 'revokeAccessToken', 'signOut'],
    ADMINISTRATORS,
    'ADMINISTRATION',
  ),
  act(
    'Group',
    ['create', 'rename', 'delete', 'addMember', 'removeMember', 'grantRole', 'revokeRole'],
    ADMINISTRATORS,
    'ADMINISTRATION',
  ),
  act('Principal', ['provision'], [PROVISIONER], 'PROVISIONING'),
  act('Group', ['provision'], [PROVISIONER], 'PROVISIONING'),
  act('PolicyRule', ['create', 'retire'], ADMINISTRATORS, 'ADMINISTRATION'),
  act('PolicyRule', ['simulate'], ['auditor', ...ADMINISTRATORS], 'ADMINISTRATION'),
  // The only readers of a secret: who asked for the token, in the answer to that request.
  ...['IssueAccessTokenPayload', 'IssueProvisioningTokenPayload'].map(
    (subject): Rule => ({
      id: `governance.${subject}.read`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      fields: ['token', 'tokenId', 'expiresAt'],
      roles: ADMINISTRATORS,
      reason: 'ADMINISTRATION',
    }),
  ),
];
