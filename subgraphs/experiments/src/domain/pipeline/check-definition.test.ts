import { describe, expect, it } from 'vitest';
import { cacheKey } from './cache-key.js';
import { definitionProblems } from './check-definition.js';
import { pipelineDefinition, type Values } from './definition.js';
import { plannedStages } from './pipeline-run.js';
import { resolveEvent, resolveInputs } from './references.js';
import { runParameters } from './run-parameters.js';
import { stageSpecs } from './stage-types.js';

const ref = (path: string) => `\${${path}}`;
const define = (stages: object[], parameters: object[] = []) => pipelineDefinition.parse({ stages, parameters });
const problems = (stages: object[], parameters: object[] = []) => definitionProblems(define(stages, parameters));
const command = (name: string, more: object = {}, parameters: object = {}) => ({
  name,
  type: 'COMMAND',
  parameters: { argv: ['true'], ...parameters },
  ...more,
});

describe('a definition', () => {
  it('of all first-party stages is sound', () => {
    const sound = problems(
      [
        {
          name: 'prepare',
          type: 'PREPARE',
          parameters: { trainingSet: { featureServiceId: 'f', labelSourceId: 's' } },
        },
        {
          name: 'validate',
          type: 'VALIDATE',
          parameters: { trainingSetId: ref('stages.prepare.trainingSetId'), minRows: 10 },
        },
        {
          name: 'train',
          type: 'TRAIN',
          needs: ['validate'],
          parameters: {
            experimentId: 'e',
            trainingSetId: ref('stages.prepare.trainingSetId'),
            seed: ref('parameters.seed'),
          },
        },
        { name: 'evaluate', type: 'EVALUATE', parameters: { runId: ref('stages.train.runId'), minimum: { auc: 0.6 } } },
        {
          name: 'register',
          type: 'REGISTER',
          needs: ['evaluate'],
          parameters: { modelName: 'm', runId: ref('stages.train.runId') },
        },
        {
          name: 'gate',
          type: 'GATE',
          parameters: { modelVersionId: ref('stages.register.modelVersionId'), alias: 'production' },
        },
        { name: 'approve', type: 'APPROVE', needs: ['gate'], parameters: { role: 'approver' } },
        {
          name: 'deploy',
          type: 'DEPLOY',
          needs: ['approve'],
          parameters: { endpoint: 'e', modelVersionId: ref('stages.register.modelVersionId') },
        },
        command('tell', { needs: ['deploy'] }, { inputs: { revision: ref('stages.deploy.revision') } }),
      ],
      [{ name: 'seed', type: 'INTEGER', default: 1 }],
    );
    expect(sound).toEqual([]);
  });

  it.each([
    ['a stage that is not there', [command('a', { needs: ['b'] })], 'a', 'needs', 'there is no stage "b"; there are a'],
    ['a name twice', [command('a'), command('a')], 'a', 'name', 'another stage has it already'],
    [
      'a cycle',
      [command('a', { needs: ['c'] }), command('b', { needs: ['a'] }), command('c', { needs: ['b'] })],
      'a',
      'needs',
      'the stages wait for each other: a -> c -> b -> a',
    ],
    [
      'a cycle by outputs',
      [
        command('a', { needs: ['b'] }, { outputs: { x: 'STRING' } }),
        command('b', {}, { inputs: { x: ref('stages.a.x') } }),
      ],
      'a',
      'needs',
      'the stages wait for each other: a -> b -> a',
    ],
    [
      'its own output',
      [command('a', {}, { inputs: { x: ref('stages.a.exitCode') } })],
      'a',
      'parameters.inputs',
      `${ref('stages.a.exitCode')} is its own output`,
    ],
    [
      'an output that is not given',
      [
        command('a', {}, { outputs: { model: 'ARTIFACT' } }),
        command('b', {}, { inputs: { x: ref('stages.a.modle') } }),
      ],
      'b',
      'parameters.inputs',
      'stage a gives no "modle"; it gives exitCode, model',
    ],
    [
      'outputs of a stage that is not there',
      [command('b', {}, { inputs: { x: ref('stages.a.x') } })],
      'b',
      'parameters.inputs',
      'there is no stage "a"; there are b',
    ],
    [
      'a parameter that is not declared',
      [command('a', {}, { inputs: { x: ref('parameters.x') } })],
      'a',
      'parameters.inputs',
      'the pipeline has no parameter "x"; it has none',
    ],
    [
      'no reference',
      [command('a', {}, { inputs: { x: ref('env.HOME') } })],
      'a',
      'parameters.inputs',
      `${ref('env.HOME')} is no reference: write ${ref('parameters.name')} or ${ref('stages.name.output')}, and $\${ for the text itself`,
    ],
    [
      'a missing parameter',
      [{ name: 'a', type: 'EVALUATE' }],
      'a',
      'parameters.runId',
      `is missing: ${stageSpecs.EVALUATE.parameters.runId?.description}`,
    ],
    [
      'an unknown parameter',
      [command('a', {}, { shell: 'x' })],
      'a',
      'parameters.shell',
      'COMMAND takes none of this name; it takes argv, environment, inputs, outputs, codeVersion',
    ],
    [
      'a wrong type',
      [{ name: 'a', type: 'VALIDATE', parameters: { trainingSetId: 't', minRows: 1.5 } }],
      'a',
      'parameters.minRows',
      'expected INTEGER, found 1.5',
    ],
    [
      'an output of a wrong type',
      [command('a'), { name: 'b', type: 'EVALUATE', parameters: { runId: ref('stages.a.exitCode') } }],
      'b',
      'parameters.runId',
      `expected STRING, but ${ref('stages.a.exitCode')} is INTEGER`,
    ],
    [
      'a cache of effects',
      [{ name: 'a', type: 'DEPLOY', cache: true, parameters: { endpoint: 'e', modelVersionId: 'v' } }],
      'a',
      'cache',
      'DEPLOY acts on the world outside: an earlier result cannot stand for it',
    ],
    [
      'a cached command of unknown code',
      [command('a', { cache: true })],
      'a',
      'parameters.codeVersion',
      'is missing: without it nobody knows whether a cached result is of the same code',
    ],
    [
      'an approver of the own choice',
      [
        { name: 'a', type: 'APPROVE', parameters: { role: ref('stages.b.x') } },
        command('b', {}, { outputs: { x: 'STRING' } }),
      ],
      'a',
      'parameters.role',
      'must be written out: who starts a run does not choose who may approve it',
    ],
    [
      'an approval with retries',
      [{ name: 'a', type: 'APPROVE', retries: 1, parameters: { role: 'r' } }],
      'a',
      'retries',
      'a person decides once, in their own time',
    ],
    [
      'a program that is chosen later',
      [
        { name: 'a', type: 'COMMAND', parameters: { argv: [ref('stages.b.x')] } },
        command('b', {}, { outputs: { x: 'STRING' } }),
      ],
      'a',
      'parameters.argv',
      'the program itself must be written out: policy decides by it',
    ],
    [
      'another PATH',
      [command('a', {}, { environment: { PATH: '/tmp' } })],
      'a',
      'parameters.environment.PATH',
      'is reserved or no name of a variable',
    ],
    [
      'an output without a type',
      [command('a', {}, { outputs: { x: 'TEXT' } })],
      'a',
      'parameters.outputs.x',
      'expected one of STRING, INTEGER, NUMBER, BOOLEAN, OBJECT, STRINGS, ARTIFACT, found "TEXT"',
    ],
  ])('with %s is refused by stage and field', (_what, stages, stage, field, problem) => {
    expect(problems(stages)).toEqual([{ stage, field, problem }]);
  });

  it('with a default of a wrong type is refused', () => {
    expect(
      problems(
        [command('a')],
        [
          { name: 'n', type: 'INTEGER', default: 'one' },
          { name: 'n', type: 'STRING' },
        ],
      ),
    ).toEqual([
      { stage: null, field: 'parameters.n.default', problem: 'expected INTEGER, found "one"' },
      { stage: null, field: 'parameters.n', problem: 'is declared twice' },
    ]);
  });

  it('is planned so that every stage comes after what it needs', () => {
    const stages = plannedStages(
      define([
        command('c', { needs: ['b'] }),
        command('b', {}, { inputs: { x: `${ref('stages.a.exitCode')} and more` } }),
        command('a'),
      ]),
      true,
    );
    expect(stages.map(({ name, position }) => [name, position])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 0],
    ]);
    expect(stages[1]?.dependencies).toEqual(['a']);
  });
});

