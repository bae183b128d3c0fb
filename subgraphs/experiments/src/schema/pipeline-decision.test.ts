// Who may decide and see what of the runs of pipelines.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approver,
  CREATE,
  create,
  DECIDE,
  ended,
  folder,
  look,
  pipelines,
  process1,
  RUN,
  reads,
  ref,
  restart,
  START,
  scientist,
  script,
  setUp,
  start,
  tearDown,
  until,
} from '../testing/pipeline-user.js';

/** Of the one promotion that the registry of this test has. */
let promotion = 'PENDING';
beforeAll(() =>
  setUp({
    PipelineGate: () => ({ evaluatePromotion: { passed: true, checks: [] } }),
    PipelinePromotions: () => ({ promotions: { edges: [] } }),
    PipelinePromotion: () => ({ requestPromotion: { promotion: { id: 'pro_1', state: promotion } } }),
    PipelinePromotionState: () => ({ promotion: { id: 'pro_1', state: promotion, outcome: null } }),
  }),
);
afterAll(tearDown);

describe('a gate that promotes', () => {
  beforeAll(() =>
    create('promoting', [
      {
        name: 'gate',
        type: 'GATE',
        parameters: { modelVersionId: 'mv_1', alias: 'champion', promote: true },
      },
      script(
        'after',
        `${reads} console.log(inputs.state)`,
        {},
        { inputs: { state: ref('stages.gate.promotionState') } },
      ),
    ]),
  );

  it('lets nothing go on before the approvals are there, over a restart too', async () => {
    promotion = 'PENDING';
    const id = await start('promoting', {}, scientist);
    await until(id, ({ stages }) => stages.gate?.state === 'RUNNING');
    await restart();
    expect((await look(id)).stages).toMatchObject({ gate: { state: 'RUNNING' }, after: { state: 'PENDING' } });
    promotion = 'DONE';
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', stages: { after: { logTail: expect.stringContaining('DONE') } } });
  });

  it('is refused where the promotion was, and asks anew when it is resumed', async () => {
    promotion = 'PENDING';
    const id = await start('promoting', {}, scientist);
    await until(id, ({ stages }) => stages.gate?.state === 'RUNNING');
    promotion = 'REJECTED';
    expect(await ended(id)).toMatchObject({
      state: 'REFUSED',
      error: { code: 'STAGE_REFUSED', stage: 'gate' },
      stages: { after: { state: 'SKIPPED' } },
    });
    promotion = 'DONE';
    await process1.ask(
      scientist,
      'mutation ($input: ResumePipelineRunInput!) { resumePipelineRun(input: $input) { run { id } } }',
      { input: { runId: id } },
    );
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
  });
});

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

  it('does not help whoever lost the right meanwhile', async () => {
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

  it('outlives the process that asked for it', async () => {
    const id = await start('asked');
    await until(id, ({ state }) => state === 'WAITING');
    await restart();
    expect((await look(id)).stages.ask.state).toBe('WAITING');
    await process1.ask(approver, DECIDE('approve'), {
      input: { runId: id, stage: 'ask', role: 'approver', reason: 'still good' },
    });
    expect((await ended(id)).state).toBe('SUCCEEDED');
  });
});

describe('policy', () => {
  it('lets each role do its part and nothing else', async () => {
    await create('seen', [script('one', '')]);
    const viewer = await pipelines.person('Vera', ['viewer']);
    const id = await start('seen');
    await ended(id);
    const seen = await process1.ask(viewer, RUN, { id });
    expect(seen.data.pipelineRun.stages[0]).toMatchObject({
      name: 'one',
      state: 'SUCCEEDED',
      outputs: null,
      logTail: null,
    });
    for (const who of [viewer, approver]) {
      expect((await process1.ask(who, START, { input: { pipeline: 'seen', idempotencyKey: 'no' } })).code).toBe(
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
