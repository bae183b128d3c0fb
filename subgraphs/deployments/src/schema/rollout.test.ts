// Revisions, splits, canaries and rollbacks through the graph, with real models in ONNX Runtime and a real PostgreSQL.

import { PlatformError } from '@falaj/runtime';
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Deployments, type DeploymentsProcess, openDeployments } from '../testing/open-deployments.js';

const incidents: Record<string, unknown>[] = [];
let governanceDown = false;
let world: Deployments;
beforeAll(async () => {
  world = await openDeployments({
    async graph(document, variables) {
      if (!document.includes('RaiseIncident')) return { data: {} };
      if (governanceDown) throw new Error('no governance');
      incidents.push(variables.input as Record<string, unknown>);
      return { data: { openIncident: { created: true, incident: { id: `inc_${incidents.length}` } } } };
    },
  });
});
afterAll(() => world?.close());
afterEach(() => {
  governanceDown = false;
  world.before = () => undefined;
});

const approver = person('approver');
const administrator = person('administrator');
const viewer = person('viewer');
const scientist = person('data-scientist');

const PREDICT = 'query ($input: PredictInput!) { predict(input: $input) { variant revision } }';
const SPLIT = `mutation ($input: SplitTrafficInput!) { splitTraffic(input: $input) { endpoint { revision
  trafficSplit { kind variants { name revision weight } } } } }`;
const ROLL_BACK =
  'mutation ($input: RollbackEndpointInput!) { rollbackEndpoint(input: $input) { endpoint { revision } } }';
const START = `mutation ($input: StartRolloutInput!) { startRollout(input: $input) { rollout { id state step baselineRevision } } }`;
const PROMOTE = 'mutation ($input: PromoteRolloutInput!) { promoteRollout(input: $input) { rollout { state } } }';
const ROLLOUT = `query ($id: ID!) { rollout(id: $id) { state step reason incidentId decidedAt
  evidence { step weight candidate { requests errors } findings { metric status found atLeast limit } } } }`;
const LIVE = `query ($id: ID!) { endpoint(id: $id) { revision trafficSplit { kind }
  liveHistory(first: 10) { edges { node { revision cause } } } } }`;

const same = { slope: 1, shift: 0 };
const answer = async (endpoint: string, subject: string, at: DeploymentsProcess = world) => {
  const { data, code, message } = await at.ask(viewer, PREDICT, { input: { endpoint, subject, features: [[0.5]] } });
  if (code) throw new Error(message);
  return data.predict as { variant: string; revision: number };
};
const live = async (id: string) => (await world.ask(viewer, LIVE, { id })).data.endpoint;
const rollout = async (id: string) => (await world.ask(viewer, ROLLOUT, { id })).data.rollout;
const subjects = (count: number) => Array.from({ length: count }, (_, place) => `subject-${place}`);

describe('a split', () => {
  it('keeps every subject on its variant, over processes, restarts and growing weights', async () => {
    await world.deploy('split', [same, same]);
    const weigh = (old: number) =>
      world.ask(approver, SPLIT, {
        input: {
          endpointId: 'split',
          variants: [
            { name: 'new', revision: 2, weight: 10_000 - old },
            { name: 'old', revision: 1, weight: old },
          ],
        },
      });
    expect((await weigh(9_000)).data.splitTraffic.endpoint.trafficSplit).toMatchObject({ kind: 'MANUAL' });
    const other = await world.process();
    const chosen = new Map<string, number>();
    for (const subject of subjects(300)) chosen.set(subject, (await answer('split', subject)).revision);
    const moved = [...chosen.values()].filter((revision) => revision === 2).length;
    expect(moved).toBeGreaterThan(12);
    expect(moved).toBeLessThan(54);
    for (const subject of subjects(100))
      expect((await answer('split', subject, other)).revision).toBe(chosen.get(subject));
    await other.close();
    await weigh(5_000);
    const restarted = await world.process();
    for (const [subject, revision] of chosen)
      if (revision === 2) expect((await answer('split', subject, restarted)).revision).toBe(2);
    await restarted.close();
  });

  it('is refused where it makes no sense, to those who may not, and beside a study', async () => {
    await world.deploy('refused', [same, same]);
    const split = (variants: object[], who = approver) =>
      world.ask(who, SPLIT, { input: { endpointId: 'refused', variants } });
    const whole = [{ name: 'a', revision: 1, weight: 10_000 }];
    expect((await split(whole, scientist)).code).toBe('FORBIDDEN');
    expect((await split([{ name: 'a', revision: 1, weight: 9_000 }])).code).toBe('BAD_USER_INPUT');
    expect((await split([{ name: 'A', revision: 1, weight: 10_000 }])).message).toContain('variants.0.name');
    expect((await split([{ name: 'a', revision: 7, weight: 10_000 }])).code).toBe('NOT_FOUND');
    await world.ask(approver, START, { input: plan('refused') });
    expect(await split(whole)).toMatchObject({ code: 'PRECONDITION_FAILED', details: { kind: 'ROLLOUT' } });
  });
});

