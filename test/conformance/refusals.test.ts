// Whoever is refused by a rule learns which rule, what was found, the limit and what to do. No source may say less: these
// codes are thrown by `refused` alone, whose type asks for all four; what is put together at run time is called here.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertResidency, assertZoneAmong, requireIndependent } from '@falaj/policy';
import { isPlatformError, type Refusal, refused, refusedByAll } from '@falaj/runtime';
import { assertBudget } from '@falaj/subgraph-kit';
import { describe, expect, it } from 'vitest';
import { assertDeployable } from '../../subgraphs/deployments/src/domain/compliance.js';
import { brokenBounds, refuseUnless } from '../../subgraphs/experiments/src/domain/pipeline/bounds.js';
import { rebuildInput } from '../../subgraphs/experiments/src/domain/reproduce.js';
import { judgeBudget } from '../../subgraphs/governance/src/domain/costs/budget.js';
import {
  assertTransition,
  incidentStates,
  nextStates,
} from '../../subgraphs/governance/src/domain/incidents/incident-states.js';
import { directMove } from '../../subgraphs/models/src/domain/alias.js';
import { builtInGateSet } from '../../subgraphs/models/src/domain/gate-set.js';
import { takeModel } from '../../subgraphs/models/src/domain/model-intake.js';
import { checkGates, failedOf, type PromotionFacts } from '../../subgraphs/models/src/domain/promotion-checks.js';
import { lineageOf } from '../../subgraphs/models/src/domain/registration.js';
import { registrableRun } from '../../subgraphs/models/src/testing/registrable-run.js';

const root = join(import.meta.dirname, '../..');
const CODES = [
  'PRECONDITION_FAILED',
  'COMPLIANCE_FAILED',
  'BUDGET_EXCEEDED',
  'STAGE_REFUSED',
  'MODEL_REFUSED',
  'RESIDENCY_VIOLATION',
];
/** What is refused here is refused by no rule of the house, but by the state of a process or of data. */
const REASONS: Readonly<Record<string, string>> = {
  'packages/audit/src/archive-log.ts': 'a log that does not verify: put on record by itself',
  'packages/audit/src/archive-reads.ts': 'a log that does not verify: put on record by itself',
  'packages/identity/src/operator-token.ts': 'the command line, on the own machine',
  'packages/workflows/src/workers.ts': 'a misuse by the program',
  'packages/workflows/src/held-run.ts': 'a misuse by the program',
  'subgraphs/models/src/schema/external-model.ts': 'a process without a landing folder',
  'subgraphs/experiments/src/pipeline-services.ts': 'a process without a workflow engine',
  'subgraphs/experiments/src/domain/training-run.ts': 'data that cannot be trained on: the run fails, no mutation',
  'subgraphs/experiments/src/domain/pipeline/references.ts': 'a definition that names nothing',
  'subgraphs/deployments/src/inference/served-model.ts': 'a model that its features do not fit, seen when it is loaded',
  'subgraphs/deployments/src/inference/feature-plan.ts': 'a model that its features do not fit, seen when it is loaded',
  'subgraphs/deployments/src/store/endpoint-routes.ts': 'inference, no mutation',
};
/** CONFLICT is for names and keys that are taken and for races; where a rule of the house stands behind it, `refused` says so. */
const CONFLICTS: Readonly<Record<string, string>> = {
  'packages/audit/src/archive-log.ts': 'a change at the same time',
  'packages/audit/src/archive-reads.ts': 'a change at the same time',
  'packages/identity/src/provisioned-users.ts': 'a person who is known already',
  'packages/identity/src/service-accounts.ts': 'a key that is taken',
  'packages/audit/src/bundle.ts': 'a folder on the own machine',
  'packages/plugin-host/src/registry.ts': 'a misuse by the program',
  'packages/workflows/src/runs.ts': 'a name that is taken',
  'subgraphs/models/src/schema/attestation.ts': 'a key that is taken; a trust that ended already',
  'subgraphs/models/src/store/attestations.ts': 'a signature that is there',
  'subgraphs/deployments/src/schema/monitor.ts': 'a name that is taken; another process at the same work',
  'subgraphs/experiments/src/store/pipeline-starts.ts': 'a key of idempotency that is taken',
  'subgraphs/experiments/src/store/pipeline-triggers.ts': 'a name that is taken',
  'subgraphs/experiments/src/store/run-access.ts': 'a run that another process holds',
  'subgraphs/experiments/src/store/run-log.ts': 'a parameter that is set; message and details have both values',
  'subgraphs/experiments/src/store/run-queue.ts': 'a run that another process holds',
  'subgraphs/experiments/src/store/run-writes.ts': 'a path that is taken',
  'subgraphs/features/src/store/erase-subject.ts': 'a change at the same time',
  'subgraphs/features/src/store/erased-subjects.ts': 'a change at the same time',
  'subgraphs/models/src/store/alias-rollback.ts': 'a change at the same time',
  'subgraphs/models/src/store/cards.ts': 'a change at the same time',
  'subgraphs/models/src/store/gates.ts': 'a change at the same time',
  'subgraphs/models/src/store/writes.ts': 'a name that is taken',
};
/** Errors that name a rule and are no refusal. */
const NAMED: Readonly<Record<string, string>> = {
  'packages/policy/src/ability.ts': 'who may do it is not for everybody to know; explainPolicy tells who may ask',
};

