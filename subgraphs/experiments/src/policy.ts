// Who may do what with the nouns of this subgraph: the one file that an auditor reads here. Classes of the fields stand
// at the fields, in schema/.
import { type Rule, ruleBuilders } from '@falaj/policy';
import { pipelineRules } from './pipeline-policy.js';

const { act, read } = ruleBuilders('experiments');

/** Held by the program of a training run, by nobody else: its own run, and what that reads. */
export const TRAINING_RUN_ROLE = 'training-run';

const trainingRunRules: readonly Rule[] = [
  {
    ...read('Run', 'read-own-run', ['open', 'internal', 'sensitive'], [TRAINING_RUN_ROLE], 'OWN_RUN'),
    conditions: { id: { $in: { $var: 'principal.resources' } } },
  },
  {
    ...act('Run', ['update'], [TRAINING_RUN_ROLE], 'OWN_RUN'),
    conditions: { id: { $in: { $var: 'principal.resources' } } },
  },
  // What follows the run: values without rows of their own. A noun with rows must not stand here, for rules have no limits
  // but their conditions.
  ...[
    'FeatureViewReference',
    'RunProgress',
    'RunParameter',
    'RunTag',
    'RunInput',
    'RunArtifact',
    'RunArtifactContent',
    'Metric',
    'MetricBucket',
  ].map((subject) => read(subject, 'read-own-run', ['open', 'internal', 'sensitive'], [TRAINING_RUN_ROLE], 'OWN_RUN')),
];

export const rules: readonly Rule[] = [
  ...pipelineRules,
  ...trainingRunRules,
  ...['Experiment', 'Run', 'Reproduction'].flatMap((subject): Rule[] => [
    read(
      subject,
      'read-ordinary',
      ['open', 'internal'],
      ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'],
      'ORDINARY_METADATA',
    ),
    read(
      subject,
      'read-sensitive',
      ['sensitive', 'platform'],
      ['data-scientist', 'auditor', 'administrator'],
      'SCORES_AND_DIGESTS',
    ),
    read(subject, 'read-personal', ['pii'], ['auditor', 'administrator'], 'PERSONAL_DATA'),
    {
      id: `experiments.${subject}.write`,
      effect: 'ALLOW',
      actions: ['create', 'update'],
      subject,
      roles: ['data-scientist'],
      reason: 'TRAINING',
    },
  ]),
  {
    id: 'experiments.Run.archive',
    effect: 'ALLOW',
    actions: ['archive'],
    subject: 'Run',
    roles: ['data-scientist'],
    reason: 'TRAINING',
  },
  {
    id: 'experiments.Run.scores-for-approval',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'Run',
    classes: ['sensitive'],
    roles: ['approver'],
    reason: 'SCORES_AND_DIGESTS',
  },
  ...[
    'Metric',
    'Evaluation',
    'BaselineScores',
    'FeatureImportance',
    'ParityEvidence',
    'FeatureViewReference',
    'TrainerInfo',
    'RunProgress',
    'TrainingSet',
    'ModelVersion',
    'ReproductionComparison',
  ].map((subject) =>
    read(
      subject,
      'read-ordinary',
      ['open', 'internal'],
      ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'],
      'ORDINARY_METADATA',
    ),
  ),
  ...['Metric', 'Evaluation', 'BaselineScores', 'FeatureImportance', 'RunProgress', 'ReproductionComparison'].map(
    (subject) =>
      read(
        subject,
        'read',
        ['sensitive'],
        ['data-scientist', 'approver', 'auditor', 'administrator'],
        'SCORES_AND_DIGESTS',
      ),
  ),
  // What was logged with a run follows the run; these rules are the second look, by type.
  ...[
    'RunParameter',
    'RunTag',
    'RunInput',
    'RunArtifact',
    'RunArtifactContent',
    'MetricBucket',
    'RunComparison',
    'ComparedText',
    'ComparedTextValue',
    'ComparedMetric',
    'ComparedMetricValue',
  ].flatMap((subject): Rule[] => [
    read(
      subject,
      'read-ordinary',
      ['open', 'internal'],
      ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'],
      'ORDINARY_METADATA',
    ),
    read(
      subject,
      'read',
      ['sensitive'],
      ['data-scientist', 'approver', 'auditor', 'administrator'],
      'SCORES_AND_DIGESTS',
    ),
  ]),
];
