// The way of a version to a protected alias over a real PostgreSQL: gates, four eyes, concurrency, rollback, intake.
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunAnswer } from './domain/registration.js';
import { modelFile } from './testing/model-file.js';
import { openRegistry, person } from './testing/open-registry.js';

const scientist = person('data-scientist');
const approver = person('approver');
const second = person('approver', ['AE'], 'second-approver');
const administrator = person('administrator');

let test: Awaited<ReturnType<typeof openRegistry>>;
let landing: string;
beforeAll(async () => {
  landing = await mkdtemp(path.join(tmpdir(), 'falaj-landing-'));
  test = await openRegistry({ landing });
});
afterAll(async () => {
  await test?.close();
  await rm(landing, { recursive: true });
});

const PASSING = {
  infos: [
    {
      id: 'MDL-001',
      version: 1,
      title: 'Beats its baseline',
      references: [],
      subject: 'deployment',
      gate: 'BLOCK_DEPLOYMENT',
    },
  ] as never,
  results: [{ checkId: 'MDL-001', version: 1, status: 'PASS', reason: 'Better.', evidence: [] }] as never,
};
beforeEach(() => {
  Object.assign(test.compliance, PASSING);
  test.extraRules.length = 0;
});

const RESULT = `__typename
  ... on PromotionDone { promotion { id state } alias { alias version { version } } }
  ... on PromotionPending { promotion { id state expiresAt } missing { role needed given } }
  ... on PromotionBlocked { promotion { id state outcome } failed { checkId kind found limit evidence { name value } whatToDo } }
  ... on PromotionClosed { promotion { id state outcome } whatToDo }`;
// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what is expected of them.
type Answer = any;
const request = async (who: Principal, modelVersionId: string, alias = 'champion'): Promise<Answer> => {
  const answer = await test.ask(
    who,
    `mutation ($input: RequestPromotionInput!) { requestPromotion(input: $input) { ${RESULT} } }`,
    { input: { modelVersionId, alias, reason: 'it is better' } },
  );
  return answer.data?.requestPromotion ?? answer;
};
const decide = async (
  who: Principal,
  promotionId: string,
  verb: 'approve' | 'reject' = 'approve',
  role = 'approver',
): Promise<Answer> => {
  const answer = await test.ask(
    who,
    `mutation ($input: PromotionDecisionInput!) { ${verb}Promotion(input: $input) { ${RESULT} } }`,
    { input: { promotionId, role, reason: 'looked at it' } },
  );
  return answer.data?.[`${verb}Promotion`] ?? answer;
};
const setGates = async (input: Record<string, unknown>) =>
  expect(
    await test.ask(
      administrator,
      `mutation ($input: SetGateSetInput!) { setGateSet(input: $input) { gateSet { revision gates { scope digest approvals { role count } } } } }`,
      { input },
    ),
  ).toMatchObject({ code: undefined });
const saveCard = (modelVersionId: string, texts: Record<string, unknown> = {}) =>
  test.ask(
    scientist,
    `mutation ($input: SaveModelCardInput!) { saveModelCard(input: $input) { modelCard { revision content { intendedUse emptySections metrics { slice metric value baseline } data { trainingSetId heldOutRows } owners } } } }`,
    { input: { modelVersionId, intendedUse: 'delays', limitations: 'fog', owners: ['ops'], ...texts } },
  );
const championOf = async (name: string) => {
  const { data } = await test.ask(
    scientist,
    `query ($name: String!) { modelByName(name: $name) { aliases { alias version { version } } } }`,
    { name },
  );
  return data.modelByName.aliases.find(({ alias }: Answer) => alias === 'champion')?.version.version ?? null;
};