describe('a revision whose model is gone', () => {
  it('gets no traffic by split, canary or rollback, and takes none down', async () => {
    await world.deploy('gone', [same, same]);
    await world.test.database.asSystem((tx) =>
      tx.execute(sql`update deployments.endpoint_revision set model = jsonb_set(model, '{digest}', '"sha256:${sql.raw('0'.repeat(64))}"')
        where endpoint_id = 'gone' and revision = 2`),
    );
    const half = [
      { name: 'a', revision: 1, weight: 5_000 },
      { name: 'b', revision: 2, weight: 5_000 },
    ];
    const tried = await Promise.all([
      world.ask(approver, SPLIT, { input: { endpointId: 'gone', variants: half } }),
      world.ask(approver, START, { input: plan('gone') }),
      world.ask(approver, ROLL_BACK, { input: { endpointId: 'gone', toRevision: 2, reason: 'x' } }),
    ]);
    expect(tried.map(({ code }) => code)).toEqual(Array(3).fill('ARTIFACT_CORRUPT'));
    expect(await live('gone')).toMatchObject({ revision: 1, trafficSplit: null });
    for (const subject of subjects(20)) expect((await answer('gone', subject)).revision).toBe(1);
  });
});

const plan = (endpointId: string, changes: object = {}) => ({
  endpointId,
  candidateRevision: 2,
  steps: [
    { weight: 3_000, minimumSeconds: 0, minimumSamples: 20 },
    { weight: 6_000, minimumSeconds: 0, minimumSamples: 20 },
  ],
  guardrails: [{ metric: 'ERROR_RATE', limit: 0.2 }],
  ...changes,
});
const start = async (endpointId: string, changes: object = {}): Promise<string> => {
  const { data, message } = await world.ask(approver, START, { input: plan(endpointId, changes) });
  expect(message).toBeUndefined();
  return data.startRollout.rollout.id;
};
/** Traffic until the rollout has ended. */
async function driven(endpoint: string, id: string, others: readonly DeploymentsProcess[] = []) {
  const all = [world, ...others];
  for (let turn = 0; turn < 200; turn++) {
    await Promise.all(
      subjects(20).map((name, place) =>
        answer(endpoint, `${name}-${turn}`, all[place % all.length]).catch(() => undefined),
      ),
    );
    const now = await rollout(id);
    if (now.state !== 'RUNNING') return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The rollout never ended: ${JSON.stringify(await rollout(id))}`);
}

describe('a canary', () => {
  it('is promoted step by step while its guardrails hold, each step decided once over several processes', async () => {
    await world.deploy('good', [same, same]);
    const others = [await world.process(), await world.process()];
    const id = await start('good');
    const ended = await driven('good', id, others);
    expect(ended).toMatchObject({ state: 'PROMOTED', step: 1, incidentId: null });
    expect(ended.evidence.map(({ step }: { step: number }) => step)).toEqual([0, 1]);
    expect(await live('good')).toMatchObject({ revision: 2, trafficSplit: null });
    const decisions = await world.rows<{ action: string; n: number }>(
      sql`select action, count(*)::int as n from audit.record where request_id = ${id} group by action order by action`,
    );
    expect(decisions).toEqual([
      { action: 'advanceRollout', n: 1 },
      { action: 'promoteRollout', n: 1 },
    ]);
    for (const each of others) await each.close();
  });

  it('is rolled back by itself as soon as a guardrail is broken, with evidence and one incident', async () => {
    await world.deploy('failing', [same, same]);
    world.before = ({ endpoint, revision }) => {
      if (endpoint === 'failing' && revision === 2) throw new PlatformError('DOWNSTREAM_SERVICE_ERROR', 'planted');
    };
    const id = await start('failing');
    governanceDown = true;
    const ended = await driven('failing', id);
    expect(ended).toMatchObject({ state: 'ROLLED_BACK', step: 0, incidentId: null });
    expect(ended.evidence.at(-1).findings).toMatchObject([{ metric: 'ERROR_RATE', status: 'BROKEN', limit: 0.2 }]);
    expect(await live('failing')).toMatchObject({ revision: 1, trafficSplit: null });
    for (const subject of subjects(20)) expect((await answer('failing', subject)).revision).toBe(1);
    // Governance was away: it is told when it is back.
    governanceDown = false;
    await expect.poll(async () => (await rollout(id)).incidentId, { timeout: 10_000 }).toMatch(/^inc_/);
    expect(incidents.filter(({ dedupKey }) => dedupKey === `rollback:${id}`)).toMatchObject([
      {
        category: 'ROLLBACK',
        links: [
          { type: 'Endpoint', id: 'failing' },
          { type: 'Rollout', id },
          { type: 'ModelVersion', id: expect.any(String) },
        ],
        evidence: { candidateRevision: 2, baselineRevision: 1, decision: { step: 0 } },
      },
    ]);
  });

  it('shifted scores break it too', async () => {
    await world.deploy('wrong', [same, { slope: -1, shift: 3 }]);
    const id = await start('wrong', { guardrails: [{ metric: 'SCORE_SHIFT', limit: 0.2 }] });
    expect(await driven('wrong', id)).toMatchObject({
      state: 'ROLLED_BACK',
      reason: expect.stringContaining('SCORE_SHIFT is broken'),
    });
  });

  it('is taken over by another process when its own dies, at the step where it was', async () => {
    await world.deploy('orphan', [same, same]);
    const id = await start('orphan', {
      steps: [{ weight: 5_000, minimumSeconds: 0, minimumSamples: 60 }],
    });
    // A process that holds the rollout and never comes back.
    await world.test.database.asSystem((tx) =>
      tx.execute(
        sql`update deployments.rollout set lease_owner = 'dead', lease_until = clock_timestamp() + interval '2 s' where id = ${id}`,
      ),
    );
    expect(await driven('orphan', id)).toMatchObject({ state: 'PROMOTED' });
  });

  it('is planned with sense, by those who deploy, one at a time', async () => {
    await world.deploy('planned', [same, same]);
    const refused = async (changes: object, who = approver) =>
      world.ask(who, START, { input: plan('planned', changes) });
    expect((await refused({}, viewer)).code).toBe('FORBIDDEN');
    expect((await refused({ candidateRevision: 1 })).message).toContain('live already');
    expect((await refused({ candidateRevision: 9 })).code).toBe('NOT_FOUND');
    const step = { minimumSeconds: 0, minimumSamples: 1 };
    expect((await refused({ steps: [{ ...step, weight: 10_000 }] })).message).toContain('1 to 9999');
    const down = [
      { ...step, weight: 50 },
      { ...step, weight: 40 },
    ];
    expect((await refused({ steps: down })).message).toContain('not more than the step before');
    expect((await refused({ guardrails: [{ metric: 'ERROR_RATE', limit: -1 }] })).code).toBe('BAD_USER_INPUT');
    const both = await Promise.all([refused({}), refused({})]);
    expect(both.map(({ code }) => code ?? 'started').sort()).toEqual(['PRECONDITION_FAILED', 'started']);
  });

  it('is promoted by hand whatever its guardrails say, and then no more', async () => {
    await world.deploy('hurried', [same, same]);
    const id = await start('hurried');
    const promote = (who = approver) => world.ask(who, PROMOTE, { input: { rolloutId: id, reason: 'known good' } });
    expect((await promote(administrator)).code).toBe('FORBIDDEN');
    expect((await promote()).data.promoteRollout.rollout.state).toBe('PROMOTED');
    expect((await promote()).code).toBe('PRECONDITION_FAILED');
    expect((await live('hurried')).revision).toBe(2);
  });
});

describe('a rollback', () => {
  it('goes to the last good revision, ends the canary, and back again by name', async () => {
    await world.deploy('back', [same, same]);
    const back = (input: object, who = administrator) =>
      world.ask(who, ROLL_BACK, { input: { endpointId: 'back', reason: 'alarm at night', ...input } });
    const id = await start('back');
    expect((await back({}, scientist)).code).toBe('FORBIDDEN');
    expect((await back({})).data.rollbackEndpoint.endpoint.revision).toBe(1);
    expect(await rollout(id)).toMatchObject({
      state: 'ROLLED_BACK',
      reason: 'Rolled back: alarm at night',
      incidentId: null,
    });
    expect((await back({ toRevision: 2 })).data.rollbackEndpoint.endpoint.revision).toBe(2);
    for (const subject of subjects(5)) expect((await answer('back', subject)).revision).toBe(2);
    expect((await back({ toRevision: 9 })).code).toBe('NOT_FOUND');
    expect((await live('back')).liveHistory.edges[0].node).toEqual({ revision: 2, cause: 'ROLLED_BACK' });
  });

  it('goes back to no revision that was itself rolled back', async () => {
    await world.deploy('twice', [same, same, same, same]);
    const back = async (toRevision?: number) =>
      (
        await world.ask(approver, ROLL_BACK, {
          input: { endpointId: 'twice', reason: 'bad', ...(toRevision ? { toRevision } : {}) },
        })
      ).data.rollbackEndpoint.endpoint.revision;
    for (const revision of [2, 3]) expect(await back(revision)).toBe(revision);
    expect(await back()).toBe(2);
    expect(await back(4)).toBe(4);
    expect(await back()).toBe(2);
    expect(await back()).toBe(1);
  });

  it('says where there is nothing to go back to', async () => {
    await world.deploy('first', [same]);
    const { code, message } = await world.ask(approver, ROLL_BACK, { input: { endpointId: 'first', reason: 'x' } });
    expect(code).toBe('PRECONDITION_FAILED');
    expect(message).toContain('toRevision');
  });
});
