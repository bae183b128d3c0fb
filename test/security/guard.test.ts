// Who sees and does what, on one real platform: roles, workspaces, field rules, and the record of every mutation.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateWorkspaceDocument, createClient, type GraphResponse } from '@falaj/client';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hire } from '../platform-people.js';
import type { Processes } from '../platform-processes.js';
import type { Journey } from '../platform-requests.js';
import { startAfterJourney } from '../platform-template.js';
import { callOf, mutations } from './schema-samples.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-guard-'));
const dataDirectory = join(directory, 'data');
let platform: Processes;
let operator: string;
let journey: Journey;
const tokens = new Map<string, string>();

beforeAll(async () => {
  ({ processes: platform, journey, operator } = await startAfterJourney(dataDirectory));
  for (const [role, actor] of [
    ['feature-engineer', 'engineer'],
    ['data-scientist', 'scientist'],
    ['approver', 'approver'],
    ['outsider', 'outsider'],
  ] as const) {
    tokens.set(role, journey.actors[actor]?.token ?? '');
  }
  tokens.set('administrator', operator);
  for (const role of ['auditor', 'viewer']) tokens.set(role, await tokenOf(role, journey.ids.workspaceId ?? ''));
}, 180_000);

afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const tokenOf = async (role: string, workspace: string) =>
  (await hire({ url: platform.url, operator, workspace }, role)).token;

// biome-ignore lint/suspicious/noExplicitAny: queries written here have no generated type.
const ask = (role: string, query: string, workspace = journey.ids.workspaceId ?? ''): Promise<GraphResponse<any>> =>
  createClient({ url: platform.url, token: tokens.get(role) ?? role, workspace }).request(parse(query) as never, {});

const codeOf = (answer: GraphResponse<unknown>) => answer.errors?.[0]?.extensions.code;

describe('fields', () => {
  const RUN = `{ runs(first: 1) { edges { node { id state owner modelDigest modelArtifactKey servingPlan importance { share } metrics { value } signature parameters maskedFields } } } }`;
  const shown: Record<string, string[]> = {
    'feature-engineer': ['state', 'signature', 'parameters'],
    'data-scientist': [
      'state',
      'signature',
      'parameters',
      'modelDigest',
      'modelArtifactKey',
      'servingPlan',
      'importance',
      'metrics',
    ],
    approver: ['state', 'signature', 'parameters', 'modelDigest', 'servingPlan', 'importance', 'metrics'],
    auditor: [
      'state',
      'signature',
      'parameters',
      'modelDigest',
      'modelArtifactKey',
      'servingPlan',
      'importance',
      'metrics',
      'owner',
    ],
    viewer: ['state', 'signature', 'parameters'],
  };
  it.each(Object.keys(shown))(
    '%s sees of a run what the rules say; the rest is null, listed and reasoned',
    async (role) => {
      const answer = await ask(role, RUN);
      const [{ node }] = answer.data.runs.edges;
      const fields = [
        'state',
        'signature',
        'parameters',
        'modelDigest',
        'modelArtifactKey',
        'servingPlan',
        'importance',
        'metrics',
        'owner',
      ];
      const visible = fields.filter((field) => node[field] !== null);
      expect(visible.sort()).toEqual([...(shown[role] ?? [])].sort());
      const withheld = fields.filter((field) => node[field] === null);
      expect(node.maskedFields).toEqual(expect.arrayContaining(withheld));
      const listed = answer.extensions?.falaj?.masked ?? [];
      for (const field of withheld) {
        expect(listed).toContainEqual(
          expect.objectContaining({
            path: `runs.edges.*.node.${field}`,
            type: 'Run',
            field,
            reason: expect.stringMatching(/^[A-Z_]+$/),
          }),
        );
      }
    },
  );

  it('an alias or a fragment is no way round', async () => {
    const answer = await ask(
      'viewer',
      'query { runs(first: 1) { edges { node { a: modelDigest ...F ... on Run { b: owner } } } } } fragment F on Run { c: modelArtifactKey }',
    );
    expect(answer.data.runs.edges[0].node).toEqual({ a: null, b: null, c: null });
  });

  it('a rule of the workspace counts within two seconds, and a malformed one is refused with its path', async () => {
    const rule = (conditions: string) =>
      `mutation { createPolicyRule(input: { id: "hide-runs", effect: DENY, actions: ["read"], subject: "Run", roles: ["viewer"], reason: "UNDER_REVIEW", conditions: ${conditions} }) { policyRule { id } } }`;
    const bad = await ask('administrator', rule('{ state: { _regex: ".*" } }'));
    expect(codeOf(bad)).toBe('BAD_USER_INPUT');
    expect(bad.errors?.[0]?.message).toMatch(/conditions/);
    const made = await ask('administrator', rule('{ state: "SUCCEEDED" }'));
    expect(made.errors).toBeUndefined();
    await expect
      .poll(async () => (await ask('viewer', '{ runs(first: 5) { totalCount } }')).data?.runs.totalCount, {
        timeout: 2_000,
        interval: 100,
      })
      .toBe(0);
    expect((await ask('data-scientist', '{ runs(first: 5) { totalCount } }')).data.runs.totalCount).toBeGreaterThan(0);
  });
});