let models = 0;
/** A model with versions of these AUCs, and their ids. */
async function modelWith(...aucs: readonly (number | null)[]): Promise<{ name: string; ids: string[] }> {
  const name = `model-${models++}`;
  await test.ask(scientist, `mutation { createModel(input: { name: "${name}" }) { model { id } } }`);
  const ids: string[] = [];
  for (const [place, auc] of aucs.entries()) {
    const runId = `${name}-${place}`;
    const evaluation: RunAnswer['evaluation'] = {
      rows: 30,
      baseRate: 0.2,
      scores: { auc },
      baselines: [{ name: 'base rate', scores: { auc: 0.5 } }],
    };
    test.addRun(runId, { evaluation });
    const { data, message } = await test.ask(
      scientist,
      `mutation { createModelVersion(input: { modelName: "${name}", runId: "${runId}" }) { modelVersion { id } } }`,
    );
    expect(message).toBeUndefined();
    ids.push(data.createModelVersion.modelVersion.id);
  }
  return { name, ids };
}
/** A version that passes the built-in gates. */
async function promotable(...aucs: number[]): Promise<{ name: string; ids: string[] }> {
  const made = await modelWith(...aucs);
  for (const id of made.ids) await saveCard(id);
  return made;
}
const first = (ids: readonly string[]): string => ids[0] as string;

