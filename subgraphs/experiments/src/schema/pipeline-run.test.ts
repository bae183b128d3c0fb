// Runs of pipelines as users have them: through the graph, over a real PostgreSQL and engine, with real processes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  alive,
  CREATE,
  create,
  ended,
  folder,
  pipelines,
  process1,
  reads,
  ref,
  START,
  scientist,
  script,
  setUp,
  start,
  tearDown,
  until,
  writes,
} from '../testing/pipeline-user.js';

beforeAll(() =>
  setUp({
    PipelineFindRuns: () => ({ runs: { edges: [] } }),
    async PipelineTrain({ input }) {
      const { name } = input as { name: string };
      await pipelines.rows(sql`insert into experiments.experiment (id, workspace_id, owner_id, owner, name, description)
        values ('e', ${pipelines.workspaceId}, 'p', 'p', 'e', '')`);
      await pipelines.rows(sql`insert into experiments.run (id, workspace_id, zone, experiment_id, name, state, trainer, request,
          training_set_id, training_set, training_set_digest, allowed_zones, categories, seed, owner_id, owner, lease_owner, lease_until)
        values ('r1', ${pipelines.workspaceId}, 'AE', 'e', ${name}, 'RUNNING', 'gbdt', '{}', 't', '{}', 'd', '{AE}', '{}', 1, 'p', 'p',
          'somebody', now() + interval '1 hour')`);
      return { startTrainingRun: { run: { id: 'r1' } } };
    },
    PipelineRunState: () => ({ run: { state: 'RUNNING', step: 1, totalSteps: 2 } }),
  }),
);
afterAll(tearDown);

describe('a definition', () => {
  it('is a new version only where it differs', async () => {
    const stages = [script('one', '')];
    const first = await create('versions', stages);
    expect(first.data.createPipeline).toMatchObject({ created: true, pipeline: { version: 1 } });
    expect((await create('versions', stages)).data.createPipeline).toEqual({
      ...first.data.createPipeline,
      created: false,
    });
    const second = await create('versions', [...stages, script('two', '', { needs: ['one'] })]);
    expect(second.data.createPipeline).toMatchObject({ created: true, pipeline: { version: 2 } });
    expect((await create('versions', stages)).data.createPipeline.pipeline.version).toBe(3);
    const list = await process1.ask(
      scientist,
      '{ pipelines(filter: { name: "versions", newestOnly: true }) { totalCount edges { node { version } } } pipelineByName(name: "versions", version: 2) { version } }',
    );
    expect(list.data).toEqual({
      pipelines: { totalCount: 1, edges: [{ node: { version: 3 } }] },
      pipelineByName: { version: 2 },
    });
  });

  it('is refused with every problem by stage and field', async () => {
    const { code, details } = await process1.ask(scientist, CREATE, {
      input: {
        name: 'wrong',
        stages: [script('a', '', { needs: ['b'] }), script('b', '', { needs: ['a', 'nobody'] })],
      },
    });
    expect(code).toBe('BAD_USER_INPUT');
    expect(details.problems).toEqual([
      { stage: 'b', field: 'needs', problem: 'there is no stage "nobody"; there are a, b' },
    ]);
  });
});

