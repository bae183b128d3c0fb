// Workspaces apart: an id of another workspace answers in the very words of an id that never was, at every door.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idsOfHome, lookUps, WITHOUT_ROWS } from './look-ups.js';
import { type Answer, type AttackedPlatform, type Role, startAttacked } from './platform.js';

let platform: AttackedPlatform;
/** An id of home by the query field that finds it. */
const theirs: Record<string, string> = {};

beforeAll(async () => {
  platform = await startAttacked();
  Object.assign(theirs, await idsOfHome(platform));
  theirs.workspace = platform.home.id;
}, 180_000);
afterAll(() => platform?.stop());

const stranger = (role: Role, query: string) => platform.ask(role, query, { from: platform.elsewhere });
/** The same form, and no object of any workspace. */
const never = (id = '') => `${id.slice(0, -6)}000000`;

/** What an answer tells, with ids and the trace taken out, which differ for innocent reasons. */
const told = ({ status, text }: Answer, id = '') =>
  `${status} ${text.replaceAll(id, '<id>').replace(/"traceId":"[0-9a-f]+"/g, '"traceId":""')}`;

/** Asked with an id of home and with one that never was: one answer, in which nothing is found. */
async function indistinguishable(role: Role, id: string | undefined, query: (id: string) => string): Promise<Answer> {
  expect(id).toMatch(/.{6,}/);
  const found = await stranger(role, query(id ?? ''));
  const random = await stranger(role, query(never(id)));
  expect(told(found, id)).toBe(told(random, never(id)));
  return found;
}

