// What becomes of placements whose transfer instrument ended, over a real PostgreSQL; governance is a fake that knows which
// instruments were revoked and which incidents it opened.
import { fileURLToPath } from 'node:url';
import { auditMigrations } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createLogger } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { drainsAt } from '../domain/instrument-end.js';
import { insertEndpoint, testModel } from '../testing/endpoint-rows.js';
import { PermitWatch } from './permit-watch.js';
import { savePlacementPolicy } from './placement-policy.js';
import { shadow, trafficSplit } from './rollout-tables.js';
import { endpointRevision } from './tables.js';

let test: TestDatabase;
let watch: PermitWatch;
let revoked: string[];
let reachable: boolean;
const opened: { dedupKey: string; title: string; description: string }[] = [];
const changed: string[] = [];

beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [
      auditMigrations,
      { name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) },
    ],
  });
  const query = async (document: string, variables: { input?: (typeof opened)[number] }) => {
    if (!reachable) throw new Error('governance is not to be reached');
    if (variables.input) {
      opened.push(variables.input);
      return { openIncident: { created: true, incident: { id: `inc_${opened.length}` } } };
    }
    expect(document).toContain('REVOKED');
    return {
      transferInstruments: {
        edges: revoked.map((id) => ({ node: { id } })),
        pageInfo: { hasNextPage: false, endCursor: null },
      },
    };
  };
  watch = new PermitWatch(
    {
      database: test.database,
      log: createLogger('test'),
      graph: { query },
      policyVersion: async () => 1,
    } as unknown as Platform,
    { announce: async (_tx, id) => void changed.push(id), refresh: async () => undefined },
  );
});
afterAll(() => test?.close());
beforeEach(() => {
  revoked = [];
  reachable = true;
  opened.length = 0;
  changed.length = 0;
});

const AHEAD = '2999-01-01T00:00:00Z';
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
/** Each revision rests on the instrument `<endpoint>-<revision>`, or on none where its end is null. */
async function place(name: string, ...ends: (Date | null)[]): Promise<void> {
  await insertEndpoint(
    test,
    name,
    ends.map((_, at) => testModel(at + 1, 'm')),
  );
  await test.database.asSystem(async (tx) => {
    for (const [at, end] of ends.entries()) {
      if (!end) continue;
      const instruments = [`${name}-${at + 1}`];
      await tx
        .update(endpointRevision)
        .set({
          model: { ...testModel(at + 1, 'm'), permit: { instruments, validTo: end.toISOString() } },
          transferInstruments: instruments,
          permittedUntil: end,
        })
        .where(eq(endpointRevision.id, `${name}-${at + 1}`));
    }
  });
}
const stateOf = async (id: string) => {
  const [row] = await test.database.asSystem((tx) =>
    tx.select().from(endpointRevision).where(eq(endpointRevision.id, id)),
  );
  const { permitEnd, permitIncidentId, drainedAt } = row ?? {};
  return { end: permitEnd, incident: permitIncidentId, drained: drainedAt !== null };
};
const setPolicy = (onInstrumentEnd: 'DRAIN' | 'INCIDENT', graceMinutes: number) =>
  test.database.asSystem((tx) => savePlacementPolicy(tx, 'w1', { onInstrumentEnd, graceMinutes }));
const trailOf = async (id: string) => {
  const { rows } = await test.database.asSystem((tx) =>
    tx.execute<{ action: string }>(sql`select action from audit.record where subject_id = ${id} order by id`),
  );
  return rows.map(({ action }) => action);
};

it('computes the end of the grace from the end of the instrument', () => {
  const end = new Date('2026-11-24T00:00:00Z');
  expect(drainsAt({ onInstrumentEnd: 'DRAIN', graceMinutes: 90 }, end)).toEqual(new Date('2026-11-24T01:30:00Z'));
  expect(drainsAt({ onInstrumentEnd: 'INCIDENT', graceMinutes: 0 }, end)).toBeNull();
});

