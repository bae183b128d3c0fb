// The whole subgraph over a real PostgreSQL: what the graph answers, who may do what, and what concurrency leaves behind.

import type { Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunAnswer } from './domain/registration.js';
import { type AliasOf, moveAlias, removeAlias } from './store/writes.js';
import { openRegistry, person } from './testing/open-registry.js';
import { digestOfModel } from './testing/registrable-run.js';

const scientist = person('data-scientist');
const approver = person('approver');

let test: Awaited<ReturnType<typeof openRegistry>>;
beforeAll(async () => {
  test = await openRegistry();
  // This file is about aliases themselves; promotion.test.ts is about how protected ones move.
  await ask(
    person('administrator'),
    `mutation { setProtectedAliases(input: { aliases: [] }) { protection { revision } } }`,
  );
});
afterAll(() => test?.close());

const ask = (...args: Parameters<typeof test.ask>) => test.ask(...args);
const addRun = (id: string, changes: Partial<RunAnswer> = {}) => test.addRun(id, changes);
const system = <T>(query: ReturnType<typeof sql>): Promise<T[]> => test.system<T>(query);

const createModel = (name: string) =>
  ask(scientist, `mutation ($name: String!) { createModel(input: { name: $name }) { model { id name } } }`, { name });
const register = (modelName: string, runId: string, who = scientist) =>
  ask(
    who,
    `mutation ($input: CreateModelVersionInput!) { createModelVersion(input: $input) { modelVersion { id version aliases } } }`,
    { input: { modelName, runId } },
  );
const setAlias = (who: Principal, modelName: string, alias: string, version: number) =>
  ask(
    who,
    `mutation ($input: SetModelAliasInput!) { setModelAlias(input: $input) { alias { alias setAt setBy version { id version } } } }`,
    { input: { modelName, alias, version } },
  );
describe('registration', () => {
  it('numbers concurrent registrations 1 to n without gap or twin', async () => {
    await createModel('many');
    for (let i = 0; i < 24; i++) addRun(`many-${i}`);
    const made = await Promise.all(Array.from({ length: 24 }, (_, i) => register('many', `many-${i}`)));
    const numbers = made.map((answer) => answer.data.createModelVersion.modelVersion.version).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  });

  it('registers a run once, naming the version, and gives the number back', async () => {
    await createModel('once');
    addRun('once-1');
    addRun('once-2');
    const racing = await Promise.all(Array.from({ length: 8 }, () => register('once', 'once-1')));
    expect(racing.filter((answer) => !answer.code)).toHaveLength(1);
    expect(racing.filter((answer) => answer.code)).toSatisfy((all: { code: string; message: string }[]) =>
      all.every((a) => a.code === 'CONFLICT' && a.message.includes('version 1')),
    );
    expect((await register('once', 'once-2')).data.createModelVersion.modelVersion.version).toBe(2);
  });

  it('counts versions of zones that the caller does not see', async () => {
    await createModel('zones');
    addRun('zones-1', { zone: 'SA', allowedZones: ['SA'] });
    addRun('zones-2');
    await register('zones', 'zones-1', person('data-scientist', ['AE', 'SA']));
    expect((await register('zones', 'zones-2')).data.createModelVersion.modelVersion.version).toBe(2);
  });

  it('leaves nothing of a run that may not be registered', async () => {
    await createModel('none');
    addRun('none-1', { state: 'RUNNING' });
    expect(await register('none', 'none-1')).toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await register('none', 'missing')).toMatchObject({ code: 'NOT_FOUND' });
    expect(await register('none', 'none-1', approver)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await system(sql`select last_version from models.model where name = 'none'`)).toEqual([{ last_version: 0 }]);
  });

  it('names the model that exists already', async () => {
    await createModel('twin');
    expect(await createModel('twin')).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('"twin"') });
  });
});

