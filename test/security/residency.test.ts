// Data, models and endpoints stay in the zones of their workspace: refused by rule, with what is allowed, nothing stored.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
