// Data, models and endpoints stay in the zones of their workspace: refused by rule, with what is allowed, nothing stored.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../platform-requests.js';
import { type Clinic, openClinic, recordInstrument } from './clinic.js';
import { type AttackedPlatform, type Role, startAttacked } from './platform.js';

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

const cases: [string, Role, () => string][] = [
  [
    'a data source',
    'feature-engineer',
    () =>
      `createDataSource(input: { name: "abroad", format: JSON, path: "${platform.journey.label}/flights-20k.json", zone: "US" }) { dataSource { id } }`,
  ],
  [
    'an endpoint',
    'approver',
    () =>
      `createEndpoint(input: { name: "abroad", modelVersionId: "${platform.journey.ids.modelVersionId}", zone: "US" }) { endpoint { id } }`,
  ],
];
it.each(cases)('%s in a zone outside', async (_name, role, mutation) => {
  const before = await platform.rowCounts();
  const answer = await platform.ask(role, `mutation { ${mutation()} }`);
  expect(answer).toMatchObject({ code: 'RESIDENCY_VIOLATION', data: null });
  expect(answer.details).toMatchObject({
    rule: expect.stringMatching(/.+/),
    allowedZones: expect.arrayContaining(['AE']),
  });
  expect(answer.message).toMatch(/US.*AE|AE.*US/s);
  expect(await platform.rowCounts()).toEqual(before);
});

describe('a model of health data', () => {
  let clinic: Clinic;
  beforeAll(async () => {
    clinic = await openClinic(platform);
  }, 60_000);

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

    const end = new Date(Date.now() + 2_500);
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
    expect(await judge('RES-005', 'RES-007')).toMatchObject({
      'RES-005': { status: 'PASS' },
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