const sources = globSync('{packages,subgraphs}/*/src/**/*.ts', { cwd: root })
  .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
  .sort();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What a builder refuses with: errors it throws, or checks that it answers. */
async function said(refuse: () => unknown): Promise<Refusal[]> {
  try {
    const answered = await refuse();
    return Array.isArray(answered) ? answered : [];
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    const { details, message } = error;
    const refusals = (details.refusals ?? [details]) as Refusal[];
    for (const { rule, found, limit, whatToDo } of refusals)
      for (const part of [rule, found, limit, whatToDo]) expect(message).toContain(part);
    return refusals;
  }
}

const zones = (targetZone: string, allowedZones: readonly string[], ruleId: 'WORKSPACE_ZONES' | 'INHERITED_ZONES') =>
  assertZoneAmong({ targetZone, allowedZones, ruleId, operation: 'store' });
const residency = (categories: readonly string[], dataZone: string, workspaceZones: readonly string[]) =>
  assertResidency({ categories, dataZone, targetZone: 'US', operation: 'serve', workspaceZones } as never);
const decide = (given: Partial<Parameters<typeof requireIndependent>[1]>, kind = 'USER', roles = ['approver']) =>
  requireIndependent(
    { id: 'pr_1', kind, roles },
    { role: 'approver', accepted: ['approver'], involved: [], involvedAs: 'an author', askedBy: 'the stage', ...given },
  );
const budgets = (budgetDecision: unknown) =>
  assertBudget({ platform: { graph: { query: async () => ({ budgetDecision }) } }, request: {} } as never, {});
const spent = (spent: number, estimate: number) => [
  judgeBudget({ name: 'gpu', amount: 10, currency: 'AED', warnPercent: 80, spent, estimate, overriddenUntil: null })
    .refusal,
];
const verdict = (status: string, reason: string) =>
  assertDeployable([
    {
      checkId: 'RES-001',
      title: 'Zone',
      gate: 'BLOCK_DEPLOYMENT',
      references: [],
      status,
      reason,
      evidence: {},
    } as never,
  ]);
const step = (from: string, to: string, closedAt: Date | null = null) =>
  assertTransition({ from, to, assigneeId: null, text: closedAt ? 'again' : null, closedAt, now: new Date() } as never);
const registered = (changes: object) =>
  lineageOf(registrableRun(changes), () => ({ zones: ['SA'], categories: [] }) as never);

