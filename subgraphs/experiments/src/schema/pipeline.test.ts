// Pipelines as users have them: through the graph, over a real PostgreSQL and the real engine, with real processes.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../testing/open-experiments.js';
import { commandsAllowed, openPipelines, type Pipelines, type Process } from '../testing/open-pipelines.js';

let pipelines: Pipelines;
let process1: Process;
let scientist: Principal;
let approver: Principal;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'falaj-pipeline-test-'));
  pipelines = await openPipelines({ extra: [commandsAllowed] });
  process1 = await pipelines.openProcess();
  scientist = await pipelines.person('Sara', ['data-scientist']);
  approver = await pipelines.person('Omar', ['approver']);
});
afterAll(async () => {
  await pipelines?.close();
  rmSync(folder, { recursive: true, force: true });
});

const CREATE = `mutation ($input: CreatePipelineInput!) {
  createPipeline(input: $input) { created pipeline { id version stages { name needs cached command { program } } } } }`;
const START = `mutation ($input: StartPipelineRunInput!) { startPipelineRun(input: $input) { started run { id state } } }`;
const RUN = `query ($id: ID!) { pipelineRun(id: $id) {
  state pipelineVersion cancelReason triggerKind triggerId event parameters error { code stage message details }
  stages { name state attempts inputs outputs logTail cachedFrom approverRole question startedAt finishedAt
    error { code message } decisions { approved role reason ownerId } } } }`;

/** What a definition writes for a parameter or an output. */
const ref = (path: string) => `\${${path}}`;

interface Stage {
  name: string;
  type: string;
  parameters?: Record<string, unknown>;
  [more: string]: unknown;
}
/** A command that runs a script of node. */
const script = (name: string, code: string, more: Record<string, unknown> = {}, parameters = {}): Stage => ({
  name,
  type: 'COMMAND',
  parameters: { argv: ['node', '-e', code], ...parameters },
  ...more,
});
const writes = (outputs: string) =>
  `require('fs').writeFileSync(process.env.FALAJ_OUTPUTS, JSON.stringify(${outputs}));`;
const reads = `const inputs = JSON.parse(require('fs').readFileSync(process.env.FALAJ_INPUTS, 'utf8'));`;