describe('aliases', () => {
  it('keeps champion for the approver and every other alias open to data scientists', async () => {
    await createModel('gate');
    addRun('gate-1');
    await register('gate', 'gate-1');
    expect(await setAlias(scientist, 'gate', 'champion', 1)).toMatchObject({ code: 'FORBIDDEN' });
    expect((await setAlias(scientist, 'gate', 'challenger', 1)).data.setModelAlias.alias.version.version).toBe(1);
    expect((await setAlias(approver, 'gate', 'champion', 1)).data.setModelAlias.alias).toMatchObject({
      alias: 'champion',
      setBy: null,
    });
    expect(await setAlias(person('viewer'), 'gate', 'challenger', 1)).toMatchObject({ code: 'FORBIDDEN' });
    const remove = `mutation { removeModelAlias(input: { modelName: "gate", alias: "champion" }) { model { aliases { alias } } } }`;
    expect(await ask(scientist, remove)).toMatchObject({ code: 'FORBIDDEN' });
    expect((await ask(approver, remove)).data.removeModelAlias.model.aliases).toEqual([{ alias: 'challenger' }]);
    expect(await ask(approver, remove)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await setAlias(approver, 'gate', 'latest', 1)).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await setAlias(approver, 'gate', 'champion', 7)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('moves at once: concurrent moves leave one row, and the history tells the same', async () => {
    await createModel('moves');
    for (let i = 1; i <= 5; i++) {
      addRun(`moves-${i}`);
      await register('moves', `moves-${i}`);
    }
    await Promise.all(Array.from({ length: 20 }, (_, i) => setAlias(approver, 'moves', 'champion', (i % 5) + 1)));
    const now = await system(sql`select model_version_id from models.model_alias where model_name = 'moves'`);
    const last = await system(
      sql`select model_version_id from models.alias_change where model_name = 'moves' order by sequence desc limit 1`,
    );
    expect(now).toHaveLength(1);
    expect(now).toEqual(last);
    const steps = await system<{ same: boolean }>(
      sql`select model_version_id = lag(model_version_id) over (order by sequence) or at < lag(at) over (order by sequence) as same from models.alias_change where model_name = 'moves'`,
    );
    expect(steps.some((step) => step.same)).toBe(false);
  });

  it('undoes a move whole when its transaction fails', async () => {
    const rows = () =>
      system(
        sql`select (select count(*) from models.alias_change)::int as changes, (select string_agg(model_version_id, ',' order by id) from models.model_alias) as aliases`,
      );
    const before = await rows();
    const [model] = await system<{ id: string }>(sql`select id from models.model where name = 'moves'`);
    const of: AliasOf = {
      workspaceId: 'w1',
      modelId: model?.id ?? '',
      modelName: 'moves',
      alias: 'fresh',
      byId: 'p',
      by: 'p',
    };
    const failing = test.database.inWorkspace({ workspaceId: 'w1', zones: ['AE'], principalId: 'p' }, async (tx) => {
      await moveAlias(tx, of, 1);
      throw new Error('audit fails');
    });
    await expect(failing).rejects.toThrow('audit fails');
    expect(await rows()).toEqual(before);
  });

  it.each([
    'update models.alias_change set action = action',
    'delete from models.alias_change',
    'truncate models.alias_change',
  ])('refuses: %s', async (statement) => {
    await expect(
      test.database.inWorkspace({ workspaceId: 'w1', zones: ['AE'], principalId: 'p' }, (tx) =>
        tx.execute(sql.raw(statement)),
      ),
    ).rejects.toThrow();
    await expect(system(sql.raw(statement))).rejects.toThrow();
  });

  it('resolves aliases, latest and numbers', async () => {
    await setAlias(approver, 'moves', 'champion', 2);
    const by = async (alias: string) =>
      ask(scientist, `query ($alias: String!) { modelVersionByAlias(model: "moves", alias: $alias) { version } }`, {
        alias,
      });
    expect((await by('champion')).data.modelVersionByAlias.version).toBe(2);
    expect((await by('latest')).data.modelVersionByAlias.version).toBe(5);
    expect((await by('v3')).data.modelVersionByAlias.version).toBe(3);
    expect(await by('v9')).toMatchObject({ code: 'NOT_FOUND' });
    expect(await by('nobody')).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('modelInProductionAt', () => {
  it('agrees with a replay of random histories at, before and after every change', async () => {
    const pick = generator(20261123);
    const [model] = await system<{ id: string }>(sql`select id from models.model where name = 'moves'`);
    for (let history = 0; history < 6; history++) {
      const alias = `random-${history}`;
      const of: AliasOf = {
        workspaceId: 'w1',
        modelId: model?.id ?? '',
        modelName: 'moves',
        alias,
        byId: 'p',
        by: 'p',
      };
      const replay: { at: number; version: number | null }[] = [];
      for (let step = 0; step < 25; step++) {
        const version = pick(6) || null;
        await test.database.inWorkspace({ workspaceId: 'w1', zones: ['AE'], principalId: 'p' }, async (tx) => {
          const standing = replay.at(-1)?.version ?? null;
          if (version === standing) return;
          if (version === null) await removeAlias(tx, of);
          else await moveAlias(tx, of, version);
          const { rows } = await tx.execute<{ at: string }>(
            sql`select (extract(epoch from at) * 1000)::bigint as at from models.alias_change where alias = ${alias} order by sequence desc limit 1`,
          );
          replay.push({ at: Number(rows[0]?.at), version });
        });
      }
      const instants = [...new Set(replay.flatMap(({ at }) => [at - 1, at, at + 1]))];
      for (const instant of instants) {
        let expected: number | null = null;
        for (const change of replay) if (change.at <= instant) expected = change.version;
        const { data, code } = await ask(
          scientist,
          `query ($alias: String!, $at: DateTime!) { modelInProductionAt(name: "moves", alias: $alias, at: $at) { version } }`,
          {
            alias,
            at: new Date(instant).toISOString(),
          },
        );
        expect(code).toBeUndefined();
        expect(data.modelInProductionAt?.version ?? null).toBe(expected);
      }
    }
  });
});

describe('reads', () => {
  const FULL = `{ modelVersionByAlias(model: "moves", alias: "champion") {
    version digest artifactKey owner trainingSetDigest evaluation servingPlan state format aliases maskedFields categories allowedZones codeReference environment
    signature { inputs { name datatype shape columns } outputs { name } } featureViewVersions { featureViewId name version }
    model { name latestVersion { version } versions(first: 2) { edges { node { version } } totalCount } aliasHistory(alias: "champion", first: 1) { edges { node { action by version { version } } } pageInfo { hasNextPage } } }
    run { id modelVersions { edges { node { version } } } } trainingSet { id } } }`;

  it('answers the whole lineage to a data scientist', async () => {
    const { data, code, message } = await ask(scientist, FULL);
    expect(message).toBeUndefined();
    expect(code).toBeUndefined();
    expect(data.modelVersionByAlias).toMatchObject({
      version: 2,
      digest: digestOfModel,
      owner: null,
      format: 'onnx',
      state: 'READY',
      maskedFields: ['owner'],
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2], columns: ['a__b', 'a__c'] }] },
      featureViewVersions: [{ featureViewId: 'fv_1', name: 'delays', version: 2 }],
      model: {
        name: 'moves',
        latestVersion: { version: 5 },
        versions: { edges: [{ node: { version: 5 } }, { node: { version: 4 } }], totalCount: 5 },
      },
      run: { id: 'moves-2', modelVersions: { edges: [{ node: { version: 2 } }] } },
      trainingSet: { id: 'ts_1' },
    });
  });

  it('withholds scores and digests from a viewer, people from an approver, and neither from an auditor', async () => {
    expect((await ask(person('viewer'), FULL)).data.modelVersionByAlias).toMatchObject({
      version: 2,
      digest: null,
      artifactKey: null,
      evaluation: null,
      owner: null,
      servingPlan: null,
    });
    expect((await ask(approver, FULL)).data.modelVersionByAlias).toMatchObject({
      digest: digestOfModel,
      artifactKey: 'models/run_1.onnx',
      owner: null,
    });
    expect((await ask(person('auditor'), FULL)).data.modelVersionByAlias).toMatchObject({
      digest: digestOfModel,
      owner: 'data-scientist',
    });
  });

  it('shows no row of another zone or workspace', async () => {
    expect(
      (await ask(person('data-scientist', ['SA']), `{ modelVersions { totalCount } }`)).data.modelVersions.totalCount,
    ).toBe(1);
    expect(
      (await ask({ ...scientist, workspaceId: 'w2' }, `{ models { totalCount } modelVersions { totalCount } }`)).data,
    ).toEqual({ models: { totalCount: 0 }, modelVersions: { totalCount: 0 } });
  });

  it('answers references in one order, null where not visible', async () => {
    const [row] = await system<{ id: string }>(
      sql`select id from models.model_version where model_name = 'moves' and version = 1`,
    );
    const { data } = await ask(
      scientist,
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on ModelVersion { version } ... on Run { modelVersions { totalCount } } } }`,
      {
        r: [
          { __typename: 'ModelVersion', id: 'mv_none' },
          { __typename: 'ModelVersion', id: row?.id },
          { __typename: 'Run', id: 'moves-1' },
        ],
      },
    );
    expect(data._entities).toEqual([null, { version: 1 }, { modelVersions: { totalCount: 1 } }]);
  });

  it('refuses to page on in a list that shows its beginning only', async () => {
    expect(
      await ask(scientist, `{ modelByName(name: "moves") { versions(after: "x") { totalCount } } }`),
    ).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

/** Whole numbers below a bound, the same in every run (mulberry32). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound);
  };
}
