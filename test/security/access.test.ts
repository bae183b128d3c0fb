// What rules say of values and of people, tried on one real platform: values that carry the class of their columns,
// figures of small groups, ways to more access and the end of it, and the same verdict on every path.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackedPlatform, type Role, startAttacked } from './platform.js';

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

/** Answers what the mutation gave; throws what it refused. */
async function done(role: Role, mutation: string) {
  const { data, errors } = await platform.ask(role, `mutation { ${mutation} }`);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data;
}

describe('values of features', () => {
  const ids = { view: '', service: '' };
  const columns = [
    ['salary', 'FLOAT64'],
    ['score', 'FLOAT64'],
    ['city', 'STRING'],
  ] as const;

  beforeAll(async () => {
    const people = ['784-1990-1', '784-1985-2', '784-2001-3'];
    const lines = people.map((id, row) => `${id},2024-01-0${row + 1},${41_000 + row},${row / 10},Al Ain`);
    writeFileSync(join(platform.landing, 'people.csv'), ['person,at,salary,score,city', ...lines, ''].join('\n'));
    const source = await done(
      'feature-engineer',
      `createDataSource(input: { name: "people", format: CSV, path: "people.csv", zone: "AE", categories: ["personal"], columnClasses: [
        { column: "person", fieldClass: "pii" }, { column: "salary", fieldClass: "pii" }, { column: "score", fieldClass: "sensitive" }
      ] }) { dataSource { id } }`,
    );
    const entity = await done(
      'feature-engineer',
      'createEntity(input: { name: "person", keys: ["person"] }) { entity { id } }',
    );
    const view = await done(
      'feature-engineer',
      `createFeatureView(input: { name: "pay", entityId: "${entity.createEntity.entity.id}", sourceId: "${source.createDataSource.dataSource.id}",
        keys: [{ name: "person", column: "person" }], eventTime: { column: "at" },
        features: [${columns.map(([name, type]) => `{ name: "${name}", column: "${name}", type: ${type} }`).join()}] }) { featureView { id features { name fieldClass } } }`,
    );
    ids.view = view.createFeatureView.featureView.id;
    expect(view.createFeatureView.featureView.features).toEqual([
      { name: 'salary', fieldClass: 'pii' },
      { name: 'score', fieldClass: 'sensitive' },
      { name: 'city', fieldClass: 'internal' },
    ]);
    await done('feature-engineer', `buildFeatureView(id: "${ids.view}") { featureView { id } }`);
    await done(
      'feature-engineer',
      `materializeFeatureView(input: { featureViewId: "${ids.view}" }) { materialization { id } }`,
    );
    const service = await done(
      'feature-engineer',
      `createFeatureService(input: { name: "pay", views: [{ featureViewId: "${ids.view}", keys: [{ name: "person", column: "person" }] }] }) { featureService { id } }`,
    );
    ids.service = service.createFeatureService.featureService.id;
  });

  it.each<[Role, string[]]>([
    ['feature-engineer', ['pay__salary', 'pay__score', 'pay__city']],
    ['data-scientist', ['pay__score', 'pay__city']],
    ['auditor', ['pay__city']],
    ['viewer', ['pay__city']],
  ])('online follow the class of their column: %s', async (role, shown) => {
    const { data, errors, masked } = await platform.ask(
      role,
      `{ onlineFeatures(input: { featureServiceId: "${ids.service}", entityRows: [{ person: "784-1990-1" }] }) { values { feature status number text } } }`,
    );
    expect(errors).toEqual([]);
    const values: { feature: string; status: string; number: number | null; text: string | null }[] =
      data.onlineFeatures[0].values;
    expect(values.map(({ status }) => status)).toEqual(['PRESENT', 'PRESENT', 'PRESENT']);
    expect(values.filter(({ number, text }) => number !== null || text !== null).map(({ feature }) => feature)).toEqual(
      shown,
    );
    expect(masked.some(({ type }) => type === 'OnlineValue')).toBe(shown.length < 3);
  });

  it.each<[Role, Record<string, string[]>]>([
    ['feature-engineer', { salary: ['count', 'max', 'mean', 'min'], score: ['count', 'max', 'mean', 'min'] }],
    ['data-scientist', { salary: [], score: ['count', 'max', 'mean', 'min'] }],
    ['auditor', { salary: [], score: ['count', 'max', 'mean', 'min'] }],
  ])('are no figures of a group of three: %s', async (role, shown) => {
    const { data, masked } = await platform.ask(
      role,
      `{ featureView(id: "${ids.view}") { statistics { feature count mean min max } } }`,
    );
    const seen = Object.fromEntries(
      data.featureView.statistics
        .filter(({ feature }: { feature: string }) => feature in shown)
        .map(({ feature, ...figures }: Record<string, unknown>) => [
          feature,
          Object.keys(figures)
            .filter((name) => figures[name] !== null)
            .sort(),
        ]),
    );
    expect(seen).toEqual(shown);
    expect(masked.some(({ reason }) => reason === 'SMALL_GROUP')).toBe(shown.salary?.length === 0);
  });
});

