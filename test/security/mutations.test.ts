// The foundation's mutations: refused to each role without the right, with one record of the refusal; and what the journey
// changed stands in the trail exactly once. Nobody rewrites the trail.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../platform-processes.js';
import { rowsOf } from '../platform-requests.js';
import { type AttackedPlatform, type Role, roles, startAttacked } from './platform.js';

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

/** Who may; everybody else is refused. Arguments name real objects, so that nothing but the right is missing. */
const mutations: Record<string, { readonly by: readonly Role[]; readonly args: () => string }> = {
  createDataSource: {
    by: ['feature-engineer'],
    args: () => `input: { name: "mine", format: JSON, path: "${platform.journey.label}/flights-20k.json", zone: "AE" }`,
  },
  createEntity: { by: ['feature-engineer'], args: () => 'input: { name: "mine", keys: ["k"] }' },
  createFeatureView: {
    by: ['feature-engineer'],
    args: () => `input: { name: "mine", entityId: "${entityId}", sourceId: "${platform.journey.ids.flights}",
      eventTime: { column: "date", format: "%Y/%m/%d %H:%M" }, keys: [{ name: "iata", column: "origin" }],
      ttlSeconds: 60, features: [{ name: "n", aggregate: COUNT, windowSeconds: 3600 }] }`,
  },
  buildFeatureView: { by: ['feature-engineer'], args: () => `id: "${viewId()}"` },
  materializeFeatureView: { by: ['feature-engineer'], args: () => `input: { featureViewId: "${viewId()}" }` },
  createFeatureService: {
    by: ['feature-engineer'],
    args: () =>
      `input: { name: "mine", views: [{ featureViewId: "${viewId()}", keys: [{ name: "network", constant: "us" }] }] }`,
  },
  createTrainingSet: {
    by: ['feature-engineer', 'data-scientist'],
    args: () => `input: { name: "mine", featureServiceId: "${platform.journey.ids.featureServiceId}",
      labelSourceId: "${platform.journey.ids.flights}", eventTime: { column: "date", format: "%Y/%m/%d %H:%M" },
      carry: ["origin", "destination"], label: { name: "late", column: "delay", condition: { operator: GT, number: 15 } } }`,
  },
  createExperiment: { by: ['data-scientist'], args: () => 'input: { name: "mine" }' },
  startTrainingRun: {
    by: ['data-scientist'],
    args: () =>
      `input: { experimentId: "${experimentId}", name: "mine", trainingSetId: "${platform.journey.ids.trainingSetId}" }`,
  },
  cancelRun: { by: ['data-scientist'], args: () => `id: "${platform.journey.ids.runId}"` },
  createModel: { by: ['data-scientist'], args: () => 'input: { name: "mine" }' },
  createModelVersion: {
    by: ['data-scientist'],
    args: () => `input: { modelName: "flight-delay", runId: "${platform.journey.ids.runId}" }`,
  },
  // The data scientist moves every alias but this one.
  setModelAlias: {
    by: ['approver'],
    args: () => 'input: { modelName: "flight-delay", alias: "champion", version: 1 }',
  },
  removeModelAlias: { by: ['approver'], args: () => 'input: { modelName: "flight-delay", alias: "champion" }' },
  rollbackModelAlias: {
    by: ['approver'],
    args: () => 'input: { modelName: "flight-delay", alias: "champion", reason: "mine" }',
  },
  registerExternalModel: {
    by: ['data-scientist'],
    args: () =>
      'input: { modelName: "flight-delay", landingPath: "mine.onnx", source: "mine", zone: "AE", categories: ["none"] }',
  },
  attestModelVersion: {
    by: ['data-scientist', 'approver'],
    args: () => `input: { modelVersionId: "${platform.journey.ids.modelVersionId}" }`,
  },
  trustModelSigner: { by: ['administrator'], args: () => 'input: { name: "mine", publicKey: "mine" }' },
  distrustModelSigner: { by: ['administrator'], args: () => 'input: { signerId: "mine", reason: "mine" }' },
  saveModelCard: {
    by: ['data-scientist'],
    args: () => `input: { modelVersionId: "${platform.journey.ids.modelVersionId}" }`,
  },
  setGateSet: { by: ['administrator'], args: () => 'input: {}' },
  setProtectedAliases: { by: ['administrator'], args: () => 'input: { aliases: [] }' },
  requestPromotion: {
    by: ['data-scientist', 'approver'],
    args: () => `input: { modelVersionId: "${platform.journey.ids.modelVersionId}", alias: "mine", reason: "mine" }`,
  },
  approvePromotion: { by: ['approver'], args: () => decision() },
  rejectPromotion: { by: ['approver'], args: () => decision() },
  reproduceModelVersion: {
    by: ['data-scientist'],
    args: () => `input: { modelVersionId: "${platform.journey.ids.modelVersionId}" }`,
  },
  createEndpoint: {
    by: ['approver'],
    args: () => `input: { name: "mine", modelVersionId: "${platform.journey.ids.modelVersionId}", zone: "AE" }`,
  },
  updateEndpoint: {
    by: ['approver'],
    args: () =>
      `input: { endpointId: "${platform.journey.ids.endpointId}", modelVersionId: "${platform.journey.ids.modelVersionId}" }`,
  },
  deleteEndpoint: { by: ['approver'], args: () => `id: "${platform.journey.ids.endpointId}"` },
  createPrincipal: { by: ['administrator'], args: () => 'input: { name: "mine", kind: USER, zone: "AE" }' },
  relocatePrincipal: {
    by: ['administrator'],
    args: () => `input: { principalId: "${victim()}", zone: "AE", reason: "mine" }`,
  },
  disablePrincipal: { by: ['administrator'], args: () => `input: { principalId: "${victim()}" }` },
  grantRole: { by: ['administrator'], args: () => `input: { principalId: "${victim()}", role: "administrator" }` },
  revokeRole: { by: ['administrator'], args: () => `input: { principalId: "${victim()}", role: "viewer" }` },
  issueAccessToken: { by: ['administrator'], args: () => `input: { principalId: "${victim()}", ttlSeconds: 60 }` },
  revokeAccessToken: {
    by: ['administrator'],
    args: () => `input: { principalId: "${victim()}", tokenId: "mine" }`,
  },
  signOutPrincipal: { by: ['administrator'], args: () => `input: { principalId: "${victim()}" }` },
  createGroup: { by: ['administrator'], args: () => 'input: { name: "mine" }' },
  renameGroup: { by: ['administrator'], args: () => 'input: { groupId: "mine", name: "mine" }' },
  deleteGroup: { by: ['administrator'], args: () => 'input: { groupId: "mine" }' },
  addGroupMember: { by: ['administrator'], args: () => `input: { groupId: "mine", principalId: "${victim()}" }` },
  removeGroupMember: { by: ['administrator'], args: () => `input: { groupId: "mine", principalId: "${victim()}" }` },
  grantGroupRole: { by: ['administrator'], args: () => 'input: { groupId: "mine", role: "administrator" }' },
  revokeGroupRole: { by: ['administrator'], args: () => 'input: { groupId: "mine", role: "administrator" }' },
  issueProvisioningToken: {
    by: ['administrator'],
    args: () => `input: { principalId: "${victim()}", expiresAt: "${new Date(Date.now() + 60_000).toISOString()}" }`,
  },
  revokeProvisioningToken: { by: ['administrator'], args: () => 'input: { provisioningTokenId: "mine" }' },
  registerServiceKey: {
    by: ['administrator'],
    args: () =>
      `input: { principalId: "${victim()}", publicKey: "{}", expiresAt: "${new Date(Date.now() + 60_000).toISOString()}" }`,
  },
  revokeServiceKey: { by: ['administrator'], args: () => 'input: { serviceKeyId: "mine" }' },
  bindWorkloadIdentity: {
    by: ['administrator'],
    args: () => `input: { principalId: "${victim()}", issuer: "https://mine.example", subject: "mine" }`,
  },
  unbindWorkloadIdentity: { by: ['administrator'], args: () => 'input: { workloadIdentityId: "mine" }' },
  createPolicyRule: {
    by: ['administrator'],
    args: () =>
      'input: { id: "mine", effect: ALLOW, actions: ["create"], subject: "Run", roles: ["viewer"], reason: "MINE" }',
  },
  retirePolicyRule: { by: ['administrator'], args: () => 'input: { id: "mine" }' },
  // Only in the workspace `platform`: an administrator of any other is refused like everybody.
  createWorkspace: { by: [], args: () => 'input: { name: "mine", allowedZones: ["US"], defaultZone: "US" }' },
};