describe('gates', () => {
  it('blocks without a model card, naming the check, what was found and what to do; the dry run says the same', async () => {
    const { name, ids } = await modelWith(0.7);
    const blocked = await request(scientist, first(ids));
    expect(blocked).toMatchObject({
      __typename: 'PromotionBlocked',
      promotion: { state: 'BLOCKED', outcome: 'failed: model-card' },
      failed: [{ checkId: 'model-card', kind: 'MODEL_CARD', found: 'no model card' }],
    });
    expect(blocked.failed[0].whatToDo).toContain('saveModelCard');
    const dry = await test.ask(
      scientist,
      `query ($id: ID!) { evaluatePromotion(modelVersionId: $id, alias: "champion") { passed gates { scope revision } checks { checkId status } } }`,
      { id: first(ids) },
    );
    expect(dry.data.evaluatePromotion).toEqual({
      passed: false,
      gates: { scope: 'BUILT_IN', revision: 0 },
      checks: [
        { checkId: 'intake', status: 'PASS' },
        { checkId: 'attestation', status: 'PASS' },
        { checkId: 'parity', status: 'PASS' },
        { checkId: 'model-card', status: 'FAIL' },
        { checkId: 'MDL-001', status: 'PASS' },
      ],
    });
    expect(await championOf(name)).toBeNull();
  });

  it('compares with limits, baseline and champion, all from stored evaluations', async () => {
    const { name, ids } = await promotable(0.7, 0.69, 0.72, 0.8);
    await setGates({
      modelName: name,
      thresholds: [{ id: 'floor', metric: 'auc', operator: 'GTE', value: 0.7 }],
      comparisons: [
        { id: 'beats-baseline', metric: 'auc', reference: 'BASELINE', operator: 'GTE', margin: 0.3, unit: 'RATIO' },
        { id: 'beats-champion', metric: 'auc', reference: 'CHAMPION', operator: 'GT', margin: 0.05 },
      ],
      approvals: [],
    });
    const [v1, v2, v3, v4] = ids as [string, string, string, string];
    expect(await request(scientist, v1)).toMatchObject({
      __typename: 'PromotionDone',
      alias: { alias: 'champion', version: { version: 1 } },
    });
    expect((await request(scientist, v2)).failed).toMatchObject([
      { checkId: 'floor', found: '0.69', limit: '>= 0.7' },
      { checkId: 'beats-champion', found: '0.69', limit: '> 0.75 (> reference + 0.05)' },
    ]);
    const third = await request(scientist, v3);
    expect(third.failed).toMatchObject([{ checkId: 'beats-champion', found: '0.72' }]);
    expect(third.failed[0].evidence).toContainEqual({ name: 'champion', value: `version 1, ${v1}, 0.7` });
    expect(await request(scientist, v4)).toMatchObject({ __typename: 'PromotionDone' });
    expect(await championOf(name)).toBe(4);
    expect(await request(scientist, v4)).toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('lets a failing check pass by a waiver that is in force for this version, shown whole, and by no other', async () => {
    await setGates({ complianceChecks: ['MDL-001'], approvals: [] });
    test.compliance.results = [
      { checkId: 'MDL-001', version: 1, status: 'FAIL', reason: 'Worse.', evidence: [] } as never,
    ];
    const { ids } = await promotable(0.7);
    const { ids: others } = await promotable(0.71);
    const waiver = {
      id: 'wai_1',
      checkId: 'MDL-001',
      subjectType: 'ModelVersion',
      subjectId: first(ids),
      reason: 'Recalibrated next week.',
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
      maskedFields: [] as string[],
    };
    const blocked = async (...waivers: unknown[]) => {
      test.compliance.waivers = waivers;
      expect(await request(scientist, first(ids))).toMatchObject({
        __typename: 'PromotionBlocked',
        failed: [{ checkId: 'MDL-001', found: 'FAIL: Worse.' }],
      });
    };
    await blocked();
    await blocked({ ...waiver, expiresAt: new Date(Date.now() - 1).toISOString() });
    await blocked({ ...waiver, checkId: 'MDL-002' });
    await blocked({ ...waiver, subjectId: first(others) }, { ...waiver, subjectType: 'Endpoint' });
    await blocked({ ...waiver, subjectType: null, subjectId: null, maskedFields: ['subjectType', 'subjectId'] });
    test.compliance.waivers = [waiver];
    expect(await request(scientist, first(ids))).toMatchObject({ __typename: 'PromotionDone' });
    test.compliance.waivers = [];
  });

  it('never passes what is not known: a null score, an unknown check, a hidden champion', async () => {
    const { name, ids } = await promotable(0.7);
    const { ids: nulls } = await modelWith(null);
    await setGates({
      thresholds: [{ id: 'floor', metric: 'auc', operator: 'LTE', value: 9 }],
      approvals: [],
      complianceChecks: ['GOV-9', 'MDL-001'],
    });
    expect((await request(scientist, first(nulls))).failed).toMatchObject([
      { checkId: 'floor', found: 'not evaluated' },
      { checkId: 'GOV-9', found: 'no installed check of this id judges models' },
    ]);
    test.compliance.results = [{ checkId: 'MDL-001', version: 1, status: 'ERROR', reason: 'Malformed.', evidence: [] }];
    expect((await request(scientist, first(ids))).failed).toMatchObject([
      { checkId: 'GOV-9' },
      { checkId: 'MDL-001', found: 'ERROR: Malformed.' },
    ]);
    Object.assign(test.compliance, PASSING);
    // The champion stands in another zone.
    test.addRun('elsewhere', { zone: 'SA', allowedZones: ['SA'] });
    const far = person('data-scientist', ['AE', 'SA']);
    const { data } = await test.ask(
      far,
      `mutation { createModelVersion(input: { modelName: "${name}", runId: "elsewhere" }) { modelVersion { id } } }`,
    );
    await setGates({
      modelName: name,
      complianceChecks: [],
      comparisons: [{ id: 'beats', metric: 'auc', reference: 'CHAMPION', operator: 'GTE' }],
      approvals: [],
    });
    expect(await request(far, data.createModelVersion.modelVersion.id)).toMatchObject({ __typename: 'PromotionDone' });
    expect((await request(scientist, first(ids))).failed).toMatchObject([{ checkId: 'beats' }]);
    await setGates({ cardSections: ['INTENDED_USE', 'DATA', 'METRICS', 'LIMITATIONS', 'OWNERS'] });
  });

  it('lets only an administrator set gates, and refuses double ids', async () => {
    for (const who of [scientist, approver])
      expect(await test.ask(who, `mutation { setGateSet(input: { approvals: [] }) { gateSet { id } } }`)).toMatchObject(
        { code: 'FORBIDDEN' },
      );
    const twice = `{ id: "a", metric: "auc", operator: GT, value: 0 }`;
    expect(
      await test.ask(
        administrator,
        `mutation { setGateSet(input: { thresholds: [${twice}, ${twice}] }) { gateSet { id } } }`,
      ),
    ).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('four eyes', () => {
  it('waits for another person in the role, then moves the alias and keeps who, why and when', async () => {
    const { name, ids } = await promotable(0.7);
    const pending = await request(scientist, first(ids));
    expect(pending).toMatchObject({
      __typename: 'PromotionPending',
      missing: [{ role: 'approver', needed: 1, given: 0 }],
    });
    expect(await championOf(name)).toBeNull();
    expect(await request(scientist, first(ids))).toMatchObject({ code: 'CONFLICT' });
    expect(await decide(approver, pending.promotion.id)).toMatchObject({
      __typename: 'PromotionDone',
      alias: { alias: 'champion', version: { version: 1 } },
    });
    const { data } = await test.ask(
      person('auditor'),
      `query ($name: String!, $id: ID!) {
        modelByName(name: $name) { aliasHistory { edges { node { cause reason promotionId by } } } }
        promotion(id: $id) { owner decisions { decision role reason by } checks { checkId } } }`,
      { name, id: pending.promotion.id },
    );
    expect(data.modelByName.aliasHistory.edges).toEqual([
      { node: { cause: 'PROMOTION', reason: 'it is better', promotionId: pending.promotion.id, by: 'approver' } },
    ]);
    expect(data.promotion).toMatchObject({
      owner: 'data-scientist',
      decisions: [{ decision: 'APPROVED', role: 'approver', reason: 'looked at it', by: 'approver' }],
    });
    expect(await decide(second, pending.promotion.id)).toMatchObject({ code: 'CONFLICT' });
  });

  it('refuses author, trainer, requester, service accounts and roles that are not held, naming the rule', async () => {
    const { name, ids } = await promotable(0.7);
    const both = { ...scientist, roles: ['data-scientist', 'approver'] };
    const pending = await request(approver, first(ids));
    const rule = async (who: Principal, role?: string) =>
      (await decide(who, pending.promotion.id, 'approve', role)).details?.rule;
    expect(await rule(both)).toBe('FOUR_EYES_INDEPENDENT');
    expect(await rule(approver)).toBe('FOUR_EYES_INDEPENDENT');
    expect(await rule({ ...second, kind: 'SERVICE' })).toBe('FOUR_EYES_PERSON');
    expect(await rule(second, 'auditor')).toBe('FOUR_EYES_ROLE');
    expect((await decide(scientist, pending.promotion.id)).code).toBe('FORBIDDEN');
    // Trained by one person, registered by another.
    test.addRun('trained', { ownerId: second.id });
    const { data } = await test.ask(
      scientist,
      `mutation { createModelVersion(input: { modelName: "${name}", runId: "trained" }) { modelVersion { id } } }`,
    );
    const version = data.createModelVersion.modelVersion.id;
    await saveCard(version);
    const other = await request(scientist, version);
    expect((await decide(second, other.promotion.id)).details).toMatchObject({ rule: 'FOUR_EYES_INDEPENDENT' });
    expect(await championOf(name)).toBeNull();
    const refusals = await test.system<{ n: number }>(
      sql`select count(*)::int as n from audit.record where action = 'approvePromotion' and outcome = 'REFUSED' and subject_id = ${pending.promotion.id}`,
    );
    expect(refusals).toEqual([{ n: 5 }]);
  });

  it('knows a person by another principal with the same e-mail address', async () => {
    const twin = person('approver', ['AE'], 'twin');
    await test.system(
      sql`insert into identity.workspace (id, name, allowed_zones, default_zone) values ('w1', 'w1', '{AE}', 'AE') on conflict do nothing`,
    );
    await test.addPrincipal(scientist.id, 'Amal@example.ae');
    await test.addPrincipal(twin.id, 'amal@EXAMPLE.ae ');
    const { ids } = await promotable(0.7);
    const pending = await request(scientist, first(ids));
    expect((await decide(twin, pending.promotion.id)).details).toMatchObject({ rule: 'FOUR_EYES_INDEPENDENT' });
    expect(await decide(approver, pending.promotion.id)).toMatchObject({ __typename: 'PromotionDone' });
  });

  it('counts different persons where two approvals are needed', async () => {
    const { name, ids } = await promotable(0.7);
    await setGates({ modelName: name, approvals: [{ role: 'approver', count: 2 }] });
    const pending = await request(scientist, first(ids));
    expect(await decide(approver, pending.promotion.id)).toMatchObject({
      __typename: 'PromotionPending',
      missing: [{ role: 'approver', needed: 2, given: 1 }],
    });
    expect(await decide(approver, pending.promotion.id)).toMatchObject({ code: 'CONFLICT' });
    expect(await decide(second, pending.promotion.id)).toMatchObject({ __typename: 'PromotionDone' });
  });

  it('promotes exactly once when approvals come at once', async () => {
    const people = Array.from({ length: 8 }, (_, n) => person('approver', ['AE'], `crowd-${n}`));
    for (const count of [1, 3]) {
      const { name, ids } = await promotable(0.7);
      await setGates({ modelName: name, approvals: [{ role: 'approver', count }] });
      const pending = await request(scientist, first(ids));
      const answers = await Promise.all(people.map((who) => decide(who, pending.promotion.id)));
      expect(answers.filter((answer) => answer.__typename === 'PromotionDone')).not.toHaveLength(0);
      expect(answers.filter((answer) => answer.code === 'CONFLICT')).toHaveLength(people.length - count);
      expect(
        await test.system(sql`select count(*)::int as moves from models.alias_change where model_name = ${name}`),
      ).toEqual([{ moves: 1 }]);
      expect(
        await test.system(
          sql`select count(*)::int as approvals from models.promotion_decision where promotion_id = ${pending.promotion.id}`,
        ),
      ).toEqual([{ approvals: count }]);
    }
  });

  it('judges anew at approval: of two versions that beat the champion, the second must beat the first', async () => {
    const { name, ids } = await promotable(0.7, 0.8, 0.75);
    await setGates({
      modelName: name,
      comparisons: [{ id: 'beats', metric: 'auc', reference: 'CHAMPION', operator: 'GT' }],
    });
    const [v1, v2, v3] = ids as [string, string, string];
    await decide(approver, (await request(scientist, v1)).promotion.id);
    const better = await request(scientist, v2);
    const good = await request(scientist, v3);
    expect(good.__typename).toBe('PromotionPending');
    expect(await decide(approver, better.promotion.id)).toMatchObject({ __typename: 'PromotionDone' });
    expect(await decide(approver, good.promotion.id)).toMatchObject({
      __typename: 'PromotionBlocked',
      failed: [{ checkId: 'beats', found: '0.75', limit: '> 0.8 (> reference + 0)' }],
    });
    expect(await championOf(name)).toBe(2);
  });

  it('is void after a change of gates or card, and after its time', async () => {
    const { name, ids } = await promotable(0.7);
    const id = first(ids);
    let pending = await request(scientist, id);
    await setGates({ modelName: name, approvalHours: 5 });
    expect(await decide(approver, pending.promotion.id)).toMatchObject({
      __typename: 'PromotionClosed',
      promotion: { state: 'INVALIDATED' },
    });
    pending = await request(scientist, id);
    await saveCard(id, { intendedUse: 'everything' });
    expect(await decide(approver, pending.promotion.id)).toMatchObject({ promotion: { state: 'INVALIDATED' } });
    pending = await request(scientist, id);
    await test.system(
      sql`update models.promotion set expires_at = now() - interval '1 second' where id = ${pending.promotion.id}`,
    );
    expect(await decide(approver, pending.promotion.id)).toMatchObject({ promotion: { state: 'EXPIRED' } });
    expect(await championOf(name)).toBeNull();
    pending = await request(scientist, id);
    expect(await decide(approver, pending.promotion.id, 'reject')).toMatchObject({
      __typename: 'PromotionClosed',
      promotion: { state: 'REJECTED', outcome: 'looked at it' },
    });
    expect(await decide(second, pending.promotion.id)).toMatchObject({ code: 'CONFLICT' });
  });
});

describe('protected aliases', () => {
  const move = (who: Principal, name: string, fields: string, verb = 'setModelAlias') =>
    test.ask(who, `mutation { ${verb}(input: { modelName: "${name}", ${fields} }) { __typename } }`);

  it('refuses a direct move to everybody and says what to do', async () => {
    const { name } = await promotable(0.7);
    for (const alias of ['champion', 'production']) {
      const answer = await move(approver, name, `alias: "${alias}", version: 1`);
      expect(answer).toMatchObject({ code: 'FORBIDDEN', details: { rule: 'PROTECTED_ALIAS' } });
      expect(answer.message).toContain('requestPromotion');
      expect(
        await move(approver, name, `alias: "${alias}", version: 1, breakGlass: true, reason: "fire"`),
      ).toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await move(scientist, name, 'alias: "challenger", version: 1')).toMatchObject({ code: undefined });
    expect(await move(scientist, name, 'alias: "production", version: 1')).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('opens to whom a rule grants breakGlass, within its condition and with a reason', async () => {
    const { name } = await promotable(0.7);
    const { name: other } = await promotable(0.7);
    test.extraRules.push({
      id: 'emergency',
      effect: 'ALLOW',
      actions: ['breakGlass'],
      subject: 'ModelAlias',
      conditions: { modelName: name },
      roles: ['approver'],
      reason: 'EMERGENCY',
    });
    const fields = 'alias: "champion", version: 1, breakGlass: true';
    expect(await move(approver, name, fields)).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await move(approver, other, `${fields}, reason: "fire"`)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await move(scientist, name, `${fields}, reason: "fire"`)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await move(approver, name, `${fields}, reason: "fire"`)).toMatchObject({ code: undefined });
    expect(await test.system(sql`select cause, reason from models.alias_change where model_name = ${name}`)).toEqual([
      { cause: 'BREAK_GLASS', reason: 'fire' },
    ]);
    expect(await move(approver, name, 'alias: "champion"', 'removeModelAlias')).toMatchObject({ code: 'FORBIDDEN' });
    expect(
      await move(approver, name, 'alias: "champion", breakGlass: true, reason: "over"', 'removeModelAlias'),
    ).toMatchObject({ code: undefined });
  });

  it('rolls back in one call to a version that it stood for, once its bytes verify', async () => {
    const { name, ids } = await promotable(0.7, 0.8, 0.9);
    const [v1, v2] = ids as [string, string, string];
    const at: string[] = [];
    for (const id of [v1, v2]) {
      await decide(approver, (await request(scientist, id)).promotion.id);
      at.push(new Date().toISOString());
    }
    const rollback = (who: Principal, fields = '') =>
      move(who, name, `alias: "champion", reason: "bad answers"${fields}`, 'rollbackModelAlias');
    expect(await rollback(scientist)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await rollback(approver, ', version: 3')).toMatchObject({
      code: 'PRECONDITION_FAILED',
      details: { rule: 'ROLLBACK_TO_HISTORY' },
    });
    const bytes = test.files.get('models/run_1.onnx') as Uint8Array;
    test.files.set('models/run_1.onnx', modelFile('onnx-dense-float-data'));
    expect(await rollback(approver)).toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    test.files.set('models/run_1.onnx', bytes);
    expect(await championOf(name)).toBe(2);
    expect(await rollback(approver)).toMatchObject({ code: undefined });
    expect(await championOf(name)).toBe(1);
    const inProduction = async (instant: string) =>
      (
        await test.ask(
          scientist,
          `query ($at: DateTime!) { modelInProductionAt(name: "${name}", alias: "champion", at: $at) { version } }`,
          { at: instant },
        )
      ).data.modelInProductionAt.version;
    expect(await Promise.all([...at, new Date().toISOString()].map(inProduction))).toEqual([1, 2, 1]);
    const history = await test.system(
      sql`select cause, reason from models.alias_change where model_name = ${name} order by sequence desc limit 1`,
    );
    expect(history).toEqual([{ cause: 'ROLLBACK', reason: 'bad answers' }]);
  });
});

describe('model cards', () => {
  it('fills data and scores from what is stored, keeps revisions, drafts from the version before', async () => {
    const { name, ids } = await modelWith(0.7, 0.75);
    const [v1, v2] = ids as [string, string];
    const saved = await saveCard(v1, { ethicalConsiderations: 'none known' });
    expect(saved.data.saveModelCard.modelCard).toMatchObject({
      revision: 1,
      content: {
        emptySections: [],
        metrics: [{ slice: 'all held-out rows', metric: 'auc', value: 0.7, baseline: 0.5 }],
        data: { trainingSetId: 'ts_1', heldOutRows: 30 },
        owners: ['ops'],
      },
    });
    expect((await saveCard(v1)).data.saveModelCard.modelCard).toMatchObject({
      revision: 2,
      content: { emptySections: ['ETHICAL_CONSIDERATIONS'] },
    });
    const draft = await test.ask(
      scientist,
      `query ($id: ID!) { modelCardDraft(modelVersionId: $id) { intendedUse metrics { value } } modelVersion(id: $id) { card { revision } } }`,
      { id: v2 },
    );
    expect(draft.data).toEqual({
      modelCardDraft: { intendedUse: 'delays', metrics: [{ value: 0.75 }] },
      modelVersion: { card: null },
    });
    const { data } = await test.ask(
      scientist,
      `{ modelByName(name: "${name}") { versions { edges { node { version card { revision } cards(first: 5) { totalCount } } } } } }`,
    );
    expect(
      data.modelByName.versions.edges.map(({ node }: Answer) => [
        node.version,
        node.card?.revision ?? null,
        node.cards.totalCount,
      ]),
    ).toEqual([
      [2, null, 0],
      [1, 2, 2],
    ]);
    expect(
      await test.ask(approver, `mutation { saveModelCard(input: { modelVersionId: "${v1}" }) { modelCard { id } } }`),
    ).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('intake', () => {
  const bring = (name: string, fields: Record<string, unknown>, who = scientist) =>
    test.ask(
      who,
      `mutation ($input: RegisterExternalModelInput!) { registerExternalModel(input: $input) { modelVersion { id version origin runId digest intake signature { inputs { name shape } } } } }`,
      { input: { modelName: name, source: 'vendor 1.0', zone: 'AE', categories: ['none'], ...fields } },
    );
  const base64 = (file: string) => Buffer.from(modelFile(file)).toString('base64');

  it('takes ONNX by upload and from the landing folder, once, sealed', async () => {
    const { name } = await modelWith();
    const uploaded = await bring(name, { contentBase64: base64('onnx-dense') });
    expect(uploaded.data.registerExternalModel.modelVersion).toMatchObject({
      version: 1,
      origin: 'EXTERNAL',
      runId: null,
      intake: { format: 'onnx', nodes: 1 },
      signature: { inputs: [{ name: 'x', shape: [-1, 2] }] },
    });
    expect(await bring(name, { contentBase64: base64('onnx-dense') })).toMatchObject({ code: 'CONFLICT' });
    await writeFile(path.join(landing, 'model.onnx'), modelFile('onnx-sklearn'));
    expect((await bring(name, { landingPath: 'model.onnx' })).data.registerExternalModel.modelVersion).toMatchObject({
      version: 2,
    });
    expect(await bring(name, { contentBase64: base64('onnx-dense') }, approver)).toMatchObject({ code: 'FORBIDDEN' });
    expect([...test.files.keys()].filter((key) => key.includes('external'))).toHaveLength(2);
    // What is not known of it does not pass the gates.
    const blocked = await request(scientist, uploaded.data.registerExternalModel.modelVersion.id);
    expect(blocked.failed.map(({ checkId }: Answer) => checkId)).toEqual(['attestation', 'parity', 'model-card']);
  });

  it.each([
    'pickle-0',
    'pickle-2',
    'pickle-5',
    'torch-zip',
    'joblib',
    'keras-lambda-h5',
    'onnx-truncated',
    'onnx-external-passwd',
    'empty',
  ])('refuses %s with a code, an audit record and nothing left behind', async (file) => {
    const { name } = await modelWith();
    const answer = await bring(name, { contentBase64: base64(file) });
    expect(answer).toMatchObject({ code: 'MODEL_REFUSED', details: { rule: expect.stringMatching(/^INT-0/) } });
    expect(await test.system(sql`select last_version from models.model where name = ${name}`)).toEqual([
      { last_version: 0 },
    ]);
    expect(
      await test.system(
        sql`select reason from audit.record where action = 'registerExternalModel' order by id desc limit 1`,
      ),
    ).toEqual([{ reason: 'MODEL_REFUSED' }]);
  });

  it('stays in the landing folder', async () => {
    const { name } = await modelWith();
    await symlink('/etc/passwd', path.join(landing, 'link.onnx'));
    for (const landingPath of ['../outside.onnx', '/etc/passwd', 'link.onnx', 'missing.onnx', '.', 'a/../../b'])
      expect(await bring(name, { landingPath })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await bring(name, { landingPath: 'a', contentBase64: 'AA==' })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await bring(name, { contentBase64: 'no base64!' })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await bring(name, { contentBase64: 'A'.repeat(6_000_000) })).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(await bring(name, { contentBase64: base64('onnx-dense'), zone: 'SA' })).toMatchObject({
      code: 'RESIDENCY_VIOLATION',
    });
  });

  it('refuses a run whose file is not what its signature says', async () => {
    const { name } = await modelWith();
    test.addRun('liar', {
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
      },
    });
    expect(
      await test.ask(
        scientist,
        `mutation { createModelVersion(input: { modelName: "${name}", runId: "liar" }) { modelVersion { id } } }`,
      ),
    ).toMatchObject({ code: 'MODEL_REFUSED', details: { rule: 'INT-010' } });
  });
});
