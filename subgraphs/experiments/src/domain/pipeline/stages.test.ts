// Stages before a graph that answers as the real one does; what they may not do twice is counted.
import { PlatformError } from '@falaj/runtime';
import { describe, expect, it } from 'vitest';
import { brokenBounds } from './bounds.js';
import { prepare, validate } from './data-stages.js';
import type { Values } from './definition.js';
import { gate, promoted } from './gate-stage.js';
import { deploy, evaluate, register, train } from './model-stages.js';
import type { StageContext } from './stage-context.js';

type Variables = Record<string, unknown>;
type Answers = Record<string, (variables: Variables) => unknown>;

function stage(inputs: Values, answers: Answers, more: Partial<StageContext> = {}) {
  const asked: string[] = [];
  const noted: string[] = [];
  const context: StageContext = {
    plan: {
      runId: 'plr_1',
      workspaceId: 'w1',
      zone: 'AE',
      pipeline: 'flights',
      version: 1,
      principalId: 'p1',
      parameters: {},
      stages: [],
    },
    stage: 'own',
    inputs,
    step: { signal: new AbortController().signal, attempt: 1, idempotencyKey: 'k', heartbeat() {}, log() {} },
    async query<T>(document: string, variables: Variables): Promise<T> {
      const operation = /(?:query|mutation)\s+(\w+)/.exec(document)?.[1] ?? '';
      asked.push(operation);
      const answer = answers[operation];
      if (!answer) throw new Error(`${operation} was not expected`);
      return answer(variables) as T;
    },
    noteTrainingRun: async (id) => void noted.push(id),
    labelRate: async () => 0.25,
    runCommand: async () => ({}),
    ...more,
  };
  return { context, asked, noted };
}
const edges = (...nodes: object[]) => ({ edges: nodes.map((node) => ({ node })) });

describe('PREPARE', () => {
  it('finds the set that an earlier attempt has made', async () => {
    const made: { name: string; id: string; digest: string; rows: number }[] = [];
    const answers: Answers = {
      PipelineBuildView: () => ({}),
      PipelineFindTrainingSet: () => ({ trainingSets: edges(...made) }),
      PipelineCreateTrainingSet({ input }) {
        made.push({ name: (input as { name: string }).name, id: `ts${made.length}`, digest: 'd', rows: 9 });
        throw new Error('the process dies before the answer comes');
      },
    };
    const inputs = { featureViewIds: ['v1'], trainingSet: { featureServiceId: 'f', labelSourceId: 's' } };
    await expect(prepare(stage(inputs, answers).context)).rejects.toThrow('dies');
    expect(await prepare(stage(inputs, answers).context)).toEqual({ trainingSetId: 'ts0', digest: 'd', rows: 9 });
    expect(made).toHaveLength(1);
    expect(made[0]?.name).toMatch(/^[a-z][a-z0-9_-]{0,62}$/);
  });
});

describe('VALIDATE', () => {
  const quality = {
    PipelineTrainingSetQuality: () => ({
      trainingSet: {
        rows: 100,
        columns: [
          { name: 'at', role: 'EVENT_TIME', nulls: 0 },
          { name: 'wind', role: 'FEATURE', nulls: 30 },
          { name: 'rain', role: 'FEATURE', nulls: 5 },
        ],
      },
    }),
  };
  const judge = (inputs: Values, more: Partial<StageContext> = {}) =>
    validate(stage({ trainingSetId: 't', ...inputs }, quality, more).context);

  it('lets pass what keeps every bound, the limits included', async () => {
    expect(
      await judge({ minRows: 100, maxRows: 100, maxNullShare: 0.3, minLabelRate: 0.25, maxLabelRate: 0.25 }),
    ).toEqual({
      rows: 100,
      labelRate: 0.25,
      nullShares: { at: 0, wind: 0.3, rain: 0.05 },
    });
  });

  it('refuses with rule, found value, limit and what to do for each that does not', async () => {
    const refused = await judge({
      minRows: 101,
      maxNullShare: 0.04,
      nullShares: { wind: 0.5, missing: 0.1 },
      maxLabelRate: 0.2,
    }).catch((error) => error);
    expect(refused).toMatchObject({ code: 'STAGE_REFUSED' });
    expect(
      refused.details.refusals.map(({ rule, found, limit }: Record<string, string>) => [rule, found, limit]),
    ).toEqual([
      ['ROWS', '100', 'at least 101'],
      ['LABEL_RATE', '0.25', 'at most 0.2'],
      ['NULL_SHARE rain', '0.05', 'at most 0.04'],
      ['NULL_SHARE missing', 'unknown', 'at most 0.1'],
    ]);
    expect(refused.details.refusals.every(({ whatToDo }: { whatToDo: string }) => whatToDo.length > 0)).toBe(true);
  });

  it('never passes what is not known', async () => {
    await expect(judge({ minLabelRate: 0 }, { labelRate: async () => null })).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
    });
    expect(brokenBounds([{ rule: 'R', found: Number.NaN, maximum: 1, whatToDo: '' }])).toHaveLength(1);
    expect(brokenBounds([{ rule: 'R', found: null, whatToDo: '' }])).toHaveLength(0);
  });
});