it('an instrument that ended by time: one incident, a grace of an hour, then nothing is served', async () => {
  await place('lawful', null);
  await place('ahead', new Date(AHEAD));
  await place('ended', minutesAgo(30));
  await watch.look();
  await watch.look();
  expect(opened.map(({ dedupKey }) => dedupKey)).toEqual(['instrument-end:ended']);
  expect(opened[0]?.description).toMatch(/ended-1 ended.*stops answering at 2/s);
  expect(await stateOf('ended-1')).toEqual({ end: 'EXPIRED', incident: 'inc_1', drained: false });
  expect(await stateOf('ahead-1')).toEqual({ end: null, incident: null, drained: false });
  expect(await stateOf('lawful-1')).toEqual({ end: null, incident: null, drained: false });
  // The grace counts from the end, however late it was found.
  await setPolicy('DRAIN', 29);
  await watch.look();
  await watch.look();
  expect(await stateOf('ended-1')).toEqual({ end: 'EXPIRED', incident: 'inc_1', drained: true });
  expect(changed).toEqual(['ended']);
  expect(await trailOf('ended')).toEqual(['endPlacementPermit', 'drainPlacement']);
});

it('a revocation counts once governance tells of it; an end by time needs nobody', async () => {
  await setPolicy('DRAIN', 0);
  await place('revocable', new Date(AHEAD));
  await place('timed', minutesAgo(1));
  revoked = ['revocable-1'];
  reachable = false;
  await watch.look();
  expect(await stateOf('revocable-1')).toMatchObject({ end: null, drained: false });
  expect(await stateOf('timed-1')).toEqual({ end: 'EXPIRED', incident: null, drained: true });
  reachable = true;
  await watch.look();
  expect(await stateOf('revocable-1')).toMatchObject({ end: 'REVOKED', drained: true });
  expect((await stateOf('timed-1')).incident).not.toBeNull();
});

it('what people are to decide goes on', async () => {
  await setPolicy('INCIDENT', 0);
  await place('undecided', minutesAgo(500));
  await watch.look();
  await watch.look();
  expect(await stateOf('undecided-1')).toEqual({ end: 'EXPIRED', incident: 'inc_1', drained: false });
  expect(opened[0]?.description).toContain('INCIDENT');
});

it('of an endpoint that goes on, the studies of the ended revision end; what serves nobody disturbs nobody', async () => {
  await setPolicy('DRAIN', 0);
  await place('studied', null, minutesAgo(1), minutesAgo(1), minutesAgo(1));
  const own = { workspaceId: 'w1', zone: 'AE', ownerId: 'p', owner: 'p', endpointId: 'studied' };
  await test.database.asSystem(async (tx) => {
    const variants = [1, 2].map((revision) => ({ name: `r${revision}`, revision, weight: 5_000 }));
    await tx.insert(trafficSplit).values({ ...own, id: 's1', kind: 'MANUAL', salt: 's', variants });
    await tx.insert(shadow).values({ ...own, id: 'm1', revision: 3, sampleRate: 1, threshold: 0, state: 'ACTIVE' });
  });
  await watch.look();
  expect(opened).toHaveLength(2);
  expect(new Set(opened.map(({ dedupKey }) => dedupKey))).toEqual(new Set(['instrument-end:studied']));
  expect(await stateOf('studied-2')).toMatchObject({ end: 'EXPIRED', drained: true });
  expect(await stateOf('studied-3')).toMatchObject({ end: 'EXPIRED', drained: true });
  expect(await stateOf('studied-4')).toEqual({ end: 'EXPIRED', incident: null, drained: false });
  const left = await test.database.asSystem(async (tx) => ({
    splits: await tx.select().from(trafficSplit).where(eq(trafficSplit.endpointId, 'studied')),
    shadows: await tx.select().from(shadow).where(eq(shadow.endpointId, 'studied')),
  }));
  expect(left).toMatchObject({ splits: [], shadows: [{ state: 'STOPPED' }] });
});