const score = { rows: 10, baseRate: 0.1, scores: { gain: 0.1 }, baselines: [] };
const version = { id: 'mv_2', version: 2, digest: 'sha256:b', trainingSetDigest: null, evaluation: score };
const facts: PromotionFacts = {
  alias: 'champion',
  version: { ...version, parity: null, intakePassed: false, origin: 'EXTERNAL', vouchers: [] },
  champions: new Map<string, typeof version | 'HIDDEN'>([
    ['champion', { ...version, id: 'mv_1', evaluation: { ...score, scores: { gain: 0.5 } } }],
    ['hidden', 'HIDDEN'],
  ]),
  card: null,
  compliance: {
    infos: [],
    results: [{ checkId: 'MDL-002', status: 'FAIL', reason: '', evidence: [] } as never],
    waivers: new Map(),
  },
};
const against = { operator: 'GT', unit: 'ABSOLUTE', margin: 0 } as const;
const gates = {
  ...builtInGateSet.definition,
  thresholds: [
    { id: 'low', metric: 'gain', operator: 'GTE', value: 0.9 },
    { id: 'unknown', metric: 'loss', operator: 'LTE', value: 1 },
  ],
  comparisons: [
    { ...against, id: 'champion', metric: 'gain', reference: 'CHAMPION' },
    { ...against, id: 'hidden', metric: 'gain', reference: 'CHAMPION', name: 'hidden' },
    { ...against, id: 'unscored', metric: 'loss', reference: 'CHAMPION' },
    { ...against, id: 'any', metric: 'gain', reference: 'BASELINE' },
    { ...against, id: 'own', metric: 'gain', reference: 'BASELINE', name: 'base rate' },
  ],
  complianceChecks: ['MDL-001', 'MDL-002'],
  cardSections: [...builtInGateSet.definition.cardSections, 'intendedUse'],
  parityRequired: true,
} as typeof builtInGateSet.definition;
const failedGates = () =>
  failedOf(checkGates({ ...builtInGateSet, definition: gates }, facts)).map(({ checkId: rule, ...parts }) => ({
    rule,
    ...parts,
  }));

/** By what they are about: every builder whose parts are put together at run time and need no database. */
const BUILDERS: readonly (readonly [string, () => unknown])[] = [
  ['zones of a law', () => residency(['personal'], 'AE', ['AE'])],
  ['zones of no law', () => residency(['none'], 'AE', ['AE'])],
  ['no zone at all', () => residency(['none'], 'AE', [])],
  ['zones of the workspace', () => zones('US', ['AE'], 'WORKSPACE_ZONES')],
  ['a workspace without zones', () => zones('US', [], 'WORKSPACE_ZONES')],
  ['inherited zones', () => zones('US', ['AE', 'SA'], 'INHERITED_ZONES')],
  ['zones that exclude each other', () => zones('US', [], 'INHERITED_ZONES')],
  ['a service account that decides', () => decide({}, 'SERVICE')],
  ['an author who decides', () => decide({ involved: ['pr_1'] })],
  ['a role that is not asked for', () => decide({ role: 'admin' })],
  ['a decision that nobody asks for', () => decide({ accepted: [] })],
  ['a role that is not held', () => decide({}, 'USER', [])],
  ['a budget that is spent', () => spent(11, 0)],
  ['a budget that would be spent', () => spent(5, 6)],
  ['a budget that blocks', () => budgets({ verdict: 'BLOCK', refusals: spent(11, 0) })],
  ['a budget that blocks and says nothing', () => budgets({ verdict: 'BLOCK', refusals: [] })],
  ['a budget that nobody answers for', () => budgets(null)],
  ['a compliance check that failed', () => verdict('FAIL', 'The zone is not allowed.')],
  ['a compliance check that said nothing', () => verdict('UNKNOWN', '')],
  ['gates of a promotion', failedGates],
  ['a direct move of a protected alias', () => directMove('champion', true, { reason: null, breakGlass: false })],
  ['a run that has not succeeded', () => registered({ state: 'FAILED' })],
  ['a run without parity', () => registered({ parity: null })],
  [
    'a run whose parity failed',
    () => registered({ parity: { rows: 1, maxDifference: 1, tolerance: 0.1, passed: false } }),
  ],
  ['a run without a model', () => registered({ modelDigest: null })],
  ['a model outside the zones of its data', () => registered({ zone: 'AE' })],
  ['a pickle', () => takeModel(Uint8Array.from([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x2e]), null)],
  ['an empty model file', () => takeModel(new Uint8Array(), null)],
  [
    'a model file of noise',
    () =>
      takeModel(
        Uint8Array.from({ length: 64 }, (_, place) => (place * 37) % 251),
        null,
      ),
  ],
  [
    'a training set that may not be read',
    () =>
      rebuildInput(
        { id: 'ts_1', name: 'a', digest: null, manifest: null, labelSource: null, featureService: null },
        'x',
      ),
  ],
  [
    'bounds of a stage',
    () =>
      refuseUnless(
        brokenBounds([
          { rule: 'ROWS', found: 3, minimum: 10, whatToDo: 'look at the sources' },
          { rule: 'LABEL_RATE', found: null, maximum: 0.5, whatToDo: 'look at the label' },
        ]),
      ),
  ],
  ['an incident that stays closed', () => step('CLOSED', 'REOPENED', new Date(0))],
  ...incidentStates.flatMap((from) =>
    incidentStates
      .filter((to) => !nextStates(from).includes(to))
      .map((to) => [`an incident from ${from} to ${to}`, () => step(from, to)] as const),
  ),
  ['an incident without assignee', () => step('NEW', 'IN_PROGRESS')],
  ['an incident without text', () => step('NEW', 'RESOLVED')],
];