let entityId = '';
let experimentId = '';
const viewId = () => platform.journey.ids.featureViews?.[0] ?? '';
const decision = () =>
  `input: { promotionId: "${platform.journey.ids.promotionId}", role: "approver", reason: "mine" }`;
const victim = () => platform.home.principals.get('viewer') ?? '';
beforeAll(async () => {
  const { data } = await platform.ask(
    'data-scientist',
    '{ entities(first: 50) { edges { node { id name } } } experiments(first: 1) { edges { node { id } } } }',
  );
  const entities: { node: { id: string; name: string } }[] = data.entities.edges;
  entityId = entities.find(({ node }) => node.name === 'airport')?.node.id ?? '';
  experimentId = data.experiments.edges[0].node.id;
});

interface Trail {
  readonly id: string;
  readonly action: string;
  readonly outcome: string;
  readonly actorId: string;
  readonly subjectId: string | null;
  readonly subjectType: string;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly policyVersion: number | null;
}
const trail = async (filter: string): Promise<Trail[]> => {
  const { data } = await platform.ask(
    'auditor',
    `{ auditRecords(first: 500, filter: ${filter}) { edges { node { id action outcome actorId subjectId subjectType reason requestId policyVersion } } } }`,
  );
  return data.auditRecords.edges.map(({ node }: { node: Trail }) => node);
};

