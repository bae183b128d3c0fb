// Transfer instruments on a real database: recorded by one, approved by another, ended by time; what they change and what not.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../../testing/governance-platform.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
});
afterAll(() => governance?.close());

const day = (days: number) => new Date(Date.now() + days * 86_400_000);
const scientist = () => governance.as(['data-scientist']);
const approver = (id = 'pr_badr') => governance.as(['approver'], id);
const RECORD = `mutation($i: RecordTransferInstrumentInput!) { recordTransferInstrument(input: $i) { instrument {
  id state type categories targetZones reference validFrom validTo owner decidedById } } }`;
const DECIDE = `mutation($i: DecideTransferInstrumentInput!) { decideTransferInstrument(input: $i) { instrument { state decidedById } } }`;
const REVOKE = `mutation($i: RevokeTransferInstrumentInput!) { revokeTransferInstrument(input: $i) { instrument { state } } }`;
const EXPLAIN = `query($i: ExplainResidencyInput!) { explainResidency(input: $i) { allowed ruleId reliesOn instruments } }`;
const wanted = (more: Record<string, unknown> = {}) => ({
  type: 'MOH_EXCEPTION',
  dataZone: 'AE',
  categories: ['health'],
  targetZones: ['GB'],
  reference: 'MOHAP/2026/118',
  reason: 'remote reading of scans, as decided',
  validTo: day(90),
  ...more,
});
const record = (more = {}, who = scientist()) => governance.run(who, RECORD, { i: wanted(more) });
const decide = (instrumentId: string, who = approver(), approve = true) =>
  governance.run(who, DECIDE, { i: { instrumentId, approve, reason: 'seen with counsel' } });
const explain = async (targetZone = 'GB', categories = ['health']) =>
  (
    await governance.run(scientist(), EXPLAIN, {
      i: { dataZone: 'AE', categories, targetZone, operation: 'deploy' },
    })
  ).data.explainResidency;
const refusal = (answer: { errors?: readonly { extensions: Record<string, unknown> }[] | undefined }) =>
  answer.errors?.[0]?.extensions;

it('counts from its approval by another on, for its data and zones, until it is revoked', async () => {
  const made = await record();
  const { id } = made.data.recordTransferInstrument.instrument;
  expect(made.data.recordTransferInstrument.instrument).toMatchObject({
    state: 'REQUESTED',
    decidedById: null,
    owner: null,
  });
  expect(await explain()).toEqual({
    allowed: false,
    ruleId: 'AE-HEALTH-13',
    reliesOn: [],
    instruments: ['MOH_EXCEPTION'],
  });
  expect(refusal(await decide(id, scientist()))?.code).toBe('FORBIDDEN');
  expect((await decide(id)).data.decideTransferInstrument.instrument).toEqual({
    state: 'APPROVED',
    decidedById: 'pr_badr',
  });
  expect(await explain()).toMatchObject({ allowed: true, reliesOn: [id] });
  expect(await explain('US')).toMatchObject({ allowed: false, reliesOn: [] });
  expect(await explain('GB', ['health', 'personal'])).toMatchObject({
    allowed: false,
    ruleId: 'AE-PDPL-22-23-PERSONAL',
  });
  const revoke = () =>
    governance.run(approver(), REVOKE, { i: { instrumentId: id, reason: 'the ministry withdrew it' } });
  expect((await revoke()).data.revokeTransferInstrument.instrument.state).toBe('REVOKED');
  expect(refusal(await revoke())).toMatchObject({ details: { rule: 'INSTRUMENT_STATE', found: 'REVOKED' } });
  expect(await explain()).toMatchObject({ allowed: false });
  const { rows } = await governance.database.asSystem((tx) =>
    tx.execute<{ did: string }>(
      `select action || ' ' || outcome as did from audit.record where subject_id = '${id}' order by id`,
    ),
  );
  expect(rows.map(({ did }) => did)).toEqual([
    'recordTransferInstrument SUCCEEDED',
    'decideTransferInstrument REFUSED',
    'decideTransferInstrument SUCCEEDED',
    'revokeTransferInstrument SUCCEEDED',
    'revokeTransferInstrument REFUSED',
  ]);
});

it('needs four eyes, also of one person with both roles', async () => {
  const both = governance.as(['data-scientist', 'approver']);
  const { id } = (await record({}, both)).data.recordTransferInstrument.instrument;
  expect(refusal(await decide(id, both))).toMatchObject({
    code: 'FORBIDDEN',
    details: { rule: 'INSTRUMENT_FOUR_EYES', limit: expect.any(String), whatToDo: expect.any(String) },
  });
  await expect(
    governance.database.asSystem((tx) =>
      tx.execute(
        `update governance.transfer_instrument set state = 'APPROVED', decided_by_id = owner_id where id = '${id}'`,
      ),
    ),
  ).rejects.toThrow();
});

it('ends by itself, and a compliance run says so', async () => {
  const { id } = (await record()).data.recordTransferInstrument.instrument;
  await decide(id);
  expect((await explain()).reliesOn).toEqual([id]);
  await governance.database.asSystem((tx) =>
    tx.execute(
      `update governance.transfer_instrument set valid_from = now() - interval '2 days', valid_to = now() - interval '1 s' where id = '${id}'`,
    ),
  );
  expect(await explain()).toMatchObject({ allowed: false, reliesOn: [] });
  expect(
    (
      await governance.run(
        scientist(),
        '{ transferInstruments(first: 9, filter: { state: APPROVED, dataZone: "AE" }) { totalCount edges { node { id } } } }',
      )
    ).data.transferInstruments,
  ).toEqual({ totalCount: 1, edges: [{ node: { id } }] });
});

it.each([
  [
    { type: 'SCC' },
    { code: 'BAD_USER_INPUT', details: { rule: 'INSTRUMENT_OF_A_LAW', limit: 'one of MOH_EXCEPTION' } },
  ],
  [{ dataZone: 'IN' }, { code: 'BAD_USER_INPUT', details: { rule: 'INSTRUMENT_OF_A_LAW' } }],
  [{ categories: ['none'] }, { code: 'BAD_USER_INPUT', details: { rule: 'INSTRUMENT_OF_A_LAW' } }],
  [{ validTo: day(-1) }, { code: 'PRECONDITION_FAILED', details: { rule: 'INSTRUMENT_PERIOD' } }],
  [{ validFrom: day(100) }, { code: 'BAD_USER_INPUT' }],
  [{ targetZones: ['Britain'] }, { code: 'BAD_USER_INPUT' }],
  [{ documentDigest: 'md5:1' }, { code: 'BAD_USER_INPUT' }],
  [{ reason: 'because' }, { code: 'BAD_USER_INPUT' }],
])('refuses %j', async (more, expected) => {
  expect(refusal(await record(more))).toMatchObject(expected);
});
