// How runs of the platform end, by the subgraph's own worker: what the audit log and a search say of it.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Evaluation } from '../domain/evaluation.js';
import { type Experiments, openExperiments } from '../testing/open-experiments.js';
import {
  claimRun,
  finishRun,
  LEASE_SECONDS,
  RUN_CHANNEL,
  type RunRecord,
  saveProgress,
  saveScores,
} from './run-queue.js';

let world: Experiments;
beforeAll(async () => {
  world = await openExperiments();
});
afterAll(() => world?.close());

const queue = (id: string, more: Record<string, unknown> = {}) =>
  world.rows(sql`insert into experiments.run (id, workspace_id, zone, experiment_id, name, state, trainer, request,
      training_set_id, training_set, training_set_digest, allowed_zones, categories, seed, owner_id, owner, attempt,
      cancel_requested, lease_owner, lease_until)
    values (${id}, 'w1', 'AE', 'e', ${id}, ${more.state ?? 'QUEUED'}, 'gbdt', '{}', 'ts', '{}', 'd', '{AE}', '{none}', 1, 'p', 'p',
      ${more.attempt ?? 0}, ${more.cancel ?? false}, ${more.holder ?? null},
      ${more.holder ? sql`clock_timestamp() + make_interval(secs => ${more.lease ?? LEASE_SECONDS})` : null})`);
const recordsOf = (id: string) =>
  world.rows<{ action: string; outcome: string; details: { state: string } }>(
    sql`select action, outcome, details from audit.record where subject_id = ${id}`,
  );

it('records a cancelled run as a cancellation, which is no failure', async () => {
  await queue('cancelled', { cancel: true });
  await world.rows(sql`select pg_notify(${RUN_CHANNEL}, 'cancelled')`);
  await vi.waitFor(async () => expect(await recordsOf('cancelled')).toHaveLength(1), { timeout: 10_000 });
  expect((await recordsOf('cancelled'))[0]).toMatchObject({
    action: 'cancelTrainingRun',
    outcome: 'SUCCEEDED',
    details: { state: 'CANCELLED' },
  });
});

it('records the end of a run that died too often', async () => {
  await queue('dead', { state: 'RUNNING', attempt: 3, holder: 'gone', lease: -1 });
  await world.rows(sql`select pg_notify(${RUN_CHANNEL}, 'dead')`);
  await vi.waitFor(async () => expect(await recordsOf('dead')).toHaveLength(1), { timeout: 10_000 });
  expect((await recordsOf('dead'))[0]).toMatchObject({
    action: 'finishTrainingRun',
    outcome: 'FAILED',
    details: { state: 'FAILED' },
  });
});

it('finds a training by its scores, its trainer’s metrics and its parameters', async () => {
  // Held already, so that the subgraph's own worker leaves it alone.
  await queue('scored', { state: 'RUNNING', attempt: 1, holder: 'me' });
  const held = { id: 'scored', workspaceId: 'w1', zone: 'AE' } as RunRecord;
  const { database } = world.test;
  const loggedAt = new Date();
  await saveProgress(database, held, 'me', {
    step: 5,
    totalSteps: 5,
    points: [1, 5, 3].map((step) => ({ key: 'loss', step, value: 1 / step, loggedAt })),
  });
  const evaluation = { scores: { auc: 0.71, brier: null } } as unknown as Evaluation;
  await finishRun(database, held, 'me', { state: 'SUCCEEDED' }, (tx) => saveScores(tx, held, evaluation));
  const answer = await world.ask(
    person('data-scientist'),
    `{ searchRuns(filter: "metrics.auc > 0.7 AND metrics.loss = 0.2 AND metrics.brier IS NULL AND attributes.trainer = 'gbdt'") {
      edges { node { id metrics { key step value } } } } }`,
  );
  expect(answer.data.searchRuns.edges).toEqual([
    {
      node: {
        id: 'scored',
        metrics: [
          { key: 'auc', step: 5, value: 0.71 },
          { key: 'loss', step: 5, value: 0.2 },
        ],
      },
    },
  ]);
});

it('never claims a run that its user logs', async () => {
  const made = await world.ask(
    person('data-scientist'),
    `mutation { createRun(input: { experimentId: "e", name: "mine" }) { run { id } } }`,
  );
  expect(made.code).toBeUndefined();
  expect(await claimRun(world.test.database, 'greedy', async () => {})).toBeNull();
});
