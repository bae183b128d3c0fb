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
  'TrainingSetRedaction',
  'OnlineValue',
  'FeatureVector',
];

/** Lets roles see fields of what was made of columns of these classes; the id is `features.<subject>.<name>`. */
const ofColumns = (
  columnClasses: readonly string[],
  subject: string,
  name: string,
  fields: readonly string[],
  roles: readonly string[],
  reason: string,
): Rule => ({
  id: `features.${subject}.${name}`,
  effect: 'ALLOW',
  actions: ['read'],
  subject,
  fields,
  conditions: { columnClass: { $in: columnClasses } },
  roles,
  reason,
});

const ORDINARY = ['open', 'internal'];
const SENSITIVE = [...ORDINARY, 'sensitive'];
const CELL = ['column', 'value'];
const ONLINE = ['number', 'text'];
/** The least and the greatest are somebody's own. */
const OF_GROUPS = ['count', 'nulls', 'mean'];
const STATISTICS = [...OF_GROUPS, 'min', 'max'];
const READERS = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'];

/** What a value tells follows the class of the columns that it is made of. */
const valueRules: readonly Rule[] = [
  ofColumns(SENSITIVE, 'SampleCell', 'read', CELL, ['feature-engineer', 'data-scientist'], 'SOURCE_SAMPLES'),
  ofColumns(['pii'], 'SampleCell', 'read-personal', CELL, ['feature-engineer'], 'PERSONAL_DATA'),
  ofColumns(ORDINARY, 'OnlineValue', 'read-value', ONLINE, READERS, 'ORDINARY_METADATA'),
  ofColumns(
    ['sensitive'],
    'OnlineValue',
    'read-sensitive-value',
    ONLINE,
    ['feature-engineer', 'data-scientist'],
    'SENSITIVE_VALUES',
  ),
  ofColumns(['pii'], 'OnlineValue', 'read-personal-value', ONLINE, ['feature-engineer'], 'PERSONAL_DATA'),
  ofColumns(
    SENSITIVE,
    'FeatureStatistics',
    'read-sensitive',
    STATISTICS,
    ['feature-engineer', 'data-scientist', 'auditor', 'administrator'],
    'DEFINITIONS_AND_DIGESTS',
  ),
  ofColumns(['pii'], 'FeatureStatistics', 'read-personal', STATISTICS, ['feature-engineer'], 'PERSONAL_DATA'),
  ofColumns(
    ['pii'],
    'FeatureStatistics',
    'read-personal-of-groups',
    OF_GROUPS,
    ['data-scientist', 'auditor', 'administrator'],
    'FIGURES_OF_GROUPS',
  ),
];

export const rules: readonly Rule[] = [
  ...OWN.flatMap((subject): Rule[] => [
    {
      id: `features.${subject}.read-ordinary`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: READERS,
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
  // Erasure acts by itself, over restarts: it sees where rows of persons may be, and nothing else.
  ...['FeatureView', 'TrainingSet'].flatMap((subject): Rule[] => [
    {
      id: `features.${subject}.erase`,
      effect: 'ALLOW',
      actions: ['erase'],
      subject,
      roles: ['service'],
      reason: 'ERASURE',
    },
    {
      id: `features.${subject}.read-to-erase`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      fields: ['id'],
      roles: ['service'],
      reason: 'ERASURE',
    },
  ]),
  {
    id: 'features.TrainingSetRedaction.read-digest',
    effect: 'ALLOW',
    actions: ['read'],
    subject: 'TrainingSetRedaction',
    classes: ['sensitive'],
    roles: ['feature-engineer', 'data-scientist', 'auditor', 'administrator'],
    reason: 'DEFINITIONS_AND_DIGESTS',
  },
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
  ...valueRules,
  ...VALUES.map(
    (subject): Rule => ({
      id: `features.${subject}.read`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes: ['open', 'internal'],
      roles: READERS,
      reason: 'ORDINARY_METADATA',
    }),
  ),
];
