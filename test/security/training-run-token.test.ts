// The program of a training run with a token of its own, on a platform of six processes: what it may, what it may not
// whoever holds the token, and when the token ends.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CancelRunDocument,
  CreateExperimentDocument,
  createClient,
  type FalajClient,
  type GraphResponse,
  StartTrainingRunDocument,
} from '@falaj/client';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SplitProcesses, startSplit } from '../platform-processes.js';
import { clientOf, createTrainingSet, type Journey, modelOf, rowsOf, until } from '../platform-requests.js';
import { continueJourney } from '../platform-template.js';
import { callOf, mutations, queries, selectionOf } from './schema-samples.js';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const directory = mkdtempSync(join(tmpdir(), 'falaj-run-token-'));
const meetingPlace = mkdtempSync(join(tmpdir(), 'falaj-run-token-meeting-'));
let platform: SplitProcesses;
let journey: Journey;
let scientist: FalajClient;
let experimentId: string;
let otherSetId: string;
/** A run whose program gave its token away, and still lives. */
let held: { id: string; token: string; url: string };

beforeAll(async () => {
  process.env.FALAJ_TEST_MEETING_PLACE = meetingPlace;
  const configuration = join(import.meta.dirname, 'training-run');
  ({ processes: platform, journey } = await continueJourney(directory, (folder) =>
    startSplit(folder, { configuration }),
  ));
  scientist = clientOf(platform, journey);
  const { createExperiment } = await scientist.data(CreateExperimentDocument, { input: { name: 'programs' } });
  experimentId = createExperiment.experiment?.id ?? '';
  otherSetId = (await createTrainingSet(scientist, journey, 'another')).id;
  const id = await start('hold');
  const given = await until(
    async () => {
      try {
        return JSON.parse(readFileSync(join(meetingPlace, 'token'), 'utf8')) as { token: string; url: string };
      } catch {
        return undefined;
      }
    },
    30_000,
    'the program has its token',
  );
  held = { id, ...given };
}, 180_000);

afterAll(async () => {
  writeFileSync(join(meetingPlace, 'end'), '');
  await platform?.stop();
  for (const folder of [directory, meetingPlace]) rmSync(folder, { recursive: true, force: true });
});

async function start(command: string): Promise<string> {
  const { startTrainingRun } = await scientist.data(StartTrainingRunDocument, {
    input: {
      experimentId,
      name: command,
      trainingSetId: journey.ids.trainingSetId ?? '',
      trainer: 'process',
      task: 'BINARY',
      parameters: { command },
    },
  });
  return startTrainingRun.run?.id ?? '';
}

// biome-ignore lint/suspicious/noExplicitAny: queries written here have no generated type.
type Loose = any;
const ask = (query: string, workspace?: string): Promise<GraphResponse<Loose>> =>
  createClient({ url: platform.url, token: held.token, ...(workspace ? { workspace } : {}) }).request(
    parse(query) as never,
    {},
  );
const codeOf = (answer: GraphResponse<unknown>) => answer.errors?.[0]?.extensions.code;
const log = (runId: string, more: string) =>
  ask(`mutation { logRunBatch(input: { runId: "${runId}", ${more} }) { points tags } }`);