describe('refusals', () => {
  it.each(Object.entries(mutations))('%s is for its roles alone', async (name, { by, args }) => {
    const before = await platform.rowCounts();
    for (const role of roles.filter((candidate) => !by.includes(candidate) && candidate !== 'outsider')) {
      const actorId = platform.home.principals.get(role) ?? '';
      const answer = await platform.ask(role, `mutation { ${name}(${args()}) { __typename } }`);
      expect({ role, code: answer.code, data: answer.data }).toEqual({ role, code: 'FORBIDDEN', data: null });
      const records = await trail(`{ action: "${name}", actorId: "${actorId}" }`);
      expect(records).toEqual([
        expect.objectContaining({
          outcome: 'REFUSED',
          reason: 'FORBIDDEN',
          requestId: expect.stringMatching(/.+/),
          policyVersion: expect.any(Number),
        }),
      ]);
    }
    const outsider = await platform.ask('outsider', `mutation { ${name}(${args()}) { __typename } }`);
    // To whom nothing exists, an object that the mutation names is not there either.
    expect(outsider.code).toMatch(/^(FORBIDDEN|NOT_FOUND)$/);
    expect(outsider.data).toBeNull();
    expect(await platform.rowCounts()).toEqual(before);
  });

  it('a data scientist moves a challenger, never the champion', async () => {
    const move = (alias: string) =>
      platform.ask(
        'data-scientist',
        `mutation { setModelAlias(input: { modelName: "flight-delay", alias: "${alias}", version: 1 }) { alias { alias } } }`,
      );
    expect((await move('challenger')).data.setModelAlias.alias.alias).toBe('challenger');
    expect((await move('champion')).code).toBe('FORBIDDEN');
  });
});