async function create(name: string, stages: Stage[], more: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await process1.ask(scientist, CREATE, { input: { name, stages, ...more } });
  if (answer.code) throw new Error(answer.message);
  return answer;
}
let keys = 0;
async function start(pipeline: string, more: Record<string, unknown> = {}, who = scientist): Promise<string> {
  keys += 1;
  const answer = await process1.ask(who, START, { input: { pipeline, idempotencyKey: `k-${keys}`, ...more } });
  if (answer.code) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.data.startPipelineRun.run.id;
}
async function look(id: string, from = process1) {
  const { pipelineRun } = (await from.ask(scientist, RUN, { id })).data;
  const stages = Object.fromEntries(pipelineRun.stages.map((stage: { name: string }) => [stage.name, stage]));
  return { ...pipelineRun, stages };
}
async function until(id: string, done: (run: Awaited<ReturnType<typeof look>>) => boolean, from = process1) {
  for (let tries = 0; tries < 600; tries += 1) {
    const run = await look(id, from);
    if (done(run)) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The run never got there: ${JSON.stringify(await look(id, from))}`);
}
const ENDED = ['SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED'];
const ended = (id: string, from = process1) => until(id, ({ state }) => ENDED.includes(state), from);
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie is dead; only its parent has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

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
    expect(again.code).toBe('PRECONDITION_FAILED');
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

  it('is refused what policy does not allow, when it is started and again when the stage begins', async () => {
    await create('forbidden', [{ name: 'one', type: 'COMMAND', parameters: { argv: ['/bin/true'] } }]);
    const told = await process1.ask(scientist, START, { input: { pipeline: 'forbidden', idempotencyKey: 'f' } });
    expect(told.code).toBe('FORBIDDEN');
    const [refusal] = await pipelines.rows<{ outcome: string }>(
      sql`select outcome from audit.record where action = 'startPipelineRun' and reason = 'FORBIDDEN'`,
    );
    expect(refusal?.outcome).toBe('REFUSED');
    const leaving = await pipelines.person('Lea', ['data-scientist']);
    await create('revoked', [
      { name: 'ask', type: 'APPROVE', parameters: { role: 'approver' } },
      script('one', '', { needs: ['ask'] }),
    ]);
    const id = await start('revoked', {}, leaving);
    await until(id, ({ state }) => state === 'WAITING');
    await pipelines.revoke(leaving, 'data-scientist');
    await process1.ask(approver, DECIDE('approve'), {
      input: { runId: id, stage: 'ask', role: 'approver', reason: 'fine' },
    });
    expect(await ended(id)).toMatchObject({
      state: 'REFUSED',
      error: { code: 'FORBIDDEN', stage: 'one' },
      stages: { one: { logTail: '' } },
    });
  });
});

const DECIDE = (verb: 'approve' | 'reject') =>
  `mutation ($input: PipelineDecisionInput!) { ${verb}PipelineStage(input: $input) { run { state } } }`;

describe('an approval', () => {
  beforeAll(() =>
    create('asked', [
      { name: 'ask', type: 'APPROVE', parameters: { role: 'approver', question: 'Serve it?' } },
      script('after', `${reads} console.log(inputs.why)`, {}, { inputs: { why: ref('stages.ask.reason') } }),
    ]),
  );

  it('is given by another person who holds the role, and by nobody else', async () => {
    const both = await pipelines.person('Both', ['data-scientist', 'approver']);
    const robot = await pipelines.person('robot', ['approver'], 'SERVICE');
    const id = await start('asked', {}, both);
    const waiting = await until(id, ({ state }) => state === 'WAITING');
    expect(waiting.stages.ask).toMatchObject({ state: 'WAITING', approverRole: 'approver', question: 'Serve it?' });
    const open = await process1.ask(approver, '{ pipelineApprovals(first: 50) { edges { node { runId name } } } }');
    expect(open.data.pipelineApprovals.edges).toContainEqual({ node: { runId: id, name: 'ask' } });
    const input = { runId: id, stage: 'ask', role: 'approver', reason: 'good scores' };
    expect(await process1.ask(both, DECIDE('approve'), { input })).toMatchObject({
      code: 'FORBIDDEN',
      details: { rule: 'FOUR_EYES_INDEPENDENT' },
    });
    expect(await process1.ask(robot, DECIDE('approve'), { input })).toMatchObject({
      code: 'FORBIDDEN',
      details: { rule: 'FOUR_EYES_PERSON' },
    });
    expect(
      await process1.ask(approver, DECIDE('approve'), { input: { ...input, role: 'administrator' } }),
    ).toMatchObject({ code: 'FORBIDDEN', details: { rule: 'FOUR_EYES_ROLE' } });
    expect((await process1.ask(scientist, DECIDE('approve'), { input })).code).toBe('FORBIDDEN');
    expect((await process1.ask(approver, DECIDE('approve'), { input })).code).toBeUndefined();
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', stages: { after: { logTail: 'good scores\n' } } });
    expect(run.stages.ask.decisions).toEqual([
      { approved: true, role: 'approver', reason: 'good scores', ownerId: approver.id },
    ]);
    expect((await process1.ask(approver, DECIDE('approve'), { input })).code).toBe('PRECONDITION_FAILED');
  });

  it('that is refused ends the run as REFUSED; whoever resumes it may not approve it', async () => {
    const id = await start('asked');
    await until(id, ({ state }) => state === 'WAITING');
    const input = { runId: id, stage: 'ask', role: 'approver', reason: 'too early' };
    await process1.ask(approver, DECIDE('reject'), { input });
    expect(await ended(id)).toMatchObject({
      state: 'REFUSED',
      error: { code: 'STAGE_REFUSED', stage: 'ask', details: { refusals: [{ rule: 'APPROVAL' }] } },
    });
    const second = await pipelines.person('Second', ['data-scientist', 'approver']);
    await process1.ask(second, `mutation ($id: ID!) { resumePipelineRun(input: { runId: $id }) { run { state } } }`, {
      id,
    });
    await until(id, ({ state }) => state === 'WAITING');
    expect(await process1.ask(second, DECIDE('approve'), { input })).toMatchObject({
      details: { rule: 'FOUR_EYES_INDEPENDENT' },
    });
    await process1.ask(approver, DECIDE('approve'), { input: { ...input, reason: 'now' } });
    const run = await ended(id);
    expect(run.state).toBe('SUCCEEDED');
    expect(run.stages.ask.decisions.map(({ approved }: { approved: boolean }) => approved)).toEqual([true, false]);
  });

  it('outlives the process that asked for it', async () => {
    const id = await start('asked');
    await until(id, ({ state }) => state === 'WAITING');
    await process1.stop();
    process1 = await pipelines.openProcess();
    expect((await look(id)).stages.ask.state).toBe('WAITING');
    await process1.ask(approver, DECIDE('approve'), {
      input: { runId: id, stage: 'ask', role: 'approver', reason: 'still good' },
    });
    expect((await ended(id)).state).toBe('SUCCEEDED');
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

describe('triggers', () => {
  const LIST = (name: string) => `{ pipelineRuns(filter: { pipelineName: "${name}" }) { edges { node { id } } } }`;
  const runsOf = async (name: string): Promise<string[]> =>
    (await process1.ask(scientist, LIST(name))).data.pipelineRuns.edges.map(
      ({ node }: { node: { id: string } }) => node.id,
    );
  const some = async (name: string): Promise<string> => {
    for (let tries = 0; tries < 400; tries += 1) {
      const [id] = await runsOf(name);
      if (id) return id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('No run was started.');
  };

  it('start a run once for each event that fits, on behalf of their owner', async () => {
    await create(
      'upon',
      [
        { name: 'ask', type: 'APPROVE', parameters: { role: 'approver' } },
        script('one', `${reads} console.log(inputs.f)`, {}, { inputs: { f: ref('parameters.feature') } }),
      ],
      {
        parameters: [{ name: 'feature', type: 'STRING' }],
      },
    );
    const set = `mutation ($input: SetPipelineTriggerInput!) { setPipelineTrigger(input: $input) { trigger { id active } } }`;
    const input = {
      name: 'on drift',
      pipeline: 'upon',
      event: 'drift.alarm',
      match: { endpoint: 'delays' },
      parameters: { feature: ref('event.feature') },
    };
    expect((await process1.ask(scientist, set, { input: { ...input, parameters: { other: 1 } } })).code).toBe(
      'BAD_USER_INPUT',
    );
    const trigger = (await process1.ask(scientist, set, { input })).data.setPipelineTrigger.trigger;
    const teller = await pipelines.person('Teller', ['feature-engineer', 'approver']);
    const tell = (key: string, payload: object) =>
      process1.ask(
        teller,
        `mutation ($input: TriggerPipelinesInput!) { triggerPipelines(input: $input) { matched fired } }`,
        {
          input: { event: 'drift.alarm', key, payload },
        },
      );
    expect((await tell('1', { endpoint: 'other', feature: 'dep_hour' })).data.triggerPipelines).toEqual({
      matched: 0,
      fired: 0,
    });
    expect((await tell('2', { endpoint: 'delays', feature: 'dep_hour' })).data.triggerPipelines).toEqual({
      matched: 1,
      fired: 1,
    });
    expect((await tell('2', { endpoint: 'delays', feature: 'dep_hour' })).data.triggerPipelines).toEqual({
      matched: 1,
      fired: 0,
    });
    const id = await some('upon');
    await until(id, ({ state }) => state === 'WAITING');
    // Who told of the event asked for the run as well.
    const decision = { runId: id, stage: 'ask', role: 'approver', reason: 'fine' };
    expect((await process1.ask(teller, DECIDE('approve'), { input: decision })).details).toMatchObject({
      rule: 'FOUR_EYES_INDEPENDENT',
    });
    await process1.ask(approver, DECIDE('approve'), { input: decision });
    expect(await ended(id)).toMatchObject({
      state: 'SUCCEEDED',
      triggerKind: 'EVENT',
      triggerId: trigger.id,
      event: { feature: 'dep_hour' },
      stages: { one: { logTail: 'dep_hour\n' } },
    });
    expect(await runsOf('upon')).toHaveLength(1);
  });

  it('hear the events of the platform, such as the end of another pipeline', async () => {
    await create('upstream', [script('one', '')]);
    await create('downstream', [script('one', '')]);
    const set = `mutation ($input: SetPipelineTriggerInput!) { setPipelineTrigger(input: $input) { trigger { id } } }`;
    await process1.ask(scientist, set, {
      input: {
        name: 'chain',
        pipeline: 'downstream',
        event: 'experiments.pipeline-run-ended',
        match: { pipeline: 'upstream', state: 'SUCCEEDED' },
      },
    });
    await ended(await start('upstream'));
    expect((await ended(await some('downstream'))).state).toBe('SUCCEEDED');
  });

  it('start runs at times until they are stopped', async () => {
    await create('timely', [script('one', '')]);
    const schedule = `mutation ($input: SchedulePipelineInput!) { schedulePipeline(input: $input) { trigger { id cron timeZone } } }`;
    const wrong = await process1.ask(scientist, schedule, {
      input: { name: 'often', pipeline: 'timely', cron: 'every day' },
    });
    expect(wrong.code).toBe('BAD_USER_INPUT');
    const made = await process1.ask(scientist, schedule, {
      input: { name: 'often', pipeline: 'timely', cron: '* * * * * *', timeZone: 'Asia/Dubai' },
    });
    const { id, ...rest } = made.data.schedulePipeline.trigger;
    expect(rest).toEqual({ cron: '* * * * * *', timeZone: 'Asia/Dubai' });
    expect(await ended(await some('timely'))).toMatchObject({
      state: 'SUCCEEDED',
      triggerKind: 'SCHEDULE',
      triggerId: id,
    });
    const stopped = await process1.ask(
      scientist,
      `mutation ($id: ID!) { stopPipelineTrigger(id: $id) { trigger { active lastError { code } } } }`,
      { id },
    );
    expect(stopped.data.stopPipelineTrigger.trigger).toEqual({ active: false, lastError: null });
  });
});

describe('policy', () => {
  it('lets each role do its part and nothing else', async () => {
    const viewer = await pipelines.person('Vera', ['viewer']);
    const id = await start('versions');
    await ended(id);
    const seen = await process1.ask(viewer, RUN, { id });
    expect(seen.data.pipelineRun.stages[0]).toMatchObject({
      name: 'one',
      state: 'SUCCEEDED',
      outputs: null,
      logTail: null,
    });
    for (const who of [viewer, approver]) {
      expect((await process1.ask(who, START, { input: { pipeline: 'versions', idempotencyKey: 'no' } })).code).toBe(
        'FORBIDDEN',
      );
      expect((await process1.ask(who, CREATE, { input: { name: 'no', stages: [script('a', '')] } })).code).toBe(
        'FORBIDDEN',
      );
    }
    const stranger = { ...scientist, workspaceId: 'elsewhere' };
    expect((await process1.ask(stranger, RUN, { id })).code).toBe('NOT_FOUND');
    expect(existsSync(folder)).toBe(true);
  });
});