describe('references', () => {
  const known = {
    parameters: { n: 3, list: ['x'] },
    outputs: new Map<string, Values>([['a', { model: { artifact: 'k', digest: 'd', bytes: 1 }, text: 't' }]]),
  };

  it('keep the type where they stand alone and are written out in a text', () => {
    expect(
      resolveInputs(
        {
          deep: [{ n: ref('parameters.n') }],
          text: `${ref('parameters.n')}-${ref('stages.a.text')}-${ref('parameters.list')}`,
          model: ref('stages.a.model'),
        },
        known,
      ),
    ).toEqual({ deep: [{ n: 3 }], text: '3-t-["x"]', model: { artifact: 'k', digest: 'd', bytes: 1 } });
    expect(() => resolveInputs({ x: ref('stages.a.none') }, known)).toThrow(/Nothing stands for/);
  });

  it('leave a doubled sign as the text that it is', () => {
    const script = `echo $${ref('HOME')} ${ref('parameters.n')}`;
    expect(problems([command('a', {}, { argv: ['sh', '-c', `echo $${ref('HOME')}`] })])).toEqual([]);
    expect(resolveInputs({ script }, known)).toEqual({ script: `echo ${ref('HOME')} 3` });
  });

  it('take from events, or say what the event lacks', () => {
    expect(resolveEvent({ f: ref('event.feature.name') }, { feature: { name: 'hour' } })).toEqual({ f: 'hour' });
    expect(() => resolveEvent({ f: ref('event.feature.name') }, { feature: 'hour' })).toThrow(
      /The event has nothing for/,
    );
    expect(() => resolveEvent({ f: ref('event.constructor') }, {})).toThrow(/The event has nothing for/);
  });
});

