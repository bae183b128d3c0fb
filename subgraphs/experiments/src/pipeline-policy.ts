// Who may do what with pipelines. No rule here allows `execute` of a PipelineCommand: a workspace that wants commands
// writes a rule of its own that names roles, and programs where it should.
import { type Rule, ruleBuilders } from '@falaj/policy';

const READERS = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'viewer', 'administrator'];
const RUNNERS = ['data-scientist'];

const { act, read } = ruleBuilders('experiments');

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
  act('Pipeline', ['create'], RUNNERS, 'PIPELINES'),
  act('PipelineRun', ['start', 'cancel', 'resume'], RUNNERS, 'PIPELINES'),
  act('PipelineTrigger', ['create', 'update'], RUNNERS, 'PIPELINES'),
  act('PipelineTrigger', ['fire'], ['data-scientist', 'feature-engineer'], 'PIPELINES'),
  act('PipelineStage', ['decide'], ['approver'], 'FOUR_EYES'),
];