describe('a run', () => {
  it('runs branches side by side and hands outputs and artifacts on', async () => {
    const meet = (own: string, other: string) => `const fs = require('fs');
      fs.writeFileSync(${JSON.stringify(folder)} + '/${own}', '');
      const wait = () => fs.existsSync(${JSON.stringify(folder)} + '/${other}') ? 0 : setTimeout(wait, 20); wait();`;
    await create(
      'parallel',
      [
        script(
          'make',
          `${writes('{ base: 20 }')} require('fs').writeFileSync(process.env.FALAJ_OUTPUT_DIRECTORY + '/blob', 'water');`,
          {},
          {
            outputs: { base: 'INTEGER', blob: 'ARTIFACT' },
          },
        ),
        script(
          'left',
          `${reads} ${meet('left', 'right')} ${writes('{ sum: inputs.base + inputs.seed }')}`,
          {},
          {
            inputs: { base: ref('stages.make.base'), seed: ref('parameters.seed') },
            outputs: { sum: 'INTEGER' },
          },
        ),
        script(
          'right',
          `${reads} ${meet('right', 'left')} ${writes("{ text: require('fs').readFileSync(inputs.blob.path, 'utf8') }")}`,
          {},
          {
            inputs: { blob: ref('stages.make.blob') },
            outputs: { text: 'STRING' },
          },
        ),
        script(
          'join',
          `${reads} console.log(inputs.line, Object.keys(process.env).filter((name) => /DATABASE|SECRET|NODE_/.test(name)).length)`,
          {},
          {
            inputs: { line: `sum ${ref('stages.left.sum')} of ${ref('stages.right.text')}` },
          },
        ),
      ],
      { parameters: [{ name: 'seed', type: 'INTEGER', standard: { value: 1 } }] },
    );
    const run = await ended(await start('parallel', { parameters: { seed: 22 } }));
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null, parameters: { seed: 22 } });
    expect(run.stages.left.outputs).toEqual({ sum: 42, exitCode: 0 });
    expect(run.stages.right.outputs).toEqual({ text: 'water', exitCode: 0 });
    expect(run.stages.make.outputs.blob).toMatchObject({ bytes: 5 });
    expect(run.stages.join).toMatchObject({ state: 'SUCCEEDED', attempts: 1, logTail: 'sum 42 of water 0\n' });
    expect(Date.parse(run.stages.join.startedAt)).toBeGreaterThanOrEqual(Date.parse(run.stages.right.finishedAt));
  });

  it('under a known key is the run that was started; another work under it is refused', async () => {
    await create('keyed', [script('one', '')], { parameters: [{ name: 'x', type: 'NUMBER', standard: { value: 1 } }] });
    const input = { pipeline: 'keyed', idempotencyKey: 'same' };
    const [first, again] = await Promise.all([
      process1.ask(scientist, START, { input }),
      process1.ask(scientist, START, { input }),
    ]);
    expect(again.data.startPipelineRun.run.id).toBe(first.data.startPipelineRun.run.id);
    expect([first, again].map((one) => one.data.startPipelineRun.started).sort()).toEqual([false, true]);
    const other = await process1.ask(scientist, START, { input: { ...input, parameters: { x: 2 } } });
    expect(other.code).toBe('CONFLICT');
    const wrong = await process1.ask(scientist, START, { input: { ...input, parameters: { x: 'two', y: 1 } } });
    expect(wrong.message).toContain('parameters.x: expected NUMBER, found "two"');
    expect(wrong.message).toContain('parameters.y: the pipeline has no such parameter; it has x');
  });

  it('that fails goes on where it failed and keeps what was made', async () => {
    const count = join(folder, 'count');
    const fixed = join(folder, 'fixed');
    await create('mended', [
      script(
        'first',
        `require('fs').appendFileSync(${JSON.stringify(count)}, 'x'); ${writes('{ id: process.env.FALAJ_PIPELINE_RUN }')}`,
        {},
        { outputs: { id: 'STRING' } },
      ),
      script(
        'breaks',
        `if (!require('fs').existsSync(${JSON.stringify(fixed)})) { console.error('no water'); process.exit(3); }`,
        { needs: ['first'], retries: 1, backoffSeconds: 0.05 },
      ),
      script(
        'after',
        `${reads} console.log(inputs.id)`,
        { needs: ['breaks'] },
        { inputs: { id: ref('stages.first.id') } },
      ),
      script('beside', `${writes('{ n: 1 }')}`, {}, { outputs: { n: 'INTEGER' } }),
    ]);
    const id = await start('mended');
    const failed = await ended(id);
    expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'STAGE_FAILED', stage: 'breaks' } });
    expect(failed.error.message).toBe('Command node ended with exit code 3: no water');
    expect(failed.stages).toMatchObject({
      first: { state: 'SUCCEEDED' },
      breaks: { state: 'FAILED', attempts: 2 },
      after: { state: 'SKIPPED' },
      beside: { state: 'SUCCEEDED' },
    });
    writeFileSync(fixed, '');
    const resumed = await process1.ask(
      scientist,
      `mutation ($id: ID!) { resumePipelineRun(input: { runId: $id }) { run { state } } }`,
      { id },
    );
    expect(resumed.data.resumePipelineRun.run.state).toBe('QUEUED');
    const done = await ended(id);
    expect(done).toMatchObject({
      state: 'SUCCEEDED',
      error: null,
      stages: { breaks: { state: 'SUCCEEDED', error: null }, after: { logTail: `${id}\n` } },
    });
    expect(readFileSync(count, 'utf8')).toBe('x');
    const again = await process1.ask(
      scientist,
      `mutation ($id: ID!) { resumePipelineRun(input: { runId: $id }) { run { state } } }`,
      { id },
    );
    expect(again).toMatchObject({
      code: 'PRECONDITION_FAILED',
      details: { rule: 'RESUME_WHAT_HAS_FAILED', limit: 'FAILED or CANCELLED', whatToDo: 'start another run' },
    });
  });

  it('goes on with a mended version, where what is done is the same in it', async () => {
    const good = script('good', writes('{ n: 7 }'), {}, { outputs: { n: 'INTEGER' } });
    await create('corrected', [good, script('bad', 'process.exit(1)', { needs: ['good'] })]);
    const id = await start('corrected');
    expect((await ended(id)).state).toBe('FAILED');
    await create('corrected', [
      { ...good, parameters: { ...good.parameters, inputs: { x: 1 } } },
      script('bad', '', { needs: ['good'] }),
    ]);
    await create('corrected', [
      good,
      script('bad', `${reads} console.log(inputs.n)`, {}, { inputs: { n: ref('stages.good.n') } }),
    ]);
    const resume = (version: number) =>
      process1.ask(
        scientist,
        `mutation ($id: ID!, $version: Int) { resumePipelineRun(input: { runId: $id, version: $version }) { run { state } } }`,
        { id, version },
      );
    expect(await resume(2)).toMatchObject({ code: 'PRECONDITION_FAILED', details: { stages: ['good'] } });
    expect((await resume(3)).code).toBeUndefined();
    expect(await ended(id)).toMatchObject({
      state: 'SUCCEEDED',
      pipelineVersion: 3,
      stages: { bad: { logTail: '7\n' } },
    });
  });

  it('that is cancelled takes its processes with it, however stubborn', async () => {
    await create('stubborn', [
      script(
        'works',
        `process.on('SIGTERM', () => {}); require('child_process').spawn('sleep', ['600'], { stdio: 'inherit' });
        console.log('pid', process.pid); setInterval(() => {}, 1000)`,
      ),
      script('never', '', { needs: ['works'] }),
    ]);
    const id = await start('stubborn');
    const running = await until(id, ({ stages }) => /pid \d+/.test(stages.works.logTail));
    const pid = Number(/pid (\d+)/.exec(running.stages.works.logTail)?.[1]);
    expect(alive(pid)).toBe(true);
    const cancel = `mutation ($id: ID!) { cancelPipelineRun(input: { runId: $id, reason: "wrong data" }) { run { id } } }`;
    expect((await process1.ask(scientist, cancel, { id })).code).toBeUndefined();
    const run = await ended(id);
    expect(run).toMatchObject({
      state: 'CANCELLED',
      cancelReason: 'wrong data',
      stages: { works: { state: 'CANCELLED' }, never: { state: 'SKIPPED' } },
    });
    expect(alive(pid)).toBe(false);
    expect(await process1.ask(scientist, cancel, { id })).toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('is over its time limit once it is, and not later', async () => {
    await create('slow', [script('sleeps', 'setTimeout(() => {}, 600000)', { timeoutSeconds: 0.5 })]);
    const run = await ended(await start('slow'));
    expect(run.error).toMatchObject({
      code: 'STAGE_FAILED',
      stage: 'sleeps',
      details: { reason: 'TIMEOUT', limit: 0.5 },
    });
  });

  it('is refused what policy does not allow, already when it is started', async () => {
    await create('forbidden', [{ name: 'one', type: 'COMMAND', parameters: { argv: ['/bin/true'] } }]);
    const told = await process1.ask(scientist, START, { input: { pipeline: 'forbidden', idempotencyKey: 'f' } });
    expect(told.code).toBe('FORBIDDEN');
    const [refusal] = await pipelines.rows<{ outcome: string }>(
      sql`select outcome from audit.record where action = 'startPipelineRun' and reason = 'FORBIDDEN'`,
    );
    expect(refusal?.outcome).toBe('REFUSED');
  });
});