describe('parameters of a run', () => {
  it('take defaults, also false and zero, and name each that is wrong', () => {
    const declared = define(
      [command('a')],
      [
        { name: 'zero', type: 'INTEGER', default: 0 },
        { name: 'off', type: 'BOOLEAN', default: false },
        { name: 'names', type: 'STRINGS' },
      ],
    ).parameters;
    expect(runParameters(declared, { names: [] })).toEqual({ zero: 0, off: false, names: [] });
    expect(() => runParameters(declared, { zero: 0.5, other: 1 })).toThrow(
      'parameters.other: the pipeline has no such parameter; it has zero, off, names; parameters.zero: expected INTEGER, found 0.5; parameters.names: is missing; expected STRINGS',
    );
  });
});

describe('the cache key', () => {
  const work = { type: 'COMMAND' as const, fingerprint: null, codeReference: 'c1' };
  const artifact = (artifact: string, digest: string) => ({ m: { artifact, digest, bytes: 1 } });

  it('hangs on content, not on order or place', () => {
    expect(cacheKey({ ...work, inputs: { a: 1, b: { c: 2, d: 3 } } })).toBe(
      cacheKey({ ...work, inputs: { b: { d: 3, c: 2 }, a: 1 } }),
    );
    expect(cacheKey({ ...work, inputs: artifact('runs/1/m', 'd1') })).toBe(
      cacheKey({ ...work, inputs: artifact('runs/2/m', 'd1') }),
    );
    const different = [
      { ...work, inputs: { a: 1 } },
      { ...work, inputs: { a: 2 } },
      { ...work, inputs: { a: '1' } },
      { ...work, inputs: { a: 1 }, fingerprint: 'f' },
      { ...work, inputs: { a: 1 }, codeReference: 'c2' },
      { ...work, inputs: { a: 1 }, type: 'TRAIN' as const },
      { ...work, inputs: artifact('runs/1/m', 'd1') },
      { ...work, inputs: artifact('runs/1/m', 'd2') },
    ];
    expect(new Set(different.map(cacheKey)).size).toBe(different.length);
  });
});