describe('the program of a run', () => {
  it('is the run itself: one role, its resources, and who is answerable', async () => {
    const { data } = await ask('{ me { id kind roles resources onBehalfOf zones } }');
    expect(data.me).toMatchObject({
      id: held.id,
      kind: 'WORKLOAD',
      roles: ['training-run'],
      resources: expect.arrayContaining([held.id, journey.ids.trainingSetId]),
      onBehalfOf: journey.actors.scientist?.principalId,
      zones: ['AE'],
    });
    expect(held.url).toBe(new URL('/graphql', platform.url).href);
  });

  it('reads its run and what that reads; every other is not there', async () => {
    const own = await ask(
      `{ run(id: "${held.id}") { state name owner trainingSet { id name rows columns { name role } featureViews { name } } } }`,
    );
    expect(own.errors).toBeUndefined();
    expect(own.data.run).toMatchObject({
      state: 'RUNNING',
      owner: null,
      trainingSet: {
        id: journey.ids.trainingSetId,
        rows: 20_000,
        columns: expect.arrayContaining([expect.any(Object)]),
      },
    });
    expect(own.data.run.trainingSet.featureViews[0].name).toEqual(expect.any(String));
    for (const other of [`run(id: "${journey.ids.runId}")`, `trainingSet(id: "${otherSetId}")`])
      expect(codeOf(await ask(`{ ${other} { id } }`))).toBe('NOT_FOUND');
    const lists = await ask(
      '{ runs(first: 50) { totalCount edges { node { id } } } trainingSets(first: 50) { totalCount } experiments(first: 5) { totalCount } models(first: 5) { totalCount } }',
    );
    expect(lists.data).toEqual({
      runs: { totalCount: 1, edges: [{ node: { id: held.id } }] },
      trainingSets: { totalCount: 1 },
      experiments: { totalCount: 0 },
      models: { totalCount: 0 },
    });
  });

  it('logs into its run, on record as the run for its owner, and into no other', async () => {
    const metrics =
      'metrics: [{ key: "own", steps: [1, 2], values: [0.5, 0.25] }], tags: [{ key: "by", value: "itself" }]';
    expect((await log(held.id, metrics)).data.logRunBatch).toEqual({ points: 2, tags: 1 });
    const file = (runId: string) =>
      ask(
        `mutation { logRunArtifact(input: { runId: "${runId}", path: "note", contentType: "text/plain", base64: "aGk=" }) { artifact { digest } } }`,
      );
    expect((await file(held.id)).errors).toBeUndefined();
    for (const other of [journey.ids.runId ?? '', 'run_0']) {
      expect(codeOf(await log(other, metrics))).toBe('NOT_FOUND');
      expect(codeOf(await file(other))).toBe('NOT_FOUND');
    }
    expect(codeOf(await log(held.id, 'parameters: [{ key: "epochs", value: "9" }]'))).toBe('PRECONDITION_FAILED');
    const trail = await rowsOf(
      directory,
      `select action, actor_kind, on_behalf_of from audit.record where actor_id = $1 and outcome = 'SUCCEEDED' order by action`,
      [held.id],
    );
    const entry = (action: string) => ({
      action,
      actor_kind: 'WORKLOAD',
      on_behalf_of: journey.actors.scientist?.principalId,
    });
    expect(trail).toEqual([entry('logRunArtifact'), entry('logRunBatch')]);
  });

  it('follows its own run alone', async () => {
    const end = new AbortController();
    const first = async (runId: string) => {
      const program = createClient({ url: platform.url, token: held.token });
      const document = parse(`subscription { runProgress(runId: "${runId}") { runId state } }`) as never;
      for await (const answer of program.subscribe(document, {}, end.signal)) return answer as GraphResponse<Loose>;
      throw new Error('nothing came');
    };
    expect((await first(held.id)).data.runProgress).toEqual({ runId: held.id, state: 'RUNNING' });
    expect(codeOf(await first(journey.ids.runId ?? ''))).toBe('NOT_FOUND');
    end.abort();
  });
});

