// One set of rules, one verdict: what the policy says when it is asked is what lists, look-ups, lineage, filters, both
// doors of inference and the database under it do, for every role, and again under rules that a workspace adds.

import { readFileSync } from 'node:fs';
import { buildSchema, type GraphQLObjectType, getNamedType, isLeafType, isRequiredArgument } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf, rowsWithin } from '../platform-requests.js';
import { type AttackedPlatform, type Role, roles, startAttacked } from './platform.js';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const members = roles.filter((role) => role !== 'outsider');

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

interface Question {
  readonly action: string;
  readonly subject: string;
  readonly field?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Whether the policy allows each, as an auditor is told; twenty to a document. */
async function told(role: Role, questions: readonly Question[]): Promise<boolean[]> {
  const verdicts: boolean[] = [];
  for (let from = 0; from < questions.length; from += 20) {
    const part = questions.slice(from, from + 20);
    const { data, errors } = await platform.ask(
      'auditor',
      `query(${part.map((_, place) => `$i${place}: ExplainDecisionInput!`)}) {
        ${part.map((_, place) => `d${place}: explainDecision(input: $i${place}) { allowed }`).join(' ')} }`,
      {
        variables: Object.fromEntries(
          part.map((question, place) => [
            `i${place}`,
            { principalId: platform.home.principals.get(role), ...question },
          ]),
        ),
      },
    );
    expect(errors).toEqual([]);
    verdicts.push(...part.map((_, place) => data[`d${place}`].allowed as boolean));
  }
  return verdicts;
}

describe('fields', () => {
  /** Where a row of the type is found, each way to it a path of its own. */
  const ways: Record<string, readonly ((fields: string) => string)[]> = {
    Run: [
      (fields) => `runs(first: 1) { edges { node { ${fields} } } }`,
      (fields) => `searchRuns(first: 1) { edges { node { ${fields} } } }`,
      (fields) => `run(id: "${platform.journey.ids.runId}") { ${fields} }`,
      (fields) =>
        `trainingSet(id: "${platform.journey.ids.trainingSetId}") { runs(first: 1) { edges { node { ${fields} } } } }`,
      (fields) => `modelVersion(id: "${platform.journey.ids.modelVersionId}") { run { ${fields} } }`,
    ],
    ModelVersion: [
      (fields) => `modelVersions(first: 1) { edges { node { ${fields} } } }`,
      (fields) => `modelVersion(id: "${platform.journey.ids.modelVersionId}") { ${fields} }`,
      (fields) => `endpoint(id: "${platform.journey.ids.endpointId}") { modelVersion { ${fields} } }`,
    ],
    Endpoint: [
      (fields) => `endpoints(first: 1) { edges { node { ${fields} } } }`,
      (fields) => `endpoint(id: "${platform.journey.ids.endpointId}") { ${fields} }`,
      (fields) =>
        `modelVersion(id: "${platform.journey.ids.modelVersionId}") { endpoints(first: 1) { edges { node { ${fields} } } } }`,
    ],
    ModelCard: [(fields) => `modelVersion(id: "${platform.journey.ids.modelVersionId}") { card { ${fields} } }`],
    TrainingSet: [
      (fields) => `trainingSet(id: "${platform.journey.ids.trainingSetId}") { ${fields} }`,
      (fields) => `run(id: "${platform.journey.ids.runId}") { trainingSet { ${fields} } }`,
    ],
  };
  const plain = (type: string): string[] =>
    Object.values((schema.getType(type) as GraphQLObjectType).getFields())
      .filter(
        (field) => isLeafType(getNamedType(field.type)) && field.args.length === 0 && field.name !== 'maskedFields',
      )
      .map((field) => field.name);
  const firstRow = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !('maskedFields' in value)
      ? firstRow(Array.isArray(value) ? value[0] : Object.values(value)[0])
      : (value as Record<string, unknown>);

  /** Lists of the graph that need no argument: every type that the journey left rows of is one. */
  const lists = new Map(
    Object.values(schema.getQueryType()?.getFields() ?? {})
      .filter(({ args, type }) => getNamedType(type).name.endsWith('Connection') && !args.some(isRequiredArgument))
      .map(({ name, type }) => [getNamedType(type).name.replace(/Connection$/, ''), name]),
  );
  /** Of these, somebody is shown more of what is their own. */
  const OWN = ['Principal', 'AccessRequest'];

  it.each(members)('of every type: %s is shown in lists what the policy says', async (role) => {
    const seen: string[] = [];
    for (const [type, list] of lists) {
      if (OWN.includes(type)) continue;
      const fields = plain(type);
      const { data, errors } = await platform.ask(
        role,
        `{ ${list}(first: 1) { edges { node { maskedFields ${fields.join(' ')} } } } }`,
      );
      const row: Record<string, unknown> | undefined = data?.[list]?.edges[0]?.node;
      expect({ type, codes: errors.map(({ extensions }) => extensions.code) }).toEqual({
        type,
        codes: row || data?.[list] ? [] : ['FORBIDDEN'],
      });
      if (!row) continue;
      seen.push(type);
      const allowed = await told(
        role,
        fields.map((field) => ({ action: 'read', subject: type, field })),
      );
      for (const [place, field] of fields.entries()) {
        const isMasked = (row.maskedFields as string[]).includes(field);
        expect({ type, field, isMasked }).toEqual({ type, field, isMasked: !allowed[place] });
        if (isMasked) expect({ type, field, value: row[field] }).toEqual({ type, field, value: null });
      }
    }
    expect(seen.length).toBeGreaterThanOrEqual(14);
  });

  it.each(Object.keys(ways).flatMap((type) => members.map((role) => [type, role] as const)))(
    'of %s: %s is shown what the policy says, whichever way',
    async (type, role) => {
      const fields = plain(type);
      const allowed = await told(
        role,
        fields.map((field) => ({ action: 'read', subject: type, field })),
      );
      const masked = fields.filter((_, place) => !allowed[place]);
      for (const way of ways[type] ?? []) {
        const query = way(`maskedFields ${fields.join(' ')}`);
        const { data, errors } = await platform.ask(role, `{ ${query} }`);
        expect(errors).toEqual([]);
        const row = firstRow(data);
        expect({ query, masked: fields.filter((field) => (row.maskedFields as string[]).includes(field)) }).toEqual({
          query,
          masked,
        });
        for (const field of masked) expect({ query, field, value: row[field] }).toEqual({ query, field, value: null });
      }
    },
  );
});

type Verdict = 'ALLOWED' | 'FORBIDDEN' | 'NOT_FOUND';
const byStatus: Record<number, Verdict> = { 200: 'ALLOWED', 403: 'FORBIDDEN', 404: 'NOT_FOUND' };

/** Adds a rule of the workspace for as long as `work` lasts; it counts within two seconds. */
async function under(rule: Record<string, unknown>, work: () => Promise<void>): Promise<void> {
  const { errors } = await platform.ask(
    'administrator',
    'mutation($i: CreatePolicyRuleInput!) { createPolicyRule(input: $i) { policyRule { id } } }',
    { variables: { i: rule } },
  );
  expect(errors).toEqual([]);
  try {
    await work();
  } finally {
    const retired = await platform.ask(
      'administrator',
      `mutation { retirePolicyRule(input: { id: "${rule.id}" }) { policyRule { id } } }`,
    );
    expect(retired.errors).toEqual([]);
  }
}

describe('inference', () => {
  const row = { origin: 'LAX', destination: 'PHX', event_time: '2001-03-31T12:00:00Z' };
  const doors: Record<string, (role: Role) => Promise<Verdict | string | number>> = {
    GraphQL: async (role) => {
      const { data, code } = await platform.ask(
        role,
        'query($i: PredictInput!) { predict(input: $i) { outputs { values } } }',
        { variables: { i: { endpoint: 'flight-delay', rows: [row] } } },
      );
      return data?.predict ? 'ALLOWED' : (code ?? 'nothing');
    },
    'the inference protocol': async (role) => {
      const { status } = await platform.send('/v2/models/flight-delay/infer', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...platform.headers(role) },
        body: JSON.stringify({
          inputs: Object.entries(row).map(([name, value]) => ({ name, datatype: 'BYTES', shape: [1], data: [value] })),
        }),
      });
      return byStatus[status] ?? status;
    },
    'its metadata': async (role) => {
      const { status } = await platform.send('/v2/models/flight-delay', { headers: platform.headers(role) });
      return byStatus[status] ?? status;
    },
    'its readiness': async (role) => {
      const { status } = await platform.send('/v2/models/flight-delay/ready', { headers: platform.headers(role) });
      return byStatus[status] ?? status;
    },
  };
  const policy = async (role: Role): Promise<Verdict> => {
    const attributes = { workspaceId: platform.home.id, name: 'flight-delay', zone: 'AE' };
    const [reads, predicts] = await told(role, [
      { action: 'read', subject: 'Endpoint', attributes },
      { action: 'predict', subject: 'Endpoint', attributes },
    ]);
    return reads ? (predicts ? 'ALLOWED' : 'FORBIDDEN') : 'NOT_FOUND';
  };
  const agree = async (expected: Partial<Record<Role, Verdict>>) => {
    for (const role of members) {
      const said = expected[role] ?? (await policy(role));
      await expect
        .poll(async () => ({ role, said: await policy(role) }), { timeout: 2_500, interval: 100 })
        .toEqual({ role, said });
      for (const [door, ask] of Object.entries(doors))
        await expect
          .poll(async () => ({ role, door, verdict: await ask(role) }), { timeout: 2_500, interval: 100 })
          .toEqual({ role, door, verdict: said });
    }
  };