describe('workspaces', () => {
  it('another workspace is not there: the same words as for an id that never was', async () => {
    const client = createClient({ url: platform.url, token: operator });
    const { createWorkspace } = await client.data(CreateWorkspaceDocument, {
      input: { name: `elsewhere-${Date.now().toString(36)}`, allowedZones: ['AE'], defaultZone: 'AE' },
    });
    const elsewhere = createWorkspace.workspace?.id ?? '';
    const stranger = await tokenOf('data-scientist', elsewhere);
    for (const [field, id] of [
      ['run', journey.ids.runId],
      ['trainingSet', journey.ids.trainingSetId],
      ['endpoint', journey.ids.endpointId],
      ['modelVersion', journey.ids.modelVersionId],
    ] as const) {
      const theirs = await ask(stranger, `{ ${field}(id: "${id}") { id } }`, elsewhere);
      const random = await ask(stranger, `{ ${field}(id: "${id?.slice(0, -4)}0000") { id } }`, elsewhere);
      expect(codeOf(theirs)).toBe('NOT_FOUND');
      expect(theirs.errors?.[0]?.message).toBe(random.errors?.[0]?.message);
    }
    const wrongHeader = await ask(stranger, '{ runs(first: 5) { totalCount } dataSources(first: 5) { totalCount } }');
    expect(wrongHeader.data).toEqual({ runs: { totalCount: 0 }, dataSources: { totalCount: 0 } });
    const inference = await fetch(new URL('/v2/models/flight-delay', platform.url), {
      headers: { authorization: `Bearer ${stranger}`, 'x-falaj-workspace': elsewhere },
    });
    expect(inference.status).toBe(404);
  });

  it('two principals who ask the same at once get each their own', async () => {
    const query = '{ me { name } runs(first: 1) { edges { node { owner modelDigest } } } }';
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, place) => ask(place % 2 ? 'auditor' : 'viewer', query)),
    );
    for (const [place, { data }] of answers.entries()) {
      expect(data.me.name).toBe(place % 2 ? 'a auditor' : 'a viewer');
      const [edge] = data.runs.edges;
      if (place % 2) expect(edge.node.owner).not.toBeNull();
      else expect(edge?.node.modelDigest ?? null).toBeNull();
    }
  });

  it('a cursor serves nobody else, and no other list', async () => {
    const first = await ask('data-scientist', '{ dataSources(first: 1) { pageInfo { endCursor } } }');
    const cursor = first.data.dataSources.pageInfo.endCursor;
    const next = (role: string, list = 'dataSources') =>
      ask(role, `{ ${list}(first: 1, after: "${cursor}") { edges { node { id } } } }`);
    expect((await next('data-scientist')).data.dataSources.edges).toHaveLength(1);
    expect(codeOf(await next('approver'))).toBe('BAD_USER_INPUT');
    expect(codeOf(await next('data-scientist', 'runs'))).toBe('BAD_USER_INPUT');
  });
});

describe('mutations', () => {
  it.each(mutations.map((field) => [field.name, field] as const))(
    '%s is refused to a principal without roles, and nothing comes of it',
    async (_, field) => {
      const answer = await ask('outsider', `mutation { ${callOf(field)} { __typename } }`);
      expect(['FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT', 'RESIDENCY_VIOLATION']).toContain(codeOf(answer));
    },
  );

  it('every mutation of the journey stands in the audit trail once, with who and under which policy', async () => {
    const answer = await ask(
      'auditor',
      '{ auditRecords(first: 500) { edges { node { action outcome actorId subjectType subjectId policyVersion requestId } } } }',
    );
    const records = answer.data.auditRecords.edges
      .map((edge: { node: Record<string, unknown> }) => edge.node)
      // No rule decides what the platform does by itself.
      .filter((record: Record<string, unknown>) => record.actorId !== 'falaj');
    const count = (action: string, outcome: string) =>
      records.filter((record: Record<string, unknown>) => record.action === action && record.outcome === outcome)
        .length;
    expect({
      sources: count('createDataSource', 'SUCCEEDED'),
      views: count('createFeatureView', 'SUCCEEDED'),
      sets: count('createTrainingSet', 'SUCCEEDED'),
      runs: count('startTrainingRun', 'SUCCEEDED'),
      finished: count('finishTrainingRun', 'SUCCEEDED'),
      versions: count('createModelVersion', 'SUCCEEDED'),
      requests: count('requestPromotion', 'SUCCEEDED'),
      approvals: count('approvePromotion', 'SUCCEEDED'),
      refusedApprovals: count('approvePromotion', 'REFUSED'),
      endpoints: count('createEndpoint', 'SUCCEEDED'),
      refusedEndpoints: count('createEndpoint', 'REFUSED'),
      refusedExperiments: count('createExperiment', 'REFUSED'),
    }).toEqual({
      sources: 3,
      views: 4,
      sets: 2,
      runs: 1,
      finished: 1,
      versions: 1,
      // One was blocked for want of a model card.
      requests: 2,
      approvals: 1,
      refusedApprovals: 1,
      endpoints: 1,
      refusedEndpoints: 1,
      refusedExperiments: 1,
    });
    for (const record of records)
      expect(record).toMatchObject({
        actorId: expect.any(String),
        requestId: expect.any(String),
        policyVersion: expect.any(Number),
      });
  });

  it('a deployment outside the allowed zones names the rule and the zones, and leaves no endpoint', async () => {
    const answer = await ask(
      'approver',
      `mutation { createEndpoint(input: { name: "abroad", modelVersionId: "${journey.ids.modelVersionId}", zone: "US" }) { endpoint { id } } }`,
    );
    expect(codeOf(answer)).toBe('RESIDENCY_VIOLATION');
    expect(answer.errors?.[0]?.extensions.details).toMatchObject({
      rule: expect.any(String),
      targetZone: 'US',
      allowedZones: expect.arrayContaining(['AE']),
    });
    expect(
      (await ask('approver', '{ endpoints(first: 9, filter: { name: "abroad" }) { totalCount } }')).data.endpoints
        .totalCount,
    ).toBe(0);
  });
});