describe('who stole the token', () => {
  const allowed = new Set(['logRunBatch', 'logRunArtifact', 'removeRunTags', 'cancelRun']);
  it.concurrent.each(mutations.filter(({ name }) => !allowed.has(name)).map((field) => [field.name, field] as const))(
    'is refused %s, on its own run too',
    async (_, field) => {
      for (const text of ['x', held.id]) {
        const answer = await ask(`mutation { ${callOf(field, { text })} { __typename } }`);
        expect(['FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT', 'RESIDENCY_VIOLATION', 'PRECONDITION_FAILED']).toContain(
          codeOf(answer),
        );
      }
    },
  );

  it('changed nothing by that but the record of refusals', async () => {
    const [row] = await rowsOf(directory, 'select state, name, error from experiments.run where id = $1', [held.id]);
    expect(row).toEqual({ state: 'RUNNING', name: 'hold', error: null });
    const done = await rowsOf(
      directory,
      `select distinct action from audit.record where actor_id = $1 and outcome = 'SUCCEEDED' order by action`,
      [held.id],
    );
    expect(done.map(({ action }) => action)).toEqual(['logRunArtifact', 'logRunBatch']);
  });

  /** Every id in an answer, wherever it stands. */
  const idsIn = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(idsIn);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, part]) =>
      key === 'id' && typeof part === 'string' ? [part] : idsIn(part),
    );
  };

  /** The run's own, and ids of the platform's own rules, the same for everyone: they are no one's data. */
  const fine = new Set<string>();
  beforeAll(async () => {
    const answer = await ask('{ me { resources } builtInRules { id } residencyRules { id } }');
    for (const id of [...answer.data.me.resources, ...idsIn(answer.data)]) fine.add(id);
  });

  it.concurrent.each(queries.map((field) => [field.name, field] as const))(
    'learns nothing of others by %s',
    async (name, field) => {
      for (const depth of [3, 2, 1]) {
        const answer = await ask(
          `{ ${callOf(field, { text: journey.ids.runId ?? '', all: false })} ${selectionOf(field.type, depth)} }`,
        );
        if (codeOf(answer) === 'QUERY_TOO_COMPLEX') continue;
        expect(
          idsIn(answer.data).filter((id) => !fine.has(id)),
          name,
        ).toEqual([]);
        return;
      }
      throw new Error(`${name} is too large at every depth`);
    },
  );

  it('finds no other door: another workspace, the data plane', async () => {
    expect(codeOf(await ask('{ me { id } }', 'ws_other'))).toBe('UNAUTHENTICATED');
    const inference = await fetch(new URL('/v2/models/flight-delay', platform.url), {
      headers: { authorization: `Bearer ${held.token}` },
    });
    expect([403, 404]).toContain(inference.status);
  });
});

describe('the token', () => {
  it('ends with its run', async () => {
    expect((await ask('{ me { id } }')).data.me.id).toBe(held.id);
    await scientist.data(CancelRunDocument, { id: held.id });
    await until(async () => codeOf(await ask('{ me { id } }')) === 'UNAUTHENTICATED', 10_000, 'the token ends');
    expect(await rowsOf(directory, 'select 1 from identity.workload_token where workload_id = $1', [held.id])).toEqual(
      [],
    );
  });

  it('is never given to a program whose operator did not ask for it', async () => {
    const id = await start('deaf');
    const ended = await until(
      async () => {
        const [row] = await rowsOf(directory, 'select state, error from experiments.run where id = $1', [id]);
        return row?.state !== 'QUEUED' && row?.state !== 'RUNNING' && row;
      },
      30_000,
      'the run ends',
    );
    expect(ended).toEqual({ state: 'FAILED', error: expect.stringContaining('found: nothing') });
  });

  it.skipIf(!hasPython)('lets a Python trainer read its input and log into its run, which then succeeds', async () => {
    const id = await start('linear');
    expect(await modelOf(scientist, id)).toMatch(/^sha256:/);
    const { run } = (await scientist.data(
      parse(`query { run(id: "${id}") { tags { key value } metrics { key value } artifacts { path } } }`) as never,
      {},
    )) as Loose;
    expect(run.tags).toContainEqual({ key: 'read', value: expect.any(String) });
    expect(run.metrics).toContainEqual({ key: 'rows_seen', value: 20_000 });
    expect(run.artifacts).toEqual([{ path: 'columns.json' }]);
  });
});
