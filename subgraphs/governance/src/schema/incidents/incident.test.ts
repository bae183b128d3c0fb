import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../../testing/governance-platform.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
});
afterAll(() => governance.close());

const OPEN = `mutation($i: OpenIncidentInput!) { openIncident(input: $i) { created incident {
  id state priority occurrences zone title evidence nextStates responseDueAt resolutionDueAt calendar links { type id }
  events { totalCount edges { node { kind data owner } } } } } }`;
const STEP = `mutation($i: TransitionIncidentInput!) { transitionIncident(input: $i) { incident {
  state waitingFor resolution respondedAt resolvedAt resolutionDueAt nextStates } } }`;
const ASSIGN = `mutation($i: AssignIncidentInput!) { assignIncident(input: $i) { incident { state assigneeId assignee { name } respondedAt } } }`;

const alarm = (dedupKey: string, more: object = {}) => ({
  dedupKey,
  title: 'Feature departure_hour drifts',
  impact: 'HIGH',
  urgency: 'HIGH',
  category: 'DRIFT',
  links: [{ type: 'Endpoint', id: 'ep_1' }],
  evidence: { psi: 0.31 },
  ...more,
});
const open = async (input: object, roles = ['service']) =>
  (await governance.run(governance.as(roles), OPEN, { i: input })).data.openIncident;
const step = (incidentId: string, to: string, text?: string, roles = ['approver']) =>
  governance.run(governance.as(roles, 'pr_badr'), STEP, { i: { incidentId, to, text } });
const assign = (incidentId: string, principalId?: string) =>
  governance.run(governance.as(['approver'], 'pr_badr'), ASSIGN, { i: { incidentId, principalId } });
const fault = (result: Awaited<ReturnType<typeof step>>) => result.errors?.[0]?.extensions;

test('alarms of one key at the same moment make one incident with all occurrences, links and evidence', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, place) =>
      open(alarm('drift:m1', { evidence: { place }, links: [{ type: 'Endpoint', id: `ep_${place % 2}` }] })),
    ),
  );
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(answers.map(({ incident }) => incident.id)).size).toBe(1);
  const again = await open(alarm('drift:m1'));
  expect(again).toMatchObject({
    created: false,
    incident: { occurrences: 9, priority: 'P1', state: 'NEW', calendar: 'around-the-clock', evidence: { psi: 0.31 } },
  });
  expect(again.incident.links.map(({ id }: { id: string }) => id).sort()).toEqual(['ep_0', 'ep_1']);
  expect(again.incident.events.totalCount).toBe(9);
  expect((await open(alarm('drift:m1', { zone: 'AE-DIFC' }))).created).toBe(true);
});

test('a life: assigned, worked on, waiting, resolved, closed, reopened; a new alarm after that opens another one', async () => {
  const { incident } = await open(alarm('drift:m2'));
  expect((await assign(incident.id)).data.assignIncident.incident).toMatchObject({
    state: 'ASSIGNED',
    assignee: { name: 'pr_badr' },
    respondedAt: expect.anything(),
  });
  expect((await step(incident.id, 'IN_PROGRESS')).data.transitionIncident.incident.state).toBe('IN_PROGRESS');
  expect((await step(incident.id, 'PENDING', 'labels of February')).data.transitionIncident.incident).toMatchObject({
    waitingFor: 'labels of February',
    resolutionDueAt: null,
  });
  expect((await step(incident.id, 'IN_PROGRESS')).data.transitionIncident.incident).toMatchObject({
    waitingFor: null,
    resolutionDueAt: expect.anything(),
  });
  await step(incident.id, 'RESOLVED', 'retrained');
  const next = await open(alarm('drift:m2'));
  expect(next.created).toBe(true);
  const refused = await step(incident.id, 'REOPENED', 'came back');
  expect(fault(refused)).toMatchObject({
    code: 'PRECONDITION_FAILED',
    details: {
      rule: 'INCIDENT_ONE_OPEN_PER_KEY',
      found: expect.stringContaining(next.incident.id),
      limit: expect.any(String),
      whatToDo: expect.any(String),
    },
  });
  await step(next.incident.id, 'RESOLVED', 'the same');
  expect((await step(incident.id, 'REOPENED', 'came back')).data.transitionIncident.incident).toMatchObject({
    state: 'REOPENED',
    resolvedAt: null,
  });
});

