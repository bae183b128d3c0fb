// Who may do what with the nouns of this subgraph: the one file that an auditor reads here. Classes of the fields stand
// at the fields, in schema/.
import type { FieldClass, Rule } from '@falaj/policy';

const EVERY_ROLE = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'];

const read = (
  subject: string,
  name: string,
  classes: readonly FieldClass[],
  roles: readonly string[],
  reason: string,
): Rule => ({
  id: `models.${subject}.${name}`,
  effect: 'ALLOW',
  actions: ['read'],
  subject,
  classes,
  roles,
  reason,
});

export const rules: readonly Rule[] = [
  ...['Model', 'ModelVersion', 'ModelAlias', 'AliasChange'].flatMap((subject): Rule[] => [
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
  ...['ModelSignature', 'ModelTensor', 'ModelFeatureView'].map((subject) =>
    read(subject, 'read', ['open', 'internal'], EVERY_ROLE, 'ORDINARY_METADATA'),
  ),
  ...['Model', 'ModelVersion'].map(
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
    actions: ['setAlias', 'removeAlias'],
    subject: 'ModelAlias',
    conditions: { alias: { $ne: 'champion' } },
    roles: ['data-scientist'],
    reason: 'CHALLENGERS_ONLY',
  },
];
