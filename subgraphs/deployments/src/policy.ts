// Who may do what with the nouns of this subgraph: the one file that an auditor reads here. Classes of the fields stand
// at the fields, in schema/.
import type { Rule } from '@falaj/policy';

const READERS = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'];

/** What rollouts, shadows and A/B tests show: numbers and names, nothing personal. */
const ROLLOUT_FACTS = [
  'Variant',
  'RolloutStep',
  'RolloutEvidence',
  'GuardrailFinding',
  'VariantCounts',
  'ShadowReport',
  'Quantiles',
  'AbTestDesign',
  'AbTestMetric',
  'AbTestResult',
  'AbVariantSummary',
  'AbComparison',
  'AbGuardrail',
  'SampleRatio',
  'MultipleExposures',
  'LoggedColumn',
  'InferenceLogCounts',
  'InferenceQuality',
];

export const rules: readonly Rule[] = [
  ...[
    'Endpoint',
    'EndpointRevision',
    'TrafficSplit',
    'RevisionActivation',
    'Rollout',
    'Shadow',
    'AbTest',
    'InferenceLog',
    'InferenceRecord',
  ].flatMap((subject): Rule[] => [
    {
      id: `deployments.${subject}.read-ordinary`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: READERS,
      reason: 'ORDINARY_METADATA',
    },
    {
      id: `deployments.${subject}.read-personal`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['pii'],
      roles: ['auditor', 'administrator'],
      reason: 'PERSONAL_DATA',
    },
  ]),
  ...[
    'TensorDescription',
    'CheckVerdict',
    'CheckEvidence',
    'Prediction',
    'OutputTensor',
    'ModelVersion',
    ...ROLLOUT_FACTS,
  ].map(
    (subject): Rule => ({
      id: `deployments.${subject}.read-ordinary`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: READERS,
      reason: 'ORDINARY_METADATA',
    }),
  ),
  {
    id: 'deployments.CheckEvidence.read',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'CheckEvidence',
    classes: ['sensitive'],
    roles: ['data-scientist', 'approver', 'auditor', 'administrator'],
    reason: 'COMPLIANCE_EVIDENCE',
  },
  {
    id: 'deployments.InferenceRecord.read-content',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'InferenceRecord',
    classes: ['sensitive'],
    roles: ['data-scientist', 'auditor', 'administrator'],
    reason: 'INFERENCE_CONTENT',
  },
  {
    id: 'deployments.Endpoint.deploy',
    effect: 'ALLOW',
    actions: ['create', 'update', 'delete'],
    subject: 'Endpoint',
    roles: ['approver'],
    reason: 'DEPLOYMENT',
  },
  {
    id: 'deployments.Endpoint.rollback',
    effect: 'ALLOW',
    actions: ['rollback'],
    subject: 'Endpoint',
    // Whoever is called at night must be able to go back, not to go on.
    roles: ['approver', 'administrator'],
    reason: 'ROLLBACK',
  },
  {
    id: 'deployments.Endpoint.record-outcome',
    effect: 'ALLOW',
    actions: ['recordOutcome'],
    subject: 'Endpoint',
    roles: ['data-scientist', 'approver'],
    reason: 'OUTCOMES',
  },
  {
    id: 'deployments.Endpoint.predict',
    effect: 'ALLOW',
    actions: ['predict'],
    subject: 'Endpoint',
    roles: ['data-scientist', 'approver', 'viewer'],
    reason: 'PREDICTION',
  },
];