describe('the read log', () => {
  const LOG = (subject: string, more = '') =>
    `{ dataAccessLog(first: 50, subject: { type: "Run", id: "${subject}" }${more}) { edges { node { at reader { id name } purpose policyVersion subjectIds fields requestId } } } }`;
  const readsOf = async (role: string, subject = journey.ids.runId ?? '', more = '') => {
    const answer = await ask(role, LOG(subject, more));
    expect(answer.errors).toBeUndefined();
    return answer.data.dataAccessLog.edges.map((edge: { node: Record<string, unknown> }) => edge.node);
  };

  it('says who read which field of a run, when, for which purpose and under which policy; of what was withheld, nothing', async () => {
    const query = `{ run(id: "${journey.ids.runId}") { name owner modelDigest evaluation { baseRate scores } } }`;
    const readAs = async (role: string) => {
      const response = await fetch(new URL('/graphql', platform.url), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${tokens.get(role)}`,
          'x-falaj-workspace': journey.ids.workspaceId ?? '',
          'x-falaj-purpose': 'complaint 2026-17',
          'x-request-id': `read-by-${role}`,
        },
        body: JSON.stringify({ query }),
      });
      return ((await response.json()) as { data: { run: { evaluation: unknown; owner: unknown } } }).data.run;
    };
    const before = Date.now();
    expect((await readAs('data-scientist')).evaluation).toMatchObject({ baseRate: expect.any(Number) });
    expect(await readAs('feature-engineer')).toMatchObject({ evaluation: null, owner: null });
    const reads = await readsOf('auditor');
    const [scientist] = reads.filter(({ requestId }: { requestId: string }) => requestId === 'read-by-data-scientist');
    expect(scientist).toMatchObject({
      reader: { id: journey.actors.scientist?.principalId },
      purpose: 'complaint 2026-17',
      policyVersion: expect.any(Number),
      subjectIds: [journey.ids.runId],
      fields: ['Evaluation.baseRate', 'Evaluation.scores', 'evaluation', 'modelDigest'],
    });
    expect(Math.abs(Date.parse(scientist.at) - before)).toBeLessThan(60_000);
    expect(reads.filter(({ requestId }: { requestId: string }) => requestId === 'read-by-feature-engineer')).toEqual(
      [],
    );
  });

  it('is for auditors and administrators of the workspace, and asking is itself on record', async () => {
    for (const role of ['viewer', 'data-scientist', 'approver', 'feature-engineer', 'outsider']) {
      const answer = await ask(role, LOG(journey.ids.runId ?? ''));
      expect(answer.data?.dataAccessLog ?? null).toBeNull();
      expect(codeOf(answer)).toBe('FORBIDDEN');
    }
    await readsOf('auditor', 'run_of_interest');
    expect(await readsOf('administrator', 'run_of_interest')).toMatchObject([
      { subjectIds: ['run_of_interest'], fields: ['dataAccessLog'], reader: { name: 'a auditor' } },
    ]);
    expect(await readsOf('auditor', journey.ids.runId, ', filter: { atUntil: "2020-01-01T00:00:00Z" }')).toEqual([]);
  });

  it('holds a purpose to its form', async () => {
    const response = await fetch(new URL('/graphql', platform.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-falaj-purpose': 'x'.repeat(201) },
      body: '{"query":"{ me { id } }"}',
    });
    expect(await response.text()).toMatch(/x-falaj-purpose.*BAD_USER_INPUT/);
  });
});