describe('the cache', () => {
  it('answers for the same inputs, visibly, until it is switched off or the code changes', async () => {
    const file = join(folder, 'cached');
    const stage = (codeVersion: string) =>
      script(
        'work',
        `require('fs').appendFileSync(${JSON.stringify(file)}, 'x'); ${reads} ${writes('{ twice: inputs.n * 2 }')}`,
        { cache: true },
        {
          inputs: { n: ref('parameters.n') },
          outputs: { twice: 'INTEGER' },
          codeVersion,
        },
      );
    const parameters = [{ name: 'n', type: 'INTEGER' }];
    await create('remembers', [stage('1')], { parameters });
    const done = () => readFileSync(file, 'utf8').length;
    const first = await start('remembers', { parameters: { n: 4 } });
    expect((await ended(first)).stages.work.state).toBe('SUCCEEDED');
    const again = await ended(await start('remembers', { parameters: { n: 4 } }));
    expect(again.stages.work).toMatchObject({
      state: 'CACHED',
      cachedFrom: `${first}.work`,
      outputs: { twice: 8, exitCode: 0 },
    });
    expect(done()).toBe(1);
    expect((await ended(await start('remembers', { parameters: { n: 5 } }))).stages.work.outputs.twice).toBe(10);
    expect((await ended(await start('remembers', { parameters: { n: 4 }, caching: false }))).stages.work.state).toBe(
      'SUCCEEDED',
    );
    await create('remembers', [stage('2')], { parameters });
    expect((await ended(await start('remembers', { parameters: { n: 4 } }))).stages.work.state).toBe('SUCCEEDED');
    expect(done()).toBe(4);
  });
});