describe('TRAIN', () => {
  const run = (state: string) => ({ run: { state, step: 1, totalSteps: 2, error: 'no memory', modelDigest: 'd' } });
  const inputs = { experimentId: 'e', trainingSetId: 't', trainer: 'gbdt', seed: 3 };

  it('starts one training, notes it and waits for its end', async () => {
    const states = ['QUEUED', 'RUNNING', 'SUCCEEDED'];
    let started: unknown;
    const { context, noted } = stage(inputs, {
      PipelineFindRuns: () => ({ runs: edges() }),
      PipelineTrain({ input }) {
        started = input;
        return { startTrainingRun: { run: { id: 'r1' } } };
      },
      PipelineRunState: () => run(states.shift() ?? 'SUCCEEDED'),
    });
    expect(await train(context)).toEqual({ runId: 'r1', modelDigest: 'd' });
    expect(started).toEqual({ ...inputs, name: 'flights own plr_1' });
    expect(noted).toEqual(['r1']);
  });

  it('goes on with the training that an earlier attempt started, and starts anew after one that failed', async () => {
    const known = (state: string) => ({
      PipelineFindRuns: () => ({
        runs: edges(
          { id: 'other', name: 'flights own plr_2', state: 'RUNNING' },
          { id: 'r1', name: 'flights own plr_1', state },
        ),
      }),
      PipelineTrain: () => ({ startTrainingRun: { run: { id: 'r2' } } }),
      PipelineRunState: () => run('SUCCEEDED'),
    });
    const again = stage(inputs, known('RUNNING'));
    expect(await train(again.context)).toMatchObject({ runId: 'r1' });
    expect(again.asked).not.toContain('PipelineTrain');
    expect(await train(stage(inputs, known('FAILED')).context)).toMatchObject({ runId: 'r2' });
  });

  it('fails with the reason of the training', async () => {
    const { context } = stage(inputs, {
      PipelineFindRuns: () => ({ runs: edges() }),
      PipelineTrain: () => ({ startTrainingRun: { run: { id: 'r1' } } }),
      PipelineRunState: () => run('FAILED'),
    });
    await expect(train(context)).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringContaining('FAILED: no memory'),
    });
  });
});