describe('ids of another workspace', () => {
  it('are of every type that the journey makes', () => {
    expect(lookUps.map(({ name }) => name).filter((name) => !(name in theirs))).toEqual(WITHOUT_ROWS);
  });

  it.each(lookUps.map(({ name }) => name).filter((name) => !WITHOUT_ROWS.includes(name)))('%s', async (field) => {
    for (const role of ['data-scientist', 'auditor', 'administrator', 'outsider'] as const) {
      const answer = await indistinguishable(role, theirs[field], (id) => `{ ${field}(id: "${id}") { id } }`);
      expect(answer.data?.[field] ?? null).toBeNull();
    }
    const atHome = await platform.ask('administrator', `{ ${field}(id: "${theirs[field]}") { id } }`);
    expect(atHome.data[field]).toEqual({ id: theirs[field] });
  });

  it.each<[string, Role, string, (id: string) => string]>([
    [
      'runs of an experiment',
      'data-scientist',
      'experiment',
      (id) => `runs(first: 5, filter: { experimentId: "${id}" }) { totalCount edges { node { id } } }`,
    ],
    [
      'runs of a training set',
      'auditor',
      'trainingSet',
      (id) => `runs(first: 5, filter: { trainingSetId: "${id}" }) { totalCount }`,
    ],
    [
      'audit records of an object',
      'auditor',
      'endpoint',
      (id) => `auditRecords(first: 5, filter: { subjectId: "${id}" }) { totalCount }`,
    ],
    [
      'audit records of an actor',
      'auditor',
      'principal',
      (id) => `auditRecords(first: 5, filter: { actorId: "${id}" }) { totalCount }`,
    ],
    [
      'materializations',
      'feature-engineer',
      'featureView',
      (id) => `materializations(first: 5, featureViewId: "${id}") { totalCount }`,
    ],
    [
      'online features',
      'data-scientist',
      'featureService',
      (id) =>
        `onlineFeatures(input: { featureServiceId: "${id}", entityRows: [{ origin: "LAX", destination: "PHX" }] }) { entityRow }`,
    ],
    [
      'a decision about a principal',
      'auditor',
      'principal',
      (id) => `explainDecision(input: { principalId: "${id}", action: "read", subject: "Run" }) { allowed reason }`,
    ],
    [
      'members of a workspace',
      'administrator',
      'workspace',
      (id) => `workspace(id: "${id}") { name members(first: 5) { totalCount } }`,
    ],
  ])('%s', async (_name, role, of, field) => {
    const answer = await indistinguishable(role, theirs[of], (id) => `{ ${field(id)} }`);
    expect(answer.text).toMatch(/NOT_FOUND|"totalCount":0|null/);
    expect(answer.text).not.toMatch(/"totalCount":[1-9]/);
  });

  it.each<[string, Role, string, (id: string) => string]>([
    ['buildFeatureView', 'feature-engineer', 'featureView', (id) => `id: "${id}"`],
    ['materializeFeatureView', 'feature-engineer', 'featureView', (id) => `input: { featureViewId: "${id}" }`],
    [
      'createFeatureService',
      'feature-engineer',
      'featureView',
      (id) => `input: { name: "s", views: [{ featureViewId: "${id}", keys: [{ name: "network", constant: "us" }] }] }`,
    ],
    [
      'createFeatureView',
      'feature-engineer',
      'entity',
      (id) =>
        `input: { name: "v", entityId: "${id}", sourceId: "${theirs.dataSource}", eventTime: { column: "date" }, keys: [{ name: "iata", column: "origin" }], ttlSeconds: 60, features: [{ name: "n", aggregate: COUNT, windowSeconds: 60 }] }`,
    ],
    [
      'createTrainingSet',
      'data-scientist',
      'featureService',
      (id) =>
        `input: { name: "t", featureServiceId: "${id}", labelSourceId: "${theirs.dataSource}", eventTime: { column: "date" }, label: { name: "l", column: "delay" } }`,
    ],
    [
      'startTrainingRun',
      'data-scientist',
      'trainingSet',
      (id) => `input: { experimentId: "${theirs.experiment}", name: "r", trainingSetId: "${id}" }`,
    ],
    ['cancelRun', 'data-scientist', 'run', (id) => `id: "${id}"`],
    ['createModelVersion', 'data-scientist', 'run', (id) => `input: { modelName: "flight-delay", runId: "${id}" }`],
    ['createEndpoint', 'approver', 'modelVersion', (id) => `input: { name: "e", modelVersionId: "${id}", zone: "AE" }`],
    [
      'updateEndpoint',
      'approver',
      'endpoint',
      (id) => `input: { endpointId: "${id}", modelVersionId: "${theirs.modelVersion}" }`,
    ],
    ['deleteEndpoint', 'approver', 'endpoint', (id) => `id: "${id}"`],
    [
      'relocatePrincipal',
      'administrator',
      'principal',
      (id) => `input: { principalId: "${id}", zone: "AE", reason: "mine" }`,
    ],
    ['disablePrincipal', 'administrator', 'principal', (id) => `input: { principalId: "${id}" }`],
    ['signOutPrincipal', 'administrator', 'principal', (id) => `input: { principalId: "${id}" }`],
    ['revokeAccessToken', 'administrator', 'principal', (id) => `input: { principalId: "${id}", tokenId: "t" }`],
    ['revokeRole', 'administrator', 'principal', (id) => `input: { principalId: "${id}", role: "viewer" }`],
    ['issueAccessToken', 'administrator', 'principal', (id) => `input: { principalId: "${id}", ttlSeconds: 60 }`],
  ])('%s changes nothing', async (name, role, of, args) => {
    const before = await platform.rowCounts();
    const answer = await indistinguishable(
      role,
      theirs[of],
      (id) => `mutation { ${name}(${args(id)}) { __typename } }`,
    );
    expect(answer.code).toBe('NOT_FOUND');
    expect(await platform.rowCounts()).toEqual(before);
  });

  it('names: an alias, a model and an endpoint of another workspace are not there', async () => {
    for (const [role, query] of [
      ['data-scientist', (name: string) => `{ modelByName(name: "${name}") { id } }`],
      ['data-scientist', (name: string) => `{ modelVersionByAlias(model: "${name}", alias: "champion") { id } }`],
      [
        'data-scientist',
        (name: string) =>
          `{ modelInProductionAt(name: "${name}", alias: "champion", at: "2100-01-01T00:00:00Z") { id } }`,
      ],
      [
        'data-scientist',
        (name: string) =>
          `{ predict(input: { endpoint: "${name}", rows: [{ origin: "LAX", destination: "PHX" }] }) { revision } }`,
      ],
      [
        'approver',
        (name: string) =>
          `mutation { setModelAlias(input: { modelName: "${name}", alias: "champion", version: 1 }) { alias { id } } }`,
      ],
      [
        'approver',
        (name: string) =>
          `mutation { removeModelAlias(input: { modelName: "${name}", alias: "champion" }) { model { id } } }`,
      ],
    ] as const) {
      const found = await stranger(role, query('flight-delay'));
      const random = await stranger(role, query('never-was-it'));
      expect(told(found, 'flight-delay')).toBe(told(random, 'never-was-it'));
      expect(found.text).toMatch(/NOT_FOUND|null/);
    }
  });
});