describe('concurrency', () => {
  it('lets so many runs of a pipeline go at a time', async () => {
    const trace = join(folder, 'trace');
    const code = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(trace)}, '+'); setTimeout(() => fs.appendFileSync(${JSON.stringify(trace)}, '-'), 150)`;
    await create('single', [script('one', code)], { concurrency: 1 });
    const runs = await Promise.all([start('single'), start('single'), start('single')]);
    for (const id of runs) expect((await ended(id)).state).toBe('SUCCEEDED');
    expect(readFileSync(trace, 'utf8')).toBe('+-+-+-');
  });
});

describe('a training', () => {
  it('is cancelled with the run that started it, also where its start was not noted yet', async () => {
    const stages = [{ name: 'train', type: 'TRAIN', parameters: { experimentId: 'e', trainingSetId: 't' } }];
    await create('trains', stages);
    const id = await start('trains');
    await until(id, ({ stages: { train } }) => train.state === 'RUNNING');
    const states = () =>
      pipelines.rows<{ name: string; cancel_requested: boolean }>(
        sql`select name, cancel_requested from experiments.run`,
      );
    while ((await states()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await process1.ask(
      scientist,
      'mutation ($id: ID!) { cancelPipelineRun(input: { runId: $id, reason: "no" }) { run { id } } }',
      { id },
    );
    expect((await ended(id)).state).toBe('CANCELLED');
    expect(await states()).toEqual([{ name: `trains train ${id}`, cancel_requested: true }]);
  });
});