describe('EVALUATE', () => {
  const scored = (passed: boolean | null) => ({
    PipelineRunState: () => ({
      run: { state: 'SUCCEEDED', parity: { passed }, evaluation: { scores: { auc: 0.7, logLoss: null } } },
    }),
  });
  it('holds scores to bounds; a score that is missing keeps none', async () => {
    expect(await evaluate(stage({ runId: 'r', minimum: { auc: 0.7 } }, scored(true)).context)).toEqual({
      scores: { auc: 0.7, logLoss: null },
      parityPassed: true,
    });
    const refused = await evaluate(
      stage({ runId: 'r', minimum: { auc: 0.71, f1: 0 }, maximum: { logLoss: 1 } }, scored(false)).context,
    ).catch((error) => error);
    expect(refused.details.refusals.map(({ rule }: { rule: string }) => rule)).toEqual([
      'SCORE auc',
      'SCORE f1',
      'SCORE logLoss',
      'PARITY',
    ]);
    await expect(evaluate(stage({ runId: 'r' }, scored(null)).context)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('REGISTER and DEPLOY', () => {
  it('find the version that is registered and the endpoint that serves it', async () => {
    const done = stage(
      { modelName: 'm', runId: 'r' },
      {
        PipelineModels: () => ({ models: edges({ name: 'm' }) }),
        PipelineVersions: () => ({
          modelVersions: edges({ id: 'v1', version: 1, modelName: 'other' }, { id: 'v2', version: 4, modelName: 'm' }),
        }),
      },
    );
    expect(await register(done.context)).toEqual({ modelVersionId: 'v2', version: 4, modelName: 'm' });
    const serving = (modelVersion: string): Answers => ({
      PipelineEndpoints: () => ({
        endpoints: edges({ id: 'e1', name: 'delays', revision: 3, modelVersion: { id: modelVersion } }),
      }),
      PipelineUpdateEndpoint: () => ({ updateEndpoint: { endpoint: { id: 'e1', revision: 4 } } }),
    });
    const inputs = { endpoint: 'delays', modelVersionId: 'v2' };
    expect(await deploy(stage(inputs, serving('v2')).context)).toEqual({ endpointId: 'e1', revision: 3 });
    expect(await deploy(stage(inputs, serving('v1')).context)).toEqual({ endpointId: 'e1', revision: 4 });
    const create = stage(inputs, {
      PipelineEndpoints: () => ({ endpoints: edges() }),
      PipelineCreateEndpoint: ({ input }) => ({
        createEndpoint: { endpoint: { id: (input as { zone: string }).zone, revision: 1 } },
      }),
    });
    expect(await deploy(create.context)).toEqual({ endpointId: 'AE', revision: 1 });
  });

  it('makes the model where there is none, also beside somebody who does the same', async () => {
    const { context } = stage(
      { modelName: 'm', runId: 'r' },
      {
        PipelineModels: () => ({ models: edges({ name: 'my m' }) }),
        PipelineCreateModel() {
          throw new PlatformError('CONFLICT', 'taken');
        },
        PipelineVersions: () => ({ modelVersions: edges() }),
        PipelineRegister: () => ({ createModelVersion: { modelVersion: { id: 'v1', version: 1 } } }),
      },
    );
    expect(await register(context)).toMatchObject({ version: 1 });
  });
});

describe('GATE', () => {
  const verdict = (passed: boolean | null, checks: object[] | null) => ({
    PipelineGate: () => ({ evaluatePromotion: { passed, checks } }),
  });
  const inputs = { modelVersionId: 'v', alias: 'production' };
  const check = (status: string) => ({ checkId: 'auc', status, found: '0.6', limit: '0.7', whatToDo: 'train' });

  it('passes the verdict on and never passes without one', async () => {
    expect(await gate(stage(inputs, verdict(true, [check('PASS')])).context)).toEqual({
      checks: 1,
      promotionId: '',
      promotionState: '',
    });
    await expect(gate(stage(inputs, verdict(false, [check('FAIL')])).context)).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
      details: { refusals: [{ rule: 'GATE auc', found: '0.6', limit: '0.7', whatToDo: 'train' }] },
    });
    await expect(gate(stage(inputs, verdict(null, [check('PASS')])).context)).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
    });
    await expect(gate(stage(inputs, verdict(true, null)).context)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('asks for a promotion once', async () => {
    const open: object[] = [];
    const answers = {
      ...verdict(true, []),
      PipelinePromotions: () => ({ promotions: edges(...open) }),
      PipelinePromotion() {
        open.push({ id: 'p1', alias: 'production', state: 'PENDING' });
        return { requestPromotion: { promotion: { id: 'p1', state: 'PENDING' } } };
      },
    };
    for (let time = 0; time < 2; time += 1)
      expect(await gate(stage({ ...inputs, promote: true }, answers).context)).toEqual({
        checks: 0,
        promotionId: 'p1',
        promotionState: 'PENDING',
      });
    expect(open).toHaveLength(1);
  });

  it('is done only when the promotion is, and names how it ended otherwise', async () => {
    const outputs = { checks: 1, promotionId: 'p1', promotionState: 'PENDING' };
    const as = (state: string | null, outcome: string | null = null) =>
      promoted(
        outputs,
        stage({}, { PipelinePromotionState: ({ id }) => ({ promotion: { id, state, outcome } }) }).context,
      );
    expect(await as('PENDING')).toBeNull();
    expect(await as('DONE')).toEqual({ ...outputs, promotionState: 'DONE' });
    await expect(as('REJECTED', 'too slow')).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
      details: { refusals: [{ rule: 'PROMOTION', found: 'rejected: too slow', limit: 'every approval given' }] },
    });
    await expect(as(null)).rejects.toMatchObject({ code: 'STAGE_REFUSED' });
    const hidden = stage({}, { PipelinePromotionState: () => ({ promotion: null }) }).context;
    await expect(promoted(outputs, hidden)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