describe('the trail', () => {
  it('has each change of the journey once, with who, what and under which policy', async () => {
    const { actors, ids } = platform.journey;
    const of = async (actor: keyof typeof actors, action: string) => {
      const records = await trail(
        `{ action: "${action}", outcome: SUCCEEDED, actorId: "${actors[actor]?.principalId}" }`,
      );
      for (const record of records) {
        expect(record.subjectType).toMatch(/^[A-Z]/);
        expect(record.requestId).toBeTruthy();
        expect(record.policyVersion).toEqual(expect.any(Number));
      }
      return records.map(({ subjectId }) => subjectId).sort();
    };
    const sources = await of('engineer', 'createDataSource');
    expect(sources).toHaveLength(3);
    expect(sources).toEqual(expect.arrayContaining([ids.flights, ids.airports]));
    expect(await of('engineer', 'createEntity')).toHaveLength(3);
    expect(await of('engineer', 'createFeatureView')).toEqual([...(ids.featureViews ?? [])].sort());
    expect(await of('engineer', 'buildFeatureView')).toEqual([...(ids.featureViews ?? [])].sort());
    expect(await of('engineer', 'materializeFeatureView')).toHaveLength(4);
    expect(await of('engineer', 'createFeatureService')).toEqual([ids.featureServiceId]);
    expect(await of('scientist', 'createTrainingSet')).toHaveLength(2);
    expect(await of('scientist', 'createExperiment')).toEqual([experimentId]);
    expect(await of('scientist', 'startTrainingRun')).toEqual([ids.runId]);
    expect(await of('scientist', 'createModel')).toHaveLength(1);
    expect(await of('scientist', 'createModelVersion')).toEqual([ids.modelVersionId]);
    expect(await of('approver', 'approvePromotion')).toEqual([ids.promotionId]);
    expect(await of('approver', 'createEndpoint')).toEqual([ids.endpointId]);
  });

  it('names the request of the change, and one request is one record', async () => {
    const answer = await platform.ask(
      'data-scientist',
      'mutation { createExperiment(input: { name: "one" }) { experiment { id } } }',
    );
    const { id } = answer.data.createExperiment.experiment;
    const records = await trail(`{ action: "createExperiment", subjectId: "${id}" }`);
    expect(records).toHaveLength(1);
    expect(records[0]?.actorId).toBe(platform.home.principals.get('data-scientist'));
  });

  it.each(["update audit.record set actor_id = 'nobody'", 'delete from audit.record', 'truncate audit.record'])(
    'no statement of the application changes it: %s',
    async (statement) => {
      const count = async () =>
        (await rowsOf(platform.processes.dataDirectory, 'select count(*)::int as n from audit.record'))[0]?.n;
      const before = await count();
      const attempt = rowsOf(platform.processes.dataDirectory, `begin; set local role falaj_app; ${statement}; commit`);
      await expect(attempt).rejects.toThrow(/permission denied|append|never/i);
      expect(await count()).toBe(before);
    },
  );

  it('is exported and verified without the platform; whoever owns the database and changes it is found out', async () => {
    const { dataDirectory } = platform.processes;
    const folder = mkdtempSync(join(tmpdir(), 'falaj-trail-'));
    const log = (query: string) => platform.ask('auditor', `{ ${query} }`);
    const bundle = (name: string) => join(folder, name);
    const exportTo = (name: string) =>
      runCli(dataDirectory, 'audit', 'export', '--workspace', platform.home.id, '--to', bundle(name));
    const key = join(bundle('first'), 'public-key.pem');
    const verify = (name: string, ...more: string[]) =>
      runCli(join(folder, 'nothing'), 'audit', 'verify', '--bundle', bundle(name), '--public-key', key, ...more);
    try {
      const [kept] = (await log('auditCheckpoints(first: 1) { size root note }')).data.auditCheckpoints;
      const witness = join(folder, 'kept.note');
      writeFileSync(witness, kept.note);
      expect(await exportTo('first')).toMatchObject({ exitCode: 0 });
      expect(await verify('first', '--from-checkpoint', witness)).toMatchObject({
        exitCode: 0,
        output: expect.stringContaining('intact'),
      });

      const [record] = await trail('{ action: "startTrainingRun", outcome: SUCCEEDED }');
      const proof = (await log(`auditInclusionProof(recordId: "${record?.id}") { seq size path checkpoint }`)).data
        .auditInclusionProof;
      expect(proof.path.length).toBeGreaterThan(3);
      const grown = await log(`auditConsistencyProof(from: ${kept.size}) { from to fromCheckpoint }`);
      expect(grown.data.auditConsistencyProof).toMatchObject({ from: kept.size, fromCheckpoint: kept.note });
      expect((await platform.ask('viewer', `{ auditCheckpoints { size } }`)).code).toBe('FORBIDDEN');
      expect((await log('auditInclusionProof(recordId: "aud_0") { seq }')).code).toBe('NOT_FOUND');

      // One byte, by somebody to whom the database belongs.
      const forge = (text: string) =>
        rowsOf(
          dataDirectory,
          `alter table audit.record disable trigger user;
           update audit.record set details = '${text}' where record_id = '${record?.id}';
           alter table audit.record enable trigger user`,
        );
      const [before] = await rowsOf(dataDirectory, 'select details::text from audit.record where record_id = $1', [
        record?.id,
      ]);
      await forge(String(before?.details).replace(/\w(?=")/, 'x'));
      const found = (await log('verifyAuditLog { intact faults { kind recordId seq } }')).data.verifyAuditLog;
      expect(found).toEqual({ intact: false, faults: [{ kind: 'CHANGED', recordId: record?.id, seq: proof.seq }] });
      await exportTo('forged');
      expect(await verify('forged', '--from-checkpoint', witness)).toMatchObject({
        exitCode: 2,
        output: expect.stringContaining(`CHANGED at ${proof.seq}`),
      });
      await forge(String(before?.details));
      expect((await log('verifyAuditLog { intact }')).data.verifyAuditLog).toEqual({ intact: true });
      expect(await verify('nowhere')).toMatchObject({
        exitCode: 1,
        output: expect.stringContaining('no finished export'),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