test('a step that is not allowed says rule, found value, limit and what to do', async () => {
  const { incident } = await open(alarm('drift:m3'));
  expect(fault(await step(incident.id, 'CLOSED'))).toMatchObject({
    code: 'PRECONDITION_FAILED',
    details: {
      rule: 'INCIDENT_TRANSITION',
      found: 'NEW to CLOSED',
      limit: 'from NEW to one of ASSIGNED, IN_PROGRESS, RESOLVED',
    },
  });
  expect(fault(await step(incident.id, 'IN_PROGRESS'))).toMatchObject({ details: { rule: 'INCIDENT_ASSIGNEE' } });
  expect(fault(await step(incident.id, 'RESOLVED'))).toMatchObject({ details: { rule: 'INCIDENT_TEXT' } });
  await step(incident.id, 'RESOLVED', 'a false alarm');
  expect(fault(await assign(incident.id))).toMatchObject({ details: { rule: 'INCIDENT_OPEN', found: 'RESOLVED' } });
  await step(incident.id, 'CLOSED');
  await governance.database.asSystem((tx) =>
    tx.execute(`update governance.incident set closed_at = now() - interval '8 days' where id = '${incident.id}'`),
  );
  expect(fault(await step(incident.id, 'REOPENED', 'again'))).toMatchObject({
    details: { rule: 'INCIDENT_REOPEN_PERIOD', limit: '7 days after it was closed' },
  });
});

test('who may: a viewer neither opens nor handles; nobody sees another zone; an assignee is a member', async () => {
  const { incident } = await open(alarm('drift:m4', { zone: 'AE-DIFC' }));
  const viewer = governance.as(['viewer']);
  expect(fault(await governance.run(viewer, OPEN, { i: alarm('x') }))?.code).toBe('FORBIDDEN');
  expect(fault(await step(incident.id, 'RESOLVED', 'no', ['viewer']))?.code).toBe('FORBIDDEN');
  const seen = await governance.run(viewer, 'query($id: ID!) { incident(id: $id) { title evidence owner } }', {
    id: incident.id,
  });
  expect(seen.data.incident).toEqual({ title: expect.any(String), evidence: null, owner: null });
  const elsewhere = governance.as(['approver'], 'pr_badr', ['AE']);
  expect(fault(await governance.run(elsewhere, STEP, { i: { incidentId: incident.id, to: 'CLOSED' } }))?.code).toBe(
    'NOT_FOUND',
  );
  expect(fault(await assign(incident.id, 'pr_stranger'))?.code).toBe('BAD_USER_INPUT');
  expect(
    fault(await governance.run(governance.as(['service']), OPEN, { i: alarm('y', { zone: 'US' }) })),
  ).toMatchObject({
    code: 'RESIDENCY_VIOLATION',
    details: { rule: 'INCIDENT_ZONE', found: 'US', limit: 'AE, AE-DIFC' },
  });
});

test('every change has its audit record; lists filter by state, priority and linked object, and page', async () => {
  const { incident } = await open(alarm('drift:m5', { links: [{ type: 'ModelVersion', id: 'mv_9' }], urgency: 'LOW' }));
  await assign(incident.id);
  const { rows } = await governance.database.asSystem((tx) =>
    tx.execute<{ action: string }>(`select action from audit.record where subject_id = '${incident.id}' order by id`),
  );
  expect(rows.map(({ action }) => action)).toEqual(['openIncident', 'assignIncident']);
  const list = async (filter: object, first = 50) =>
    (
      await governance.run(
        governance.as(['data-scientist']),
        'query($f: IncidentFilter, $n: Int!) { incidents(first: $n, filter: $f) { totalCount edges { node { id } } pageInfo { hasNextPage } } }',
        { f: filter, n: first },
      )
    ).data.incidents;
  expect((await list({ linkedTo: { type: 'ModelVersion', id: 'mv_9' } })).edges).toEqual([
    { node: { id: incident.id } },
  ]);
  expect((await list({ priorityIn: ['P3'], stateIn: ['ASSIGNED'] })).totalCount).toBe(1);
  expect(await list({}, 1)).toMatchObject({ pageInfo: { hasNextPage: true }, edges: [{ node: { id: incident.id } }] });
  expect((await list({ breached: true })).totalCount).toBe(0);
});
