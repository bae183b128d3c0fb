// Who may do what with the nouns of this subgraph: the one file that an auditor reads here. Classes of the fields stand
// at the fields, in schema/.
import { type Rule, ruleBuilders } from '@falaj/policy';

const EVERY_ROLE = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'];

const { read } = ruleBuilders('models');

export const rules: readonly Rule[] = [
  ...[
    'Model',
    'ModelVersion',
    'ModelAlias',
    'AliasChange',
    'GateSet',
    'AliasProtection',
    'ModelCard',
    'Promotion',
    'PromotionDecision',
    'ModelSigner',
    'ModelAttestation',
  ].flatMap((subject): Rule[] => [
    read(subject, 'read-ordinary', ['open', 'internal'], EVERY_ROLE, 'ORDINARY_METADATA'),
    // An approver deploys: that takes the artifact's key, its digest and the serving plan.
    read(
      subject,
      'read-sensitive',
      ['sensitive', 'platform'],
      ['data-scientist', 'approver', 'auditor', 'administrator'],
      'SCORES_AND_DIGESTS',
    ),
    read(subject, 'read-personal', ['pii'], ['auditor', 'administrator'], 'PERSONAL_DATA'),
  ]),
  ...[
    'ModelSignature',
    'ModelTensor',
    'ModelFeatureView',
    'ModelCardContent',
    'ModelCardData',
    'ModelCardMetric',
    'Gates',
    'MetricThreshold',
    'MetricComparison',
    'RequiredApproval',
    'PromotionEvaluation',
    'GateCheck',
    'GateEvidence',
    'MissingApprovals',
    'ModelBillOfMaterials',
  ].map((subject) => read(subject, 'read', ['open', 'internal'], EVERY_ROLE, 'ORDINARY_METADATA')),
  ...['ModelCardData', 'ModelCardMetric', 'GateCheck', 'GateEvidence'].map((subject) =>
    read(
      subject,
      'read-sensitive',
      ['sensitive'],
      ['data-scientist', 'approver', 'auditor', 'administrator'],
      'SCORES_AND_DIGESTS',
    ),
  ),
  // Who answers for a model is told to those who write and judge its card.
  read(
    'ModelCardContent',
    'read-owners',
    ['pii'],
    ['data-scientist', 'approver', 'auditor', 'administrator'],
    'ACCOUNTABLE_PERSONS',
  ),
  ...['Model', 'ModelVersion', 'ModelCard'].map(
    (subject): Rule => ({
      id: `models.${subject}.register`,
      effect: 'ALLOW',
      actions: ['create'],
      subject,
      roles: ['data-scientist'],
      reason: 'REGISTRATION',
    }),
  ),
  {
    id: 'models.ModelVersion.import',
    effect: 'ALLOW',
    actions: ['import'],
    subject: 'ModelVersion',
    roles: ['data-scientist'],
    reason: 'REGISTRATION',
  },
  {
    id: 'models.ModelVersion.attest',
    effect: 'ALLOW',
    actions: ['attest'],
    subject: 'ModelVersion',
    roles: ['data-scientist', 'approver'],
    reason: 'REGISTRATION',
  },
  {
    id: 'models.ModelSigner.trust',
    effect: 'ALLOW',
    actions: ['trust', 'distrust'],
    subject: 'ModelSigner',
    roles: ['administrator'],
    reason: 'PROMOTION_POLICY',
  },
  // Who sets the bar is neither who jumps nor who judges.
  ...['GateSet', 'AliasProtection'].map(
    (subject): Rule => ({
      id: `models.${subject}.set`,
      effect: 'ALLOW',
      actions: ['create'],
      subject,
      roles: ['administrator'],
      reason: 'PROMOTION_POLICY',
    }),
  ),
  {
    id: 'models.Promotion.request',
    effect: 'ALLOW',
    actions: ['request'],
    subject: 'Promotion',
    roles: ['data-scientist', 'approver'],
    reason: 'PROPOSAL',
  },
  // That it is another person, and in a role that the gates ask for, is checked in domain/approval.ts.
  {
    id: 'models.Promotion.decide',
    effect: 'ALLOW',
    actions: ['approve', 'reject'],
    subject: 'Promotion',
    roles: ['approver'],
    reason: 'APPROVAL',
  },
  // Protected aliases move by promotion or rollback only, for everybody: domain/alias.ts. No built-in rule grants
  // `breakGlass`; a workspace may, for some aliases, models or persons, by a condition and for a time.
  {
    id: 'models.ModelAlias.roll-back-protected',
    effect: 'ALLOW',
    actions: ['rollback', 'rollbackProtected'],
    subject: 'ModelAlias',
    roles: ['approver'],
    reason: 'ROLLBACK',
  },
  {
    id: 'models.ModelAlias.approve',
    effect: 'ALLOW',
    actions: ['setAlias', 'removeAlias'],
    subject: 'ModelAlias',
    roles: ['approver'],
    reason: 'APPROVAL',
  },
  {
    id: 'models.ModelAlias.propose',
    effect: 'ALLOW',
    actions: ['setAlias', 'removeAlias', 'rollback'],
    subject: 'ModelAlias',
    conditions: { alias: { $ne: 'champion' } },
    roles: ['data-scientist'],
    reason: 'CHALLENGERS_ONLY',
  },
];
