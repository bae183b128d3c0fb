// Data, models and endpoints stay in the zones of their workspace: refused by rule, with what is allowed, nothing stored.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema, isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../platform-processes.js';
import { until } from '../platform-requests.js';
import { type Clinic, openClinic, recordInstrument } from './clinic.js';
import { type AttackedPlatform, type Role, startAttacked } from './platform.js';
import { openReadRoom } from './reading-from-abroad.js';

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

describe('a model of health data', () => {
  let clinic: Clinic;
  beforeAll(async () => {
    clinic = await openClinic(platform);
  }, 60_000);

  // Every mutation that names a zone to write into. What else is written lies in the zone of what it belongs to.
  const targets: Record<string, [Role, string, () => Record<string, unknown>]> = {
    createDataSource: [
      'feature-engineer',
      'dataSource { id }',
      () => ({ name: 'abroad', format: 'CSV', path: 'clinic/pressure.csv', categories: ['health'] }),
    ],
    createTrainingSet: ['data-scientist', 'trainingSet { id }', () => ({ ...clinic.trainingSet, name: 'abroad' })],
    startTrainingRun: ['data-scientist', 'run { id }', () => clinic.training],
    createRun: [
      'data-scientist',
      'run { id }',
      () => ({ experimentId: clinic.experimentId, name: 'abroad', trainingSetIds: [clinic.trainingSetId] }),
    ],
    registerExternalModel: [
      'data-scientist',
      'modelVersion { id }',
      () => ({ modelName: 'pressure', source: 'a partner', categories: ['health'], landingPath: 'clinic/none.onnx' }),
    ],
    createEndpoint: ['approver', 'endpoint { id }', () => ({ name: 'abroad', modelVersionId: clinic.modelVersionId })],
    startPipelineRun: ['data-scientist', 'run { id }', () => ({ pipeline: 'scoring', idempotencyKey: 'abroad' })],
    schedulePipeline: [
      'data-scientist',
      'trigger { id }',
      () => ({ name: 'abroad', pipeline: 'scoring', cron: '0 5 * * *' }),
    ],
    setPipelineTrigger: [
      'data-scientist',
      'trigger { id }',
      () => ({ name: 'abroad', pipeline: 'scoring', event: 'a.b' }),
    ],
    openIncident: [
      'data-scientist',
      'incident { id }',
      () => ({ dedupKey: 'abroad', title: 'abroad', impact: 'LOW', urgency: 'LOW', category: 'DRIFT' }),
    ],
  };
  /** Incidents of what ended meanwhile are opened by the platform itself. */
  const counted = async () =>
    Object.entries(await platform.rowCounts()).filter(([table]) => !table.startsWith('governance.incident'));
  const typeOf = (mutation: string) => `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  // Where somebody works from; keys and digests of data that lie in the zone already.
  const noTargets = [
    'CreatePrincipalInput',
    'RelocatePrincipalInput',
    'RotateKeyInput',
    'EraseInferenceSubjectInput',
    'LeaveOutSubjectInput',
  ];

  it('names every zone to write into here', () => {
    const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
    const withZone = Object.values(schema.getTypeMap())
      .filter((type) => isInputObjectType(type) && 'zone' in type.getFields() && !type.name.endsWith('Filter'))
      .map(({ name }) => name);
    expect(withZone.sort()).toEqual([...Object.keys(targets).map(typeOf), ...noTargets].sort());
  });

  it.each(Object.keys(targets))('%s writes nothing into a zone outside the workspace', async (mutation) => {
    const [role, answer, input] = targets[mutation] as (typeof targets)[string];
    const before = await counted();
    const refused = await clinic.ask(
      role,
      `mutation($input: ${typeOf(mutation)}!) { ${mutation}(input: $input) { ${answer} } }`,
      { input: { ...input(), zone: 'US' } },
    );
    expect(refused).toMatchObject({ code: 'RESIDENCY_VIOLATION' });
    expect(refused.details).toMatchObject({
      rule: expect.stringMatching(/.+/),
      allowedZones: expect.arrayContaining(['AE']),
    });
    expect(refused.message).toMatch(/US.*AE|AE.*US/s);
    expect(await counted()).toEqual(before);
  });

  const DEPLOY = `mutation($input: CreateEndpointInput!) { createEndpoint(input: $input) { endpoint {
    id zone compliance { checkId status } revisions(first: 1) { edges { node { transferInstruments permittedUntil } } } } } }`;
  const deploy = (name: string, zone: string) =>
    clinic.ask('approver', DEPLOY, { input: { name, modelVersionId: clinic.modelVersionId, zone } });
  const explain = async () =>
    (
      await clinic.did(
        'auditor',
        `{ explainResidency(input: { dataZone: "AE", categories: ["health"], targetZone: "GB", operation: "deploy" }) {
            allowed ruleId reliesOn instruments } }`,
      )
    ).explainResidency;
  const judge = async (...ids: string[]) => {
    const { runCompliance } = await clinic.did(
      'auditor',
      'mutation { runCompliance(input: {}) { report { findings { checkId status reason } } } }',
    );
    const { findings } = runCompliance.report as { findings: { checkId: string; status: string; reason: string }[] };
    return Object.fromEntries(
      findings.filter(({ checkId }) => ids.includes(checkId)).map((each) => [each.checkId, each]),
    );
  };

  it('stays in the State, goes abroad by an exception on record, and no further after its end', async () => {
    const refused = await deploy('abroad', 'GB');
    expect(refused).toMatchObject({
      code: 'RESIDENCY_VIOLATION',
      details: { rule: 'AE-HEALTH-13', targetZone: 'GB', allowedZones: ['AE', 'AE-ADGM', 'AE-DIFC'] },
    });
    expect(refused.message).toContain('MOH_EXCEPTION');
    expect(await explain()).toEqual({
      allowed: false,
      ruleId: 'AE-HEALTH-13',
      reliesOn: [],
      instruments: ['MOH_EXCEPTION'],
    });

    const end = new Date(Date.now() + 4_000);
    const instrument = await recordInstrument(clinic, end);
    expect(await explain()).toMatchObject({ allowed: true, reliesOn: [instrument] });
    const deployed = await deploy('abroad', 'GB');
    expect(deployed.errors).toEqual([]);
    const { endpoint } = deployed.data.createEndpoint;
    expect(endpoint).toMatchObject({
      zone: 'GB',
      compliance: expect.arrayContaining([{ checkId: 'RES-007', status: 'PASS' }]),
      revisions: {
        edges: [{ node: { transferInstruments: [instrument], permittedUntil: end.toISOString() } }],
      },
    });
    const trail = await clinic.did(
      'auditor',
      'query($id: ID!) { endpoint(id: $id) { auditTrail(first: 5) { edges { node { action details } } } } }',
      { id: endpoint.id },
    );
    expect(trail.endpoint.auditTrail.edges.map(({ node }: { node: unknown }) => node)).toEqual([
      { action: 'createEndpoint', details: expect.objectContaining({ transferInstruments: [instrument] }) },
    ]);
    expect(await judge('RES-005', 'RES-006', 'RES-007')).toMatchObject({
      'RES-005': { status: 'PASS' },
      'RES-006': { status: 'PASS' },
      'RES-007': { status: 'PASS' },
    });

    await sleep(Math.max(0, end.getTime() + 50 - Date.now()));
    expect(await explain()).toMatchObject({ allowed: false, reliesOn: [] });
    expect(await judge('RES-005', 'RES-007')).toMatchObject({
      'RES-005': { status: 'FAIL', reason: expect.stringContaining('AE-HEALTH-13') },
      'RES-007': { status: 'FAIL', reason: expect.stringContaining(instrument) },
    });
    expect(await deploy('abroad-again', 'GB')).toMatchObject({
      code: 'RESIDENCY_VIOLATION',
      details: { rule: 'AE-HEALTH-13' },
    });
    // What was placed by it is loaded nowhere any more.
    const split = await clinic.ask(
      'approver',
      `mutation { splitTraffic(input: { endpointId: "${endpoint.id}", variants: [{ name: "a", revision: 1, weight: 10000 }] }) { endpoint { id } } }`,
    );
    expect(split).toMatchObject({ code: 'RESIDENCY_VIOLATION', details: { rule: 'INSTRUMENT_ENDED' } });
    expect(split.message).toContain(instrument);
  });

  const makeSet = (name: string, zone: string) =>
    clinic.ask(
      'data-scientist',
      'mutation($input: CreateTrainingSetInput!) { createTrainingSet(input: $input) { trainingSet { id zone allowedZones transferInstruments } } }',
      { input: { ...clinic.trainingSet, name, zone } },
    );
  const train = (name: string, trainingSetId: string, zone: string) =>
    clinic.ask(
      'data-scientist',
      'mutation($input: StartTrainingRunInput!) { startTrainingRun(input: $input) { run { id zone transferInstruments } } }',
      { input: { ...clinic.training, name, trainingSetId, zone } },
    );
  const log = (name: string, trainingSetIds: string[], zone: string) =>
    clinic.ask(
      'data-scientist',
      'mutation($input: CreateRunInput!) { createRun(input: $input) { run { id zone transferInstruments } } }',
      { input: { experimentId: clinic.experimentId, name, trainingSetIds, zone } },
    );

  it('is copied, read and logged abroad by an instrument for as long as that counts, else not at all', async () => {
    const before = await counted();
    const violation = { code: 'RESIDENCY_VIOLATION', details: { rule: 'AE-HEALTH-13' } };
    expect(await makeSet('abroad', 'GB')).toMatchObject(violation);
    expect(await train('abroad', clinic.trainingSetId, 'GB')).toMatchObject(violation);
    expect(await log('abroad', [clinic.trainingSetId], 'GB')).toMatchObject(violation);
    // No instrument opens a zone that the workspace has not.
    expect(await makeSet('abroad', 'US')).toMatchObject({
      code: 'RESIDENCY_VIOLATION',
      details: { rule: 'WORKSPACE_ZONES' },
    });
    expect(await counted()).toEqual(before);

    const end = new Date(Date.now() + 4_000);
    const instrument = await recordInstrument(clinic, end);
    const set = (await makeSet('abroad', 'GB')).data.createTrainingSet.trainingSet;
    // What it was made of is bound by its own law, wherever the copy is.
    expect(set).toMatchObject({
      zone: 'GB',
      allowedZones: ['AE', 'AE-ADGM', 'AE-DIFC'],
      transferInstruments: [instrument],
    });
    const run = (await train('abroad', set.id, 'GB')).data.startTrainingRun.run;
    expect(run).toMatchObject({ zone: 'GB', transferInstruments: [instrument] });
    const logged = (await log('abroad', [set.id], 'GB')).data.createRun.run;
    expect(logged).toMatchObject({ zone: 'GB', transferInstruments: [instrument] });
    const upload = (path: string) =>
      clinic.ask(
        'data-scientist',
        `mutation { logRunArtifact(input: { runId: "${logged.id}", path: "${path}", base64: "aGVhbHRo" }) { artifact { path } } }`,
      );
    expect((await upload('while.txt')).errors).toEqual([]);
    expect(await judge('RES-001', 'RES-004')).toMatchObject({
      'RES-001': { status: 'PASS' },
      'RES-004': { status: 'PASS' },
    });

    await sleep(Math.max(0, end.getTime() + 50 - Date.now()));
    const ended = { code: 'RESIDENCY_VIOLATION', details: { rule: 'INSTRUMENT_ENDED', instruments: [instrument] } };
    expect(await upload('after.txt')).toMatchObject(ended);
    expect(
      await clinic.ask(
        'data-scientist',
        `mutation { logRunBatch(input: { runId: "${logged.id}", parameters: [{ key: "depth", value: "3" }] }) { run { id } } }`,
      ),
    ).toMatchObject(ended);
    // The copy abroad opens nothing by itself: the law of what it was made of is asked again.
    for (const again of [await train('again', set.id, 'GB'), await log('again', [set.id], 'GB')])
      expect(again).toMatchObject({ code: 'RESIDENCY_VIOLATION', details: { rule: 'AE-HEALTH-13' } });
    expect(await judge('RES-001')).toMatchObject({
      'RES-001': { status: 'FAIL', reason: expect.stringContaining('training set abroad') },
    });
  });

  const REVISION = `query($id: ID!) { endpoint(id: $id) {
    revisions(first: 1) { edges { node { permitEnd permittedUntil permitEndedAt permitIncidentId drainedAt } } }
    incidents(first: 5) { edges { node { id category state priority title links { type id } } } }
    auditTrail(first: 9) { edges { node { action } } } } }`;
  const look = async (id: string) => {
    const { endpoint } = await clinic.did('auditor', REVISION, { id });
    const nodes = (connection: { edges: { node: never }[] }) => connection.edges.map(({ node }) => node);
    return {
      revision: nodes(endpoint.revisions)[0] as unknown as Record<string, string | null>,
      incidents: nodes(endpoint.incidents) as unknown as { id: string; links: { type: string; id: string }[] }[],
      trail: (nodes(endpoint.auditTrail) as unknown as { action: string }[]).map(({ action }) => action),
    };
  };
  const predict = (endpoint: string) =>
    clinic.ask('approver', 'query($input: PredictInput!) { predict(input: $input) { revision } }', {
      input: { endpoint, features: [[120]] },
    });
  const setPolicy = (onInstrumentEnd: string, graceMinutes: number) =>
    clinic.did(
      'administrator',
      `mutation { setPlacementPolicy(input: { onInstrumentEnd: ${onInstrumentEnd}, graceMinutes: ${graceMinutes} }) { placementPolicy { graceMinutes } } }`,
    );

  it('is exported, with the records that tell of it, into no zone that its law forbids', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'falaj-abroad-'));
    const run = (command: 'export' | 'archive', zone: string, ...more: string[]) => {
      const to = ['--workspace', clinic.id, '--to', join(folder, `${command}-${zone}`), '--zone', zone];
      return runCli(platform.processes.dataDirectory, 'audit', command, ...to, ...more);
    };
    try {
      for (const refused of await Promise.all([run('export', 'GB'), run('archive', 'GB', '--older-than', '1')])) {
        expect(refused.exitCode).toBe(1);
        expect(refused.output).toContain('RESIDENCY_VIOLATION: AE-HEALTH-13');
      }
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is shown, by every door, to those who work where its law or an instrument lets it go', async () => {
    const room = await openReadRoom(platform, clinic, ['AE', 'AE-DIFC', 'GB']);
    const all = async (zone: string) => new Set(Object.values(await room.openTo(zone)));
    const shown = new Set(['SHOWN']);
    const withheld = new Set(['READER_ABROAD']);
    expect(await all('AE')).toEqual(shown);
    expect(await all('AE-DIFC')).toEqual(shown);
    expect(await all('GB')).toEqual(withheld);
    const refusal = await room.refusal('GB');
    expect(refusal.details).toMatchObject({
      rule: 'AE-HEALTH-13',
      targetZone: 'GB',
      allowedZones: ['AE', 'AE-ADGM', 'AE-DIFC'],
      whatToDo: expect.stringContaining('MOH_EXCEPTION'),
    });
    const instrument = await recordInstrument(clinic, new Date(Date.now() + 3_600_000));
    // What is known of instruments is a second old at most.
    await sleep(1_100);
    expect(await all('GB')).toEqual(shown);
    await clinic.did(
      'approver',
      `mutation { revokeTransferInstrument(input: { instrumentId: "${instrument}", reason: "the ministry withdrew it" }) { instrument { state } } }`,
    );
    await sleep(1_100);
    expect(await all('GB')).toEqual(withheld);
    // Who moves is judged by where they work from then on, and nobody says it of themselves.
    await room.move('GB', 'AE-DIFC');
    expect(await all('GB')).toEqual(shown);
    const { me } = await clinic.did('administrator', '{ me { id } }');
    expect(
      await clinic.ask(
        'administrator',
        `mutation { relocatePrincipal(input: { principalId: "${me.id}", zone: "GB", reason: "a holiday" }) { principal { id } } }`,
      ),
    ).toMatchObject({ code: 'FORBIDDEN', details: { rule: 'RELOCATION_INDEPENDENT' } });
  }, 60_000);

  it('ends what serves by a revoked instrument: an incident, a grace, then a refusal', async () => {
    const instrument = await recordInstrument(clinic, new Date(Date.now() + 3_600_000));
    const deployed = await deploy('revoked', 'GB');
    const { id } = deployed.data.createEndpoint.endpoint;
    expect((await predict('revoked')).data).toEqual({ predict: { revision: 1 } });
    await clinic.did(
      'approver',
      `mutation { revokeTransferInstrument(input: { instrumentId: "${instrument}", reason: "the ministry withdrew it" }) { instrument { state } } }`,
    );
    const found = await until(
      async () => {
        const state = await look(id);
        return state.revision.permitIncidentId !== null && state;
      },
      20_000,
      'the incident of the revocation',
    );
    expect(found.revision).toMatchObject({ permitEnd: 'REVOKED', drainedAt: null });
    expect(found.incidents).toEqual([
      expect.objectContaining({
        id: found.revision.permitIncidentId,
        category: 'RESIDENCY',
        priority: 'P1',
        links: expect.arrayContaining([{ type: 'TransferInstrument', id: instrument }]),
      }),
    ]);
    // The hour of grace: it answers, and nothing else begins to.
    expect((await predict('revoked')).data).toEqual({ predict: { revision: 1 } });
    expect(
      await clinic.ask(
        'approver',
        `mutation { rollbackEndpoint(input: { endpointId: "${id}", toRevision: 1, reason: "once more" }) { endpoint { id } } }`,
      ),
    ).toMatchObject({ errors: [] });
    await setPolicy('DRAIN', 0);
    const refusal = await until(
      async () => {
        const answer = await predict('revoked');
        return answer.errors.length > 0 && answer;
      },
      20_000,
      'the placement is drained',
    );
    expect(refusal).toMatchObject({ code: 'RESIDENCY_VIOLATION', details: { rule: 'INSTRUMENT_ENDED' } });
    expect(refusal.message).toContain(instrument);
    const drained = await look(id);
    expect(drained.revision.drainedAt).not.toBeNull();
    expect(drained.incidents).toHaveLength(1);
    expect(drained.trail).toEqual(expect.arrayContaining(['endPlacementPermit', 'drainPlacement']));
    const overHttp = await platform.send('/v2/models/revoked/infer', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...platform.headers('approver', { from: clinic }) },
      body: JSON.stringify({ inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 1], data: [120] }] }),
    });
    expect(overHttp.status).toBe(403);
    expect(overHttp.text).toContain('INSTRUMENT_ENDED');
  }, 60_000);

  it('leaves it to people where the workspace wants that; a process that starts loads it all the same no more', async () => {
    await setPolicy('INCIDENT', 0);
    const instrument = await recordInstrument(clinic, new Date(Date.now() + 3_600_000));
    const { id } = (await deploy('kept', 'GB')).data.createEndpoint.endpoint;
    await clinic.did(
      'approver',
      `mutation { revokeTransferInstrument(input: { instrumentId: "${instrument}", reason: "the ministry withdrew it" }) { instrument { state } } }`,
    );
    await until(async () => (await look(id)).incidents.length === 1, 20_000, 'the incident of the revocation');
    expect((await predict('kept')).data).toEqual({ predict: { revision: 1 } });
    await platform.restart();
    for (const name of ['kept', 'revoked', 'abroad'])
      expect(await predict(name)).toMatchObject({
        code: 'RESIDENCY_VIOLATION',
        details: { rule: 'INSTRUMENT_ENDED' },
      });
    // What others may use is still listed and answers.
    const listed = await platform.send('/v2/models', { headers: platform.headers('approver', { from: clinic }) });
    expect(listed.status).toBe(200);
    expect((await look(id)).revision.drainedAt).toBeNull();
  }, 60_000);
});