describe('other doors', () => {
  it('the graph of the subgraphs is not reachable from the edge', async () => {
    for (const query of [
      `{ _entities(representations: [{ __typename: "Run", id: "${theirs.run}" }]) { ... on Run { id } } }`,
      '{ _service { sdl } }',
    ])
      expect(await stranger('data-scientist', query)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED', data: null });
  });

  it.each(['', '/ready', '/versions/1', '/versions/1/ready', '/infer', '/versions/1/infer'])(
    '/v2/models/<name>%s knows no endpoint of another workspace',
    async (rest) => {
      const call = (name: string) =>
        platform.send(`/v2/models/${name}${rest}`, {
          headers: {
            'content-type': 'application/json',
            ...platform.headers('approver', { from: platform.elsewhere }),
          },
          ...(rest.endsWith('infer')
            ? {
                method: 'POST',
                body: '{"inputs":[{"name":"origin","datatype":"BYTES","shape":[1],"data":["LAX"]}]}',
              }
            : {}),
        });
      const found = await call('flight-delay');
      expect(told(found, 'flight-delay')).toBe(told(await call('never-was-it'), 'never-was-it'));
      expect(found.status).toBe(404);
    },
  );

  it('a subscription to a run of another workspace ends as one to none', async () => {
    const follow = (id: string) =>
      platform.send('/graphql/stream', {
        method: 'POST',
        headers: {
          accept: 'text/event-stream',
          'content-type': 'application/json',
          ...platform.headers('data-scientist', { from: platform.elsewhere }),
        },
        body: JSON.stringify({ query: `subscription { runProgress(runId: "${id}") { state } }` }),
        signal: AbortSignal.timeout(20_000),
      });
    const found = await follow(theirs.run ?? '');
    expect(told(found, theirs.run)).toBe(told(await follow(never(theirs.run)), never(theirs.run)));
    expect(found.text).toContain('NOT_FOUND');
  });

  it('the header of a workspace without membership opens nothing, by id and by name', async () => {
    const lists = [
      'dataSources',
      'entities',
      'featureViews',
      'featureServices',
      'trainingSets',
      'experiments',
      'runs',
      'models',
      'modelVersions',
      'endpoints',
      'auditRecords',
      'principals',
      'policyRules',
    ];
    const query = (names: readonly string[]) =>
      `{ ${names.map((name) => `${name}(first: 5) { totalCount edges { cursor } }`).join(' ')} }`;
    for (const workspace of [platform.home.id, `flights-${platform.journey.label}`])
      for (const role of ['data-scientist', 'administrator'] as const)
        for (const name of lists) {
          const answer = await platform.ask(role, query([name]), { from: platform.elsewhere, workspace });
          expect({ name, ...(answer.data?.[name] ?? { totalCount: 0, edges: [] }) }).toEqual({
            name,
            totalCount: 0,
            edges: [],
          });
        }
  });

  it('and a workspace that never was is answered in the same words', async () => {
    const look = (workspace: string) =>
      platform.ask('administrator', '{ me { workspaceId roles } workspace { id } runs(first: 1) { totalCount } }', {
        from: platform.elsewhere,
        workspace,
      });
    const random = never(platform.home.id);
    expect(told(await look(platform.home.id), platform.home.id)).toBe(told(await look(random), random));
    const named = `flights-${platform.journey.label}`;
    expect(told(await look(named), named)).toBe(told(await look('never-was-it'), 'never-was-it'));
  });
});

describe('names', () => {
  it('that are unique in a workspace tell nothing of other workspaces', async () => {
    for (const [role, mutation] of [
      [
        'feature-engineer',
        `createDataSource(input: { name: "flights", format: JSON, path: "${platform.journey.label}/flights-20k.json", zone: "AE" }) { dataSource { id } }`,
      ],
      ['feature-engineer', 'createEntity(input: { name: "airport", keys: ["iata"] }) { entity { id } }'],
      ['data-scientist', 'createExperiment(input: { name: "flight delays" }) { experiment { id } }'],
      ['data-scientist', 'createModel(input: { name: "flight-delay" }) { model { id } }'],
    ] as const) {
      const answer = await stranger(role, `mutation { ${mutation} }`);
      expect(answer.errors).toEqual([]);
    }
  });
});

describe('at once', () => {
  it('principals who ask the same get each their own answer', async () => {
    const query = '{ me { id workspaceId } runs(first: 1) { totalCount edges { node { owner modelDigest } } } }';
    const askers = (['auditor', 'viewer', 'approver'] as const).flatMap((role) => [
      { role, from: platform.home },
      { role, from: platform.elsewhere },
    ]);
    const alone = await Promise.all(
      askers.map(async ({ role, from }) => JSON.stringify((await platform.ask(role, query, { from })).data)),
    );
    expect(new Set(alone).size).toBe(askers.length);
    const rounds = await Promise.all(
      Array.from({ length: 60 }, async (_, place) => {
        const { role, from } = askers[place % askers.length] ?? { role: 'viewer', from: platform.home };
        return JSON.stringify((await platform.ask(role, query, { from })).data);
      }),
    );
    expect(rounds).toEqual(Array.from({ length: 60 }, (_, place) => alone[place % askers.length]));
  });
});
