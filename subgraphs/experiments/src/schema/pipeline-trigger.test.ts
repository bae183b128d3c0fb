import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approver,
  create,
  DECIDE,
  ended,
  pipelines,
  process1,
  reads,
  ref,
  scientist,
  script,
  setUp,
  start,
  tearDown,
  until,
} from '../testing/pipeline-user.js';

beforeAll(() => setUp());
afterAll(tearDown);

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
    const itself = { name: 'loop', pipeline: 'upstream', event: 'experiments.pipeline-run-ended' };
    expect((await process1.ask(scientist, set, { input: itself })).message).toContain('would start itself for ever');
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