  it('is allowed at every door to whom the policy allows it', () =>
    agree({ viewer: 'ALLOWED', approver: 'ALLOWED', auditor: 'FORBIDDEN', 'feature-engineer': 'FORBIDDEN' }));

  it('is refused at every door by a rule of the workspace, and hidden at every door by another', async () => {
    const about = { effect: 'DENY', subject: 'Endpoint', conditions: { name: 'flight-delay' }, reason: 'UNDER_REVIEW' };
    await under({ id: 'no-predictions', actions: ['predict'], roles: ['viewer'], ...about }, () =>
      under({ id: 'no-sight', actions: ['read'], roles: ['data-scientist'], ...about }, () =>
        agree({ viewer: 'FORBIDDEN', 'data-scientist': 'NOT_FOUND', approver: 'ALLOWED' }),
      ),
    );
    await agree({ viewer: 'ALLOWED', 'data-scientist': 'ALLOWED' });
  });
});

describe('rows', () => {
  const rule = (name: string) => ({
    id: 'one-experiment',
    effect: 'DENY',
    actions: ['read'],
    subject: 'Run',
    // By a row of another type: the experiment that the run belongs to.
    conditions: { experiment: { $some: { name } } },
    roles: ['viewer'],
    reason: 'UNDER_REVIEW',
  });
  const counts = async (role: Role) => {
    const { data } = await platform.ask(
      role,
      `{ runs(first: 5) { totalCount edges { node { id } } } searchRuns(first: 5) { totalCount }
         trainingSet(id: "${platform.journey.ids.trainingSetId}") { runs(first: 5) { totalCount } }
         modelVersion(id: "${platform.journey.ids.modelVersionId}") { run { state } } }`,
    );
    const lookUp = await platform.ask(role, `{ run(id: "${platform.journey.ids.runId}") { id } }`);
    return [
      data.runs.totalCount,
      data.runs.edges.length,
      data.searchRuns.totalCount,
      data.trainingSet.runs.totalCount,
      data.modelVersion.run?.state ? 1 : 0,
      lookUp.code === 'NOT_FOUND' ? 0 : 1,
    ];
  };

  it('of a rule over another type are what simulatePolicy foretold, by every path', async () => {
    const { data } = await platform.ask('auditor', '{ runs(first: 5) { edges { node { experiment { name } } } } }');
    const all = data.runs.edges.length;
    const { name } = data.runs.edges[0].node.experiment;
    expect(await counts('viewer')).toEqual([all, all, all, 1, 1, 1]);
    const foretold = await platform.ask(
      'auditor',
      'query($i: SimulatePolicyInput!) { simulatePolicy(input: $i) { affected { roles changes { subject action field after rowsGained rowsLost } } } }',
      { variables: { i: { add: [rule(name)], principalIds: [platform.home.principals.get('viewer')] } } },
    );
    expect(foretold.data.simulatePolicy.affected[0].changes).toContainEqual({
      subject: 'Run',
      action: 'read',
      field: null,
      after: 'DEPENDS',
      rowsGained: 0,
      rowsLost: all,
    });
    // Nothing was written.
    expect(await counts('viewer')).toEqual([all, all, all, 1, 1, 1]);
    await under(rule(name), async () => {
      await expect.poll(() => counts('viewer'), { timeout: 2_500, interval: 100 }).toEqual([0, 0, 0, 0, 0, 0]);
      expect(await counts('data-scientist')).toEqual([all, all, all, 1, 1, 1]);
      const attributes = (experiment: string) => ({ experiment: [{ name: experiment }] });
      expect(
        await told('viewer', [
          { action: 'read', subject: 'Run', attributes: attributes(name) },
          { action: 'read', subject: 'Run', attributes: attributes('another') },
        ]),
      ).toEqual([false, true]);
    });
    await expect.poll(() => counts('viewer'), { timeout: 2_500, interval: 100 }).toEqual([all, all, all, 1, 1, 1]);
  });

  it('are seen from where the reader works, where a rule says so: the same role, at home and abroad', async () => {
    const { token } = await platform.hire('data-scientist', platform.home.id, 'US');
    const abroad: typeof platform.home = { ...platform.home, tokens: new Map([['data-scientist', token]]) };
    const query = `{ trainingSets(first: 5) { totalCount } trainingSet(id: "${platform.journey.ids.trainingSetId}") { id }
      run(id: "${platform.journey.ids.runId}") { trainingSet { name } } dataSources(first: 1) { edges { node { digest } } } }`;
    const see = async (from: typeof platform.home) => {
      const { data, masked } = await platform.ask('data-scientist', query, { from });
      return {
        sets: data?.trainingSets.totalCount,
        lookUp: data?.trainingSet !== null,
        lineage: data?.run.trainingSet?.name !== undefined && data.run.trainingSet.name !== null,
        digest: data?.dataSources.edges[0].node.digest !== null,
        reasons: [...new Set(masked.map(({ reason }) => reason))],
      };
    };
    const all = await see(platform.home);
    expect(all).toMatchObject({ lookUp: true, lineage: true, digest: true });
    expect(await see(abroad)).toEqual(all);
    const notFromHere = {
      conditions: { zone: { $ne: { $var: 'principal.zone' } } },
      roles: ['*'],
      reason: 'READER_ABROAD',
    };
    const deny = { effect: 'DENY', actions: ['read'], ...notFromHere };
    await under({ id: 'sets-at-home', subject: 'TrainingSet', ...deny }, () =>
      under({ id: 'digests-at-home', subject: 'DataSource', classes: ['sensitive', 'pii'], ...deny }, async () => {
        await expect
          .poll(() => see(abroad), { timeout: 2_500, interval: 100 })
          .toEqual({ sets: 0, lookUp: false, lineage: false, digest: false, reasons: ['READER_ABROAD'] });
        expect(await see(platform.home)).toEqual(all);
      }),
    );
  });

  it('of a workspace are those that the database itself gives its role, and of another none', async () => {
    const { data } = await platform.ask('administrator', '{ runs(first: 50) { edges { node { id } } } }');
    const ids = data.runs.edges.map(({ node }: { node: { id: string } }) => node.id).sort();
    const inRole = (workspaceId: string, zones: string[]) =>
      rowsWithin(
        platform.processes.dataDirectory,
        { workspaceId, zones },
        'select id from experiments.run order by id',
      );
    expect((await inRole(platform.home.id, ['AE'])).map(({ id }) => id)).toEqual(ids);
    expect(await inRole(platform.elsewhere.id, ['AE'])).toEqual([]);
    expect(await inRole(platform.home.id, ['US'])).toEqual([]);
    expect(await inRole('', [])).toEqual([]);
  });
});

