// Roles for a time on a real database: asked for and granted by another, taken in an emergency, ended by time or by hand.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../../testing/governance-platform.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
});
afterAll(() => governance?.close());

const amal = () => governance.as(['data-scientist']);
const boss = (id = 'pr_boss') => governance.as(['administrator'], id);
const FIELDS =
  'accessRequest { id kind role state durationSeconds beginsAt endsAt decidedById incidentId reviewedById }';
const mutate = async (who: ReturnType<typeof amal>, name: string, input: Record<string, unknown>) => {
  const type = { decide: 'DecideAccessRequestInput', end: 'EndAccessInput', review: 'ReviewBreakGlassInput' };
  const [, verb = ''] = /^(decide|end|review)/.exec(name) ?? [];
  const given = type[verb as keyof typeof type] ?? `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await governance.run(who, `mutation($i: ${given}!) { ${name}(input: $i) { ${FIELDS} } }`, {
    i: input,
  });
  return { made: data?.[name]?.accessRequest, refusal: errors?.[0]?.extensions as Record<string, unknown> | undefined };
};
const request = (role: string, more = {}) =>
  mutate(amal(), 'requestAccess', { role, reason: 'to look at the model of last week', ...more });
const decide = (accessRequestId: string, who = boss(), approve = true) =>
  mutate(who, 'decideAccessRequest', { accessRequestId, approve, reason: 'as agreed with the team' });
const rolesOf = async (id = 'pr_amal') =>
  (await governance.run(boss(), '{ principal(id: "pr_amal") { roles } }', { id })).data.principal.roles;

it('a request gives its role from the approval by another on, and ends it early by hand', async () => {
  const { made } = await request('approver', { durationSeconds: 120 });
  expect(made).toMatchObject({ kind: 'REQUEST', state: 'REQUESTED', beginsAt: null });
  expect(await rolesOf()).toEqual(['data-scientist']);
  expect((await request('approver')).refusal?.details).toMatchObject({ rule: 'ACCESS_REQUEST_OPEN' });
  expect((await decide(made.id, boss('pr_amal'))).refusal).toMatchObject({
    code: 'FORBIDDEN',
    details: { rule: 'ACCESS_REQUEST_FOUR_EYES' },
  });
  expect((await decide(made.id, amal())).refusal?.code).toBe('FORBIDDEN');
  const { made: given } = await decide(made.id);
  expect(given).toMatchObject({ state: 'APPROVED', decidedById: 'pr_boss' });
  expect(Date.parse(given.endsAt) - Date.parse(given.beginsAt)).toBe(120_000);
  expect(await rolesOf()).toEqual(['approver', 'data-scientist']);
  expect((await request('approver')).refusal?.details).toMatchObject({ rule: 'ACCESS_HELD' });
  expect((await decide(made.id)).refusal?.details).toMatchObject({ rule: 'ACCESS_REQUEST_STATE' });
  const stranger = governance.as(['data-scientist'], 'pr_badr');
  const end = (who: typeof stranger) =>
    mutate(who, 'endAccess', { accessRequestId: made.id, reason: 'the work is done' });
  // What is not theirs to see is not there.
  expect((await end(stranger)).refusal?.code).toBe('NOT_FOUND');
  expect((await end(amal())).made.state).toBe('REVOKED');
  expect(await rolesOf()).toEqual(['data-scientist']);
  expect((await end(amal())).refusal?.details).toMatchObject({ rule: 'ACCESS_REQUEST_STATE' });
});

it('a role that was granted for good stays when the one for a time ends', async () => {
  const { made } = await request('auditor');
  await decide(made.id);
  const grant = await governance.run(
    boss(),
    'mutation { grantRole(input: { principalId: "pr_amal", role: "auditor" }) { principal { roles } } }',
  );
  expect(grant.errors).toBeUndefined();
  await mutate(boss(), 'endAccess', { accessRequestId: made.id, reason: 'it is theirs for good now' });
  expect(await rolesOf()).toEqual(['auditor', 'data-scientist']);
  await governance.run(
    boss(),
    'mutation { revokeRole(input: { principalId: "pr_amal", role: "auditor" }) { principal { roles } } }',
  );
});

it('what is out of bounds is refused by name', async () => {
  for (const [input, path] of [
    [{ role: 'approver', durationSeconds: 59 }, 'durationSeconds'],
    [{ role: 'approver', durationSeconds: 90 * 86_400 + 1 }, 'durationSeconds'],
    [{ role: 'approver', reason: 'short' }, 'reason'],
    [{ role: 'emperor' }, 'role'],
    [{ role: 'training-run' }, 'role'],
  ] as const) {
    const { refusal } = await request('', input as never);
    expect(refusal?.code).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(refusal)).toContain(path);
  }
});

it('of two who decide at once one does', async () => {
  const { made } = await request('feature-engineer');
  const both = await Promise.all([decide(made.id), decide(made.id, boss('pr_other'), false)]);
  expect(both.filter(({ refusal }) => refusal === undefined)).toHaveLength(1);
  await mutate(boss(), 'endAccess', { accessRequestId: made.id, reason: 'not needed any more' });
});

it('a broken glass gives the role at once, opens an incident, and is reviewed by another before the next', async () => {
  const glass = (more = {}, who = amal()) =>
    mutate(who, 'breakGlass', { role: 'approver', reason: 'the endpoint answers nonsense', ...more });
  expect((await glass({ role: 'administrator' })).refusal).toMatchObject({
    code: 'FORBIDDEN',
    details: { rule: 'BREAK_GLASS_ROLE' },
  });
  expect((await glass({}, governance.as(['viewer'], 'pr_badr'))).refusal?.code).toBe('FORBIDDEN');
  expect((await glass({}, { ...amal(), kind: 'SERVICE' })).refusal).toMatchObject({
    code: 'FORBIDDEN',
    details: { rule: 'BREAK_GLASS_PERSON' },
  });
  expect((await glass({ durationSeconds: 3_601 })).refusal?.code).toBe('BAD_USER_INPUT');
  const [first, second] = await Promise.all([glass({ durationSeconds: 60 }), glass({ durationSeconds: 60 })]);
  const { made } = first?.made ? first : (second ?? first);
  expect([first, second].filter((each) => each?.made)).toHaveLength(1);
  expect(made).toMatchObject({ kind: 'BREAK_GLASS', state: 'APPROVED', decidedById: null });
  expect(await rolesOf()).toEqual(['approver', 'data-scientist']);
  const { data } = await governance.run(
    boss(),
    `{ accessRequest(id: "${made.id}") { owner incident { category priority links { type id } } activity(first: 5) { edges { node { action actorId } } } } }`,
  );
  expect(data.accessRequest).toMatchObject({
    owner: 'pr_amal',
    incident: { category: 'BREAK_GLASS', priority: 'P2', links: [{ type: 'AccessRequest', id: made.id }] },
  });
  expect(data.accessRequest.activity.edges).toContainEqual({ node: { action: 'breakGlass', actorId: 'pr_amal' } });
  const review = (who = boss()) =>
    mutate(who, 'reviewBreakGlass', { accessRequestId: made.id, review: 'one rollback, rightly' });
  expect((await review()).refusal?.details).toMatchObject({ rule: 'BREAK_GLASS_REVIEW' });
  await mutate(amal(), 'endAccess', { accessRequestId: made.id, reason: 'it answers again' });
  expect(await rolesOf()).toEqual(['data-scientist']);
  expect((await glass()).refusal?.details).toMatchObject({
    rule: 'BREAK_GLASS_REVIEW',
    found: expect.stringContaining(made.id),
  });
  expect((await review(governance.as(['administrator'], 'pr_amal'))).refusal?.details).toMatchObject({
    rule: 'BREAK_GLASS_FOUR_EYES',
  });
  expect((await review()).made.reviewedById).toBe('pr_boss');
  const again = await glass({ incidentId: made.incidentId });
  expect(again.made.incidentId).toBe(made.incidentId);
  const open = await governance.run(
    boss(),
    '{ accessRequests(filter: { reviewed: false }) { edges { node { id } } } }',
  );
  expect(open.data.accessRequests.edges).toEqual([{ node: { id: again.made.id } }]);
  const others = await governance.run(governance.as(['viewer'], 'pr_badr'), '{ accessRequests { totalCount } }');
  expect(others.data.accessRequests.totalCount).toBe(0);
});