describe('refusals', () => {
  it('stand in one place', () => {
    expect(sources.length).toBeGreaterThan(300);
    const bare = new RegExp(`new PlatformError\\(\\s*'(?:${CODES.join('|')})'`);
    expect(sources.filter((path) => bare.test(read(path)))).toEqual(Object.keys(REASONS).sort());
    const conflict = /new PlatformError\(\s*'CONFLICT'/;
    expect(sources.filter((path) => conflict.test(read(path)))).toEqual(Object.keys(CONFLICTS).sort());
    const half = /new PlatformError\([^;]*?\b(?:rule|whatToDo)\b[:,]/;
    const named = sources.filter((path) => path !== 'packages/runtime/src/refusal.ts' && half.test(read(path)));
    expect(named).toEqual(Object.keys(NAMED).sort());
  });

  it('leave nothing blank, and say what to do as it is read after "What to do:"', () => {
    const parts = sources.flatMap((path) =>
      [...read(path).matchAll(/\b(rule|found|limit|whatToDo): '((?:[^'\\]|\\.)*)'/g)].map(([, name, text]) => ({
        path,
        name,
        text: text ?? '',
      })),
    );
    expect(parts.filter(({ name }) => name === 'whatToDo').length).toBeGreaterThan(40);
    expect(parts.filter(({ text }) => text.trim() === '')).toEqual([]);
    expect(parts.filter(({ name, text }) => name === 'whatToDo' && /\.$|^[A-Z][a-z]/.test(text))).toEqual([]);
    expect(parts.filter(({ name, text }) => name === 'rule' && !/^[A-Z][A-Z0-9_]+$/.test(text))).toEqual([]);
  });

  it('carry all four in their details and their message', () => {
    const refusal = { rule: 'ONE_SHADOW', found: 'shadow sh_1', limit: 'one', whatToDo: 'stop it first' };
    expect(refused(refusal, 'PRECONDITION_FAILED', { endpointId: 'e' })).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: 'ONE_SHADOW: found shadow sh_1, needed one. What to do: stop it first.',
      details: { ...refusal, endpointId: 'e' },
    });
    const both = refusedByAll([refusal, { ...refusal, rule: 'ANOTHER' }], 'BUDGET_EXCEEDED');
    expect(both.details).toEqual({ refusals: [refusal, { ...refusal, rule: 'ANOTHER' }] });
    expect(both.message).toMatch(/ONE_SHADOW: .* ANOTHER: /);
  });

  it.each(BUILDERS)('say all four: %s', async (_, refuse) => {
    const refusals = await said(refuse);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { rule, found, limit, whatToDo } of refusals)
      for (const part of [rule, found, limit, whatToDo]) {
        expect(part).toMatch(/\S/);
        expect(part).not.toMatch(/undefined|null|NaN|\[object|\s\s|\s$/);
      }
  });
});