it('a denial that was written past the graph and cannot be read denies its type, and a check says so', async () => {
  const { dataDirectory } = platform.processes;
  const see = async (role: Role) =>
    (await platform.ask(role, '{ experiments(first: 5) { totalCount } }')).data.experiments.totalCount;
  const before = await see('data-scientist');
  expect(before).toBeGreaterThan(0);
  await rowsOf(
    dataDirectory,
    `insert into policy.rule (workspace_id, id, version, effect, actions, subject, conditions, roles, reason, author_id)
     values ($1, 'smuggled', 1, 'DENY', '{read}', 'Experiment', '{"$or": [{"naem": "x"}]}', '{viewer}', 'X', 'nobody')`,
    [platform.home.id],
  );
  // For everybody: nobody knows whom it was meant for.
  for (const role of ['viewer', 'data-scientist', 'administrator'] as const)
    await expect.poll(() => see(role), { timeout: 2_500, interval: 100 }).toBe(0);
  const { data } = await platform.ask(
    'auditor',
    'mutation { runCompliance(input: {}) { report { findings { checkId status reason } } } }',
  );
  expect(data.runCompliance.report.findings).toContainEqual({
    checkId: 'ACC-010',
    status: 'FAIL',
    reason: expect.stringContaining('smuggled'),
  });
  const retired = await platform.ask(
    'administrator',
    'mutation { retirePolicyRule(input: { id: "smuggled" }) { policyRule { id } } }',
  );
  expect(retired.errors).toEqual([]);
  await expect.poll(() => see('data-scientist'), { timeout: 2_500, interval: 100 }).toBe(before);
});
