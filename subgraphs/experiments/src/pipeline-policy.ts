// Who may do what with pipelines. No rule here allows `execute` of a PipelineCommand: a workspace that wants commands
// writes a rule of its own that names roles, and programs where it should.
import type { FieldClass, Rule } from '@falaj/policy';

const READERS = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'];
const RUNNERS = ['data-scientist'];

const read = (
  subject: string,
  name: string,
  classes: readonly FieldClass[],
  roles: readonly string[],
  reason: string,
): Rule => ({
  id: `experiments.${subject}.${name}`,
  effect: 'ALLOW',
  actions: ['read'],
  subject,
  classes,
  roles,
  reason,
});

const may = (subject: string, actions: readonly string[], roles: readonly string[], reason: string): Rule => ({
  id: `experiments.${subject}.${actions.join('-')}`,
  effect: 'ALLOW',
  actions,
  subject,
  roles,
  reason,
});

export const pipelineRules: readonly Rule[] = [
  ...[
    'Pipeline',
    'PipelineParameter',
    'PipelineStageDefinition',
    'PipelineCommand',
    'PipelineRun',
    'PipelineStage',
    'PipelineError',
    'PipelineDecision',
    'PipelineTrigger',
    'PipelineRunProgress',
  ].map((subject) => read(subject, 'read-ordinary', ['open', 'internal'], READERS, 'ORDINARY_METADATA')),
  ...['PipelineStageDefinition', 'PipelineCommand', 'PipelineRun', 'PipelineStage', 'PipelineTrigger'].map((subject) =>
    read(
      subject,
      'read-sensitive',
      ['sensitive'],
      ['data-scientist', 'approver', 'auditor', 'administrator'],
      'PIPELINE_VALUES',
    ),
  ),
  ...['Pipeline', 'PipelineRun', 'PipelineTrigger'].map((subject) =>
    read(subject, 'read-personal', ['pii'], ['auditor', 'administrator'], 'PERSONAL_DATA'),
  ),
  // An approval is only worth something if it can be seen who gave it.
  read(
    'PipelineDecision',
    'read-personal',
    ['pii'],
    ['data-scientist', 'approver', 'auditor', 'administrator'],
    'FOUR_EYES',
  ),
  may('Pipeline', ['create'], RUNNERS, 'PIPELINES'),
  may('PipelineRun', ['start', 'cancel', 'resume'], RUNNERS, 'PIPELINES'),
  may('PipelineTrigger', ['create', 'update'], RUNNERS, 'PIPELINES'),
  may('PipelineTrigger', ['fire'], ['data-scientist', 'feature-engineer'], 'PIPELINES'),
  may('PipelineStage', ['decide'], ['approver'], 'FOUR_EYES'),
];