describe('a role for a time', () => {
  const FIELDS = 'accessRequest { id state endsAt incident { category priority state } }';
  let made = 0;
  const mayCreate = async () => {
    const mutation = `mutation { createEntity(input: { name: "thing-${made++}", keys: ["k"] }) { entity { id } } }`;
    return (await platform.ask('data-scientist', mutation)).code !== 'FORBIDDEN';
  };

  it('is asked for in the words of explainDecision, granted by an administrator, and given back', async () => {
    expect(await mayCreate()).toBe(false);
    const { data } = await platform.ask(
      'data-scientist',
      `{ explainDecision(input: { principalId: "${platform.home.principals.get('data-scientist')}", action: "create", subject: "Entity" }) { allowed remedies { role } } }`,
    );
    expect(data.explainDecision.allowed).toBe(false);
    const [{ role }] = data.explainDecision.remedies;
    const asked = await done(
      'data-scientist',
      `requestAccess(input: { role: "${role}", durationSeconds: 600, reason: "the feature engineer is on leave" }) { ${FIELDS} }`,
    );
    const { id } = asked.requestAccess.accessRequest;
    expect(await mayCreate()).toBe(false);
    for (const other of ['data-scientist', 'approver', 'viewer'] as const)
      expect(
        (
          await platform.ask(
            other,
            `mutation { decideAccessRequest(input: { accessRequestId: "${id}", approve: true, reason: "why not, indeed" }) { ${FIELDS} } }`,
          )
        ).code,
      ).toBe(other === 'data-scientist' ? 'FORBIDDEN' : 'NOT_FOUND');
    await done(
      'administrator',
      `decideAccessRequest(input: { accessRequestId: "${id}", approve: true, reason: "as agreed with the team" }) { ${FIELDS} }`,
    );
    await expect.poll(mayCreate, { timeout: 2_000, interval: 100 }).toBe(true);
    await done(
      'data-scientist',
      `endAccess(input: { accessRequestId: "${id}", reason: "the feature engineer is back" }) { ${FIELDS} }`,
    );
    await expect.poll(mayCreate, { timeout: 2_000, interval: 100 }).toBe(false);
  });

  it('is taken in an emergency with an incident beside it, shows what was done, and is judged by a check', async () => {
    const broken = await done(
      'data-scientist',
      `breakGlass(input: { role: "feature-engineer", durationSeconds: 900, reason: "the endpoint answers nonsense" }) { ${FIELDS} }`,
    );
    const { id, incident, endsAt } = broken.breakGlass.accessRequest;
    expect(incident).toEqual({ category: 'BREAK_GLASS', priority: 'P2', state: 'NEW' });
    expect(Date.parse(endsAt) - Date.now()).toBeLessThanOrEqual(900_000);
    await expect.poll(mayCreate, { timeout: 2_000, interval: 100 }).toBe(true);
    expect(
      (
        await platform.ask(
          'data-scientist',
          `mutation { breakGlass(input: { role: "approver", reason: "and one more, please" }) { ${FIELDS} } }`,
        )
      ).details,
    ).toMatchObject({ rule: 'BREAK_GLASS_REVIEW' });
    await done(
      'data-scientist',
      `endAccess(input: { accessRequestId: "${id}", reason: "it answers again" }) { ${FIELDS} }`,
    );
    await expect.poll(mayCreate, { timeout: 2_000, interval: 100 }).toBe(false);
    const { data } = await platform.ask(
      'auditor',
      `{ accessRequests(filter: { reviewed: false }) { edges { node { id activity(first: 20) { edges { node { action details } } } } } } }`,
    );
    const [{ node }] = data.accessRequests.edges;
    expect(node.id).toBe(id);
    // By the role that was taken, as the record says.
    expect(node.activity.edges).toContainEqual({
      node: {
        action: 'createEntity',
        details: expect.objectContaining({ allowedBy: 'features.Entity.write' }),
      },
    });
    await done(
      'auditor',
      `reviewBreakGlass(input: { accessRequestId: "${id}", review: "one entity made, rightly" }) { ${FIELDS} }`,
    );
    const { data: judged } = await platform.ask(
      'auditor',
      'mutation { runCompliance(input: {}) { report { findings { checkId status } } } }',
    );
    expect(judged.runCompliance.report.findings).toContainEqual({ checkId: 'ACC-006', status: 'PASS' });
  });
});

describe('a rule for a group', () => {
  const makes = async (role: Role) => {
    const mutation = `mutation { createEntity(input: { name: "thing-${crypto.randomUUID().slice(0, 8)}", keys: ["k"] }) { entity { id } } }`;
    return (await platform.ask(role, mutation)).code !== 'FORBIDDEN';
  };
  const rule = (group: string) =>
    `createPolicyRule(input: { id: "team-makes-entities", effect: ALLOW, actions: ["create"], subject: "Entity", roles: ["group:${group}"], reason: "TEAM" }) { policyRule { id roles } }`;

  it('counts for its members, from the moment they belong to it until they do not', async () => {
    const unknown = await platform.ask('administrator', `mutation { ${rule('grp_nobody')} }`);
    expect(unknown).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('grp_nobody') });
    const { createGroup } = await done('administrator', 'createGroup(input: { name: "entity team" }) { group { id } }');
    const { id } = createGroup.group;
    await done('administrator', rule(id));
    const principalId = platform.home.principals.get('viewer');
    const member = `input: { groupId: "${id}", principalId: "${principalId}" }`;
    expect(await makes('viewer')).toBe(false);
    const { data } = await platform.ask(
      'auditor',
      `{ explainDecision(input: { principalId: "${principalId}", action: "create", subject: "Entity" }) { remedies { role ruleId } } }`,
    );
    expect(data.explainDecision.remedies).toContainEqual({ role: `group:${id}`, ruleId: 'team-makes-entities' });
    await done('administrator', `addGroupMember(${member}) { group { id } }`);
    await expect.poll(() => makes('viewer'), { timeout: 2_500, interval: 100 }).toBe(true);
    expect((await platform.ask('viewer', '{ me { roles groups } }')).data.me).toEqual({
      roles: ['viewer'],
      groups: [id],
    });
    expect(await makes('approver')).toBe(false);
    await done('administrator', `removeGroupMember(${member}) { group { id } }`);
    await expect.poll(() => makes('viewer'), { timeout: 2_500, interval: 100 }).toBe(false);
  });
});
