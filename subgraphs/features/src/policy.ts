// Who may do what with the nouns of this subgraph: the one file that an auditor reads here. Classes of the fields stand
// at the fields, in schema/.
import type { Rule } from '@falaj/policy';

const OWN = ['DataSource', 'Entity', 'FeatureView', 'FeatureService', 'TrainingSet', 'Materialization'];

/** Types without a table, shown as parts of the above. */
const VALUES = [
  'SourceColumn',
  'SampleRow',
  'Feature',
  'FeatureStatistics',
  'ServiceFeature',
  'ServiceView',
  'RequestFeature',
  'TrainingColumn',
  'OnlineValue',
  'FeatureVector',
];

export const rules: readonly Rule[] = [
  ...OWN.flatMap((subject): Rule[] => [
    {
      id: `features.${subject}.read-ordinary`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'],
      reason: 'ORDINARY_METADATA',
    },
    {
      id: `features.${subject}.read-sensitive`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['sensitive', 'platform'],
      roles: ['feature-engineer', 'data-scientist', 'auditor', 'administrator'],
      reason: 'DEFINITIONS_AND_DIGESTS',
    },
    {
      id: `features.${subject}.read-personal`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['pii'],
      roles: ['feature-engineer', 'auditor', 'administrator'],
      reason: 'PERSONAL_DATA',
    },
    {
      id: `features.${subject}.write`,
      effect: 'ALLOW',
      actions: ['create', 'update', 'delete'],
      subject,
      roles: ['feature-engineer'],
      reason: 'FEATURE_ENGINEERING',
    },
  ]),
  // The program of a training run, with a token of its own: what its run reads, and nothing else.
  ...['TrainingSet', 'FeatureView'].map(
    (subject): Rule => ({
      id: `features.${subject}.read-input-of-training-run`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal', 'sensitive'],
      conditions: { id: { $in: { $var: 'principal.resources' } } },
      roles: ['training-run'],
      reason: 'INPUT_OF_RUN',
    }),
  ),
  ...['TrainingColumn', 'Feature'].map(
    (subject): Rule => ({
      id: `features.${subject}.read-input-of-training-run`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: ['training-run'],
      reason: 'INPUT_OF_RUN',
    }),
  ),
  {
    id: 'features.TrainingSet.create-by-data-scientist',
    effect: 'ALLOW',
    actions: ['create'],
    subject: 'TrainingSet',
    roles: ['data-scientist'],
    reason: 'TRAINING',
  },
  {
    id: 'features.SampleCell.read',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'SampleCell',
    fields: ['column', 'value'],
    conditions: { columnClass: { $in: ['open', 'internal', 'sensitive'] } },
    roles: ['feature-engineer', 'data-scientist'],
    reason: 'SOURCE_SAMPLES',
  },
  {
    id: 'features.SampleCell.read-personal',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'SampleCell',
    fields: ['column', 'value'],
    conditions: { columnClass: 'pii' },
    roles: ['feature-engineer'],
    reason: 'PERSONAL_DATA',
  },
  ...VALUES.map(
    (subject): Rule => ({
      id: `features.${subject}.read`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'],
      reason: 'ORDINARY_METADATA',
    }),
  ),
  {
    id: 'features.FeatureStatistics.read-sensitive',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'FeatureStatistics',
    classes: ['sensitive'],
    roles: ['feature-engineer', 'data-scientist', 'auditor', 'administrator'],
    reason: 'DEFINITIONS_AND_DIGESTS',
  },
];
