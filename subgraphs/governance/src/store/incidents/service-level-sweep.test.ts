import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../../testing/governance-platform.js';
import { sweepServiceLevels } from './service-level-sweep.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
});
afterAll(() => governance.close());

const FIELDS =
  'id state calendar responseDueAt resolutionDueAt responseBreachedAt resolutionBreachedAt events(first: 50) { edges { node { kind createdAt data } } }';
const open = async (dedupKey: string, level: string) => {
  const input = { dedupKey, title: dedupKey, impact: level, urgency: level, category: 'DRIFT' };
  const { data, errors } = await governance.run(
    governance.as(['service']),
    `mutation($i: OpenIncidentInput!) { openIncident(input: $i) { incident { ${FIELDS} } } }`,
    { i: input },
  );
  expect(errors).toBeUndefined();
  return data.openIncident.incident;
};
const look = async (id: string) =>
  (await governance.run(governance.as(['approver']), `query($id: ID!) { incident(id: $id) { ${FIELDS} } }`, { id }))
    .data.incident;
const release = () =>
  governance.database.asSystem((tx) =>
    tx.execute(`update governance.sweep_lease set held_until = now() - interval '1 s'`),
  );
const kinds = (row: Awaited<ReturnType<typeof look>>) =>
  row.events.edges.map(({ node }: { node: { kind: string } }) => node.kind).sort();

test('breaches are written once, at their instant, by whoever holds the lease; another takes over when it ended', async () => {
  const { id, responseDueAt, resolutionDueAt } = await open('late', 'HIGH');
  const due = new Date(resolutionDueAt);
  const warned = new Date(new Date(responseDueAt).getTime() - 60_000);
  expect(await sweepServiceLevels(governance.database, 'one', warned)).toBe(1);
  expect(kinds(await look(id))).toEqual(['OPENED', 'SLA_WARNED', 'SLA_WARNED']);
  // A second process may not sweep while the first holds the lease.
  expect(await sweepServiceLevels(governance.database, 'two', new Date(due.getTime() + 60_000))).toBe(0);
  await release();
  const both = await Promise.all(
    ['two', 'three'].map((holder) =>
      sweepServiceLevels(governance.database, holder, new Date(due.getTime() + 3_600_000)),
    ),
  );
  expect(both.sort()).toEqual([0, 1]);
  const row = await look(id);
  expect(row.responseBreachedAt).toEqual(responseDueAt);
  expect(row.resolutionBreachedAt).toEqual(resolutionDueAt);
  expect(kinds(row).filter((kind: string) => kind === 'SLA_BREACHED')).toHaveLength(2);
  const { rows } = await governance.database.asSystem((tx) =>
    tx.execute<{ promise: string }>(
      `select details->>'promise' as promise from audit.record where action = 'breachServiceLevel' and subject_id = '${id}' order by 1`,
    ),
  );
  expect(rows).toEqual([{ promise: 'RESOLUTION' }, { promise: 'RESPONSE' }]);
  const listed = await governance.run(
    governance.as(['viewer']),
    '{ incidents(filter: {breached: true}) { edges { node { id } } } }',
  );
  expect(listed.data.incidents.edges).toEqual([{ node: { id } }]);
});

test('a new holiday moves the due dates of open incidents with the next sweep', async () => {
  const before = await open('holiday', 'MEDIUM');
  expect(before.calendar).toBe('uae-business-hours');
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const holidays = Array.from({ length: 21 }, (_, offset) => day(offset));
  const set = await governance.run(
    governance.as(['administrator']),
    'mutation($i: SetBusinessCalendarInput!) { setBusinessCalendar(input: $i) { businessCalendars { name holidays } } }',
    {
      i: {
        name: 'uae-business-hours',
        timeZone: 'Asia/Dubai',
        workingDays: [1, 2, 3, 4, 5],
        opens: '08:00',
        closes: '18:00',
        holidays,
      },
    },
  );
  expect(set.errors).toBeUndefined();
  await release();
  await sweepServiceLevels(governance.database, 'four', new Date(Date.now() + 1_000));
  const after = await look(before.id);
  expect(new Date(after.resolutionDueAt).getTime()).toBeGreaterThan(Date.now() + 20 * 86_400_000);
});

test('promises are set by an administrator, by a calendar that exists', async () => {
  const set = (roles: string[], calendar: string) =>
    governance.run(
      governance.as(roles),
      'mutation($c: String!) { setServiceLevel(input: {priority: P1, responseMinutes: 5, resolutionMinutes: 60, calendar: $c}) { serviceLevels { priority responseMinutes } } }',
      { c: calendar },
    );
  expect((await set(['approver'], 'around-the-clock')).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await set(['administrator'], 'moon')).errors?.[0]?.extensions.details).toMatchObject({
    rule: 'SERVICE_LEVEL_CALENDAR',
    found: 'moon',
  });
  expect((await set(['administrator'], 'around-the-clock')).data.setServiceLevel.serviceLevels[0]).toEqual({
    priority: 'P1',
    responseMinutes: 5,
  });
  const { responseDueAt } = await open('quick', 'HIGH');
  expect(new Date(responseDueAt).getTime() - Date.now()).toBeLessThan(5 * 60_000 + 1);
});
