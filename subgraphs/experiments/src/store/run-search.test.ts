// The filter language has two readings: SQL, and the one below, written from the guide alone. Random filters over random
// runs must find the same in both.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf } from '../domain/run-log.js';
import type { Comparison, Expression, FieldName, Literal } from '../domain/run-search/expression.js';
import { parseFilter } from '../domain/run-search/parse.js';
import { type Experiments, openExperiments } from '../testing/open-experiments.js';
import { saveParameters, savePoints, saveTags } from './run-log.js';
import { searchRuns } from './run-search.js';
import { insertLoggedRun } from './run-writes.js';

interface TestRun {
  readonly id: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string | number | Date | null>>;
}

// Reading one: values in memory ---------------------------------------------------------------------------------------

function valueIn(run: TestRun, { scope, name }: FieldName): Literal | null {
  const values: Readonly<Record<string, Literal | null>> = run[scope];
  return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

function equal(found: Literal, wanted: Literal): boolean {
  if (found instanceof Date) return found.getTime() === (wanted as Date).getTime();
  if (typeof wanted === 'number' && typeof found === 'string')
    return /^-?[\d.]+$/.test(found) && Number(found) === wanted;
  return found === wanted || (Number.isNaN(found) && Number.isNaN(wanted));
}

function ordered(found: Literal, operator: string, wanted: Literal): boolean {
  if (typeof found === 'string' && !/^-?[\d.]+$/.test(found)) return false;
  const [a, b] = [Number(found), Number(wanted)];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function like(text: string, pattern: string, ignoreCase: boolean): boolean {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '%') source += '.*';
    else if (character === '_') source += '.';
    else source += (character === '\\' ? (pattern[++at] as string) : character).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su').test(text);
}

function compares(found: Literal, comparison: Comparison): boolean {
  if (comparison.kind === 'IS_NULL') return true;
  if (comparison.kind === 'LIKE')
    return like(String(found), comparison.pattern, comparison.ignoreCase) !== comparison.negated;
  if (comparison.kind === 'IN') return comparison.values.some((value) => equal(found, value)) !== comparison.negated;
  if (comparison.operator === '=') return equal(found, comparison.value);
  if (comparison.operator === '!=') return !equal(found, comparison.value);
  return ordered(found, comparison.operator, comparison.value);
}

function matches(run: TestRun, expression: Expression): boolean {
  if (expression.kind === 'AND') return expression.parts.every((part) => matches(run, part));
  if (expression.kind === 'OR') return expression.parts.some((part) => matches(run, part));
  if (expression.kind === 'NOT') return !matches(run, expression.part);
  const found = valueIn(run, expression.field);
  if (expression.kind === 'IS_NULL') return (found === null) !== expression.negated;
  return found !== null && compares(found, expression);
}

// Random runs and filters ---------------------------------------------------------------------------------------------

let seed = 20_261_123;
/** Mulberry32: the same runs and filters in every run of the test. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const some = <T>(names: readonly string[], value: () => T): Record<string, T> =>
  Object.fromEntries(names.filter(() => random() < 0.7).map((name) => [name, value()]));

const NUMBERS = [0, 1, -1, 0.5, 0.7, 2.5, 1e-300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const LONG = 'long '.repeat(40);
const TEXTS = [
  'risk',
  'risk-uae',
  'Risk',
  'growth',
  '',
  '%',
  'a_b',
  "it's",
  'خطر',
  'back\\slash',
  `${LONG}1`,
  `${LONG}2`,
];
const PARAMETERS = ['6', '6.0', '0.5', '-1', 'gbdt', 'tfjs', '', '1e3x', ...TEXTS.slice(0, 4), `${LONG}1`];
const METRIC_NAMES = ['auc', 'log loss', 'val/acc', 'x"y'];
const STATES = ['RUNNING', 'SUCCEEDED', 'FAILED'];
const times = [0, 1, 2, 3].map((day) => new Date(Date.UTC(2026, 2, 1 + day, 8, 30)));

const makeRun = (place: number): TestRun => ({
  id: `run_${String(place).padStart(3, '0')}`,
  metrics: some(METRIC_NAMES, () => pick(NUMBERS)),
  params: some(['depth', 'learning rate', 'trainer'], () => pick(PARAMETERS)),
  tags: some(['team', 'note'], () => pick(TEXTS)),
  attributes: {
    name: pick(TEXTS.slice(0, 4)),
    state: pick(STATES),
    step: pick([0, 1, 5, 100]),
    startedAt: pick(times),
    finishedAt: random() < 0.5 ? pick(times) : null,
    seed: null,
    trainer: null,
    zone: 'AE',
    kind: 'LOGGED',
  },
});

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const named = (name: string): string =>
  /^\w+$/.test(name) ? name : random() < 0.5 ? `"${name.replaceAll('"', '""')}"` : `\`${name}\``;
const OPERATORS = ['=', '!=', '<>', '<', '<=', '>', '>='];
const PATTERNS = [
  'risk%',
  '%',
  '_isk',
  'R%',
  '%uae',
  'a\\_b',
  '\\%',
  'long%2',
  '%خ%',
  '',
  'خط%',
  'long long%1',
  'it_s%',
  'back\\\\slash',
  '%1',
  '6%',
];

function comparison(): string {
  const kind = pick(['metrics', 'metrics', 'params', 'params', 'tags', 'text', 'step', 'time'] as const);
  const not = random() < 0.4 ? 'NOT ' : '';
  const list = (value: () => string) =>
    `${not}IN (${Array.from({ length: 1 + Math.floor(random() * 4) }, value).join(', ')})`;
  const numeric = (value: () => string): string => {
    const operator = pick(OPERATORS);
    const literal = value();
    return /[<>]=?$/.test(operator) && operator !== '<>' && literal === 'NaN'
      ? `= ${literal}`
      : `${operator} ${literal}`;
  };
  const textual = (value: () => string): string =>
    pick([
      () => `${pick(['=', '!='])} ${value()}`,
      () => list(value),
      () => `${not}${pick(['LIKE', 'ILIKE'])} ${quoted(pick(PATTERNS))}`,
    ])();
  const field = {
    metrics: () => `${pick(['metrics', 'metric'])}.${named(pick(METRIC_NAMES))}`,
    params: () => `params.${named(pick(['depth', 'learning rate', 'trainer']))}`,
    tags: () => `tags.${pick(['team', 'note'])}`,
    text: () => `attributes.${pick(['name', 'state', 'trainer', 'zone', 'kind'])}`,
    step: () => `attributes.${pick(['step', 'seed'])}`,
    time: () => `attributes.${pick(['startedAt', 'finishedAt'])}`,
  }[kind]();
  if (random() < 0.12) return `${field} IS ${not}NULL`;
  const number = () => String(pick(NUMBERS));
  const plainNumber = () => String(pick([0, 6, 0.5, -1, 1, 100]));
  if (kind === 'metrics') return `${field} ${random() < 0.2 ? list(number) : numeric(number)}`;
  if (kind === 'step') return `${field} ${random() < 0.2 ? list(plainNumber) : numeric(plainNumber)}`;
  if (kind === 'time') return `${field} ${numeric(() => quoted(pick(times).toISOString()))}`;
  if (kind === 'params' && random() < 0.5)
    return `${field} ${random() < 0.2 ? list(plainNumber) : numeric(plainNumber)}`;
  const texts = kind === 'params' ? PARAMETERS : kind === 'text' ? [...TEXTS.slice(0, 4), ...STATES, 'AE'] : TEXTS;
  return `${field} ${textual(() => quoted(pick(texts)))}`;
}

function filter(depth: number): string {
  const roll = depth <= 0 ? 0 : random();
  if (roll < 0.3) return comparison();
  if (roll < 0.45) return `NOT ${filter(depth - 1)}`;
  const parts = Array.from({ length: 2 + Math.floor(random() * 2) }, () => filter(depth - 1));
  return `(${parts.join(pick([' AND ', ' OR ', ' and ', ' or ']))})`;
}

// The comparison ------------------------------------------------------------------------------------------------------

const RUNS = Array.from({ length: 60 }, (_, place) => makeRun(place));
const FILTERS = 2_400;
const scientist = person('data-scientist');
let world: Experiments;

beforeAll(async () => {
  world = await openExperiments({
    extra: [
      // Learners may see parameters of succeeded runs only, and no metric of runs called "growth".
      {
        id: 'learner',
        effect: 'ALLOW',
        actions: ['read'],
        subject: 'Run',
        classes: ['open', 'internal', 'sensitive'],
        roles: ['learner'],
        reason: 'LEARNING',
      },
      {
        id: 'learner-values',
        effect: 'ALLOW',
        actions: ['read'],
        subject: 'Metric',
        roles: ['learner'],
        reason: 'LEARNING',
      },
      {
        id: 'learner-params',
        effect: 'ALLOW',
        actions: ['read'],
        subject: 'RunParameter',
        roles: ['learner'],
        reason: 'LEARNING',
      },
      {
        id: 'hidden-params',
        effect: 'DENY',
        actions: ['read'],
        subject: 'Run',
        fields: ['params'],
        conditions: { state: { $ne: 'SUCCEEDED' } },
        roles: ['learner'],
        reason: 'NOT_FINISHED',
      },
    ],
  });
  await world.test.database.asSystem(async (tx) => {
    for (const run of RUNS) {
      const owner = { workspaceId: 'w1', ownerId: 'p', owner: 'p' };
      const logged = { id: run.id, workspaceId: 'w1', zone: 'AE' };
      const { name, state, step, startedAt, finishedAt } = run.attributes;
      await insertLoggedRun(tx, {
        ...owner,
        id: run.id,
        zone: 'AE',
        experimentId: 'e',
        name: name as string,
        allowedZones: ['AE'],
        categories: ['none'],
        startedAt: startedAt as Date,
      });
      await tx.execute(
        sql`update experiments.run set state = ${state}, step = ${step}, finished_at = ${(finishedAt as Date | null)?.toISOString() ?? null}::timestamptz where id = ${run.id}`,
      );
      const series = Object.entries(run.metrics).map(([key, value]) => ({
        key,
        steps: [1, 2],
        values: [0.123, value],
      }));
      await savePoints(tx, logged, columnsOf(series, new Date()));
      const entries = (values: Readonly<Record<string, string>>) =>
        Object.entries(values).map(([key, value]) => ({ key, value }));
      await saveParameters(tx, logged, entries(run.params));
      await saveTags(tx, logged, entries(run.tags));
    }
    await tx.execute(sql`insert into experiments.run (id, workspace_id, zone, experiment_id, kind, name, state, allowed_zones, categories, owner_id, owner)
      values ('elsewhere', 'w1', 'SA', 'e', 'LOGGED', 'risk', 'RUNNING', '{SA}', '{none}', 'p', 'p'),
        ('theirs', 'w2', 'AE', 'e', 'LOGGED', 'risk', 'RUNNING', '{AE}', '{none}', 'p', 'p')`);
  });
});
afterAll(() => world?.close());

const search = async (text: string, who = scientist): Promise<string[]> => {
  const context = await world.contextOf(who);
  const page = await searchRuns(context, {
    filter: parseFilter(text),
    order: null,
    experimentIds: [],
    includeArchived: false,
    first: 500,
  });
  expect(await page.totalCount()).toBe(page.edges.length);
  return page.edges.map(({ node }) => (node as { id: string }).id).sort();
};

it(`finds what the in-memory reading finds, for ${FILTERS} random filters over ${RUNS.length} runs`, async () => {
  const differences: string[] = [];
  let found = 0;
  for (let round = 0; round < FILTERS; round++) {
    const text = filter(3);
    const expression = parseFilter(text) as Expression;
    const expected = RUNS.filter((run) => matches(run, expression)).map(({ id }) => id);
    const answer = await search(text);
    found += answer.length;
    if (answer.join() !== expected.join()) differences.push(`${text}\n  SQL ${answer}\n  memory ${expected}`);
  }
  expect(differences).toEqual([]);
  // Neither all nor nothing: the filters distinguish.
  expect(found / FILTERS).toBeGreaterThan(RUNS.length * 0.1);
  expect(found / FILTERS).toBeLessThan(RUNS.length * 0.9);
}, 300_000);

describe('policy', () => {
  it('refuses a filter and an order by what the caller never sees, naming the field', async () => {
    const viewer = person('viewer');
    for (const argument of [
      'filter: "metrics.auc > 0"',
      'orderBy: "metrics.auc"',
      'filter: "attributes.owner = \'p\'"',
    ]) {
      const answer = await world.ask(viewer, `{ searchRuns(${argument}) { totalCount } }`);
      expect(answer.code).toBe('FORBIDDEN_FILTER');
    }
    expect((await world.ask(viewer, `{ searchRuns(filter: "params.depth = 6") { totalCount } }`)).code).toBeUndefined();
  });

  it('leaves out rows whose field is masked, whatever the filter says of it', async () => {
    const learner = person('learner');
    const visible = RUNS.filter((run) => run.attributes.state === 'SUCCEEDED').map(({ id }) => id);
    for (const text of [
      'params.depth IS NULL',
      'NOT params.depth = 6',
      "params.trainer != 'x'",
      'NOT (params.depth > 0 OR params.depth IS NULL)',
    ])
      expect(visible).toEqual(expect.arrayContaining(await search(text, learner)));
    const all = await search('params.depth IS NULL OR params.depth IS NOT NULL', learner);
    expect(all).toEqual(visible);
  });

  it('sorts masked values as if they were not there', async () => {
    const answer = await world.ask(
      person('learner'),
      `{ searchRuns(orderBy: "params.depth DESC", first: 500) { edges { node { id state } } totalCount } }`,
    );
    const edges: { node: { id: string; state: string } }[] = answer.data.searchRuns.edges;
    expect(answer.data.searchRuns.totalCount).toBe(RUNS.length);
    const numbers = edges.map(({ node }) => {
      const run = RUNS.find(({ id }) => id === node.id);
      const number = Number.parseFloat(run?.params.depth ?? '');
      return node.state === 'SUCCEEDED' && /^-?[\d.]+$/.test(run?.params.depth ?? '')
        ? number
        : Number.NEGATIVE_INFINITY;
    });
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
  });
});

describe('pages', () => {
  it.each([
    ['metrics.auc', 'DESC'],
    ['metrics."log loss"', 'ASC'],
    ['params.depth', 'ASC'],
    ['tags.team', 'DESC'],
    ['attributes.startedAt', 'ASC'],
    ['attributes.finishedAt', 'DESC'],
    ['attributes.step', 'DESC'],
    ['attributes.name', 'ASC'],
  ])('in order of %s %s hold every run once, what is not there last', async (field, direction) => {
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const answer: Awaited<ReturnType<Experiments['ask']>> = await world.ask(
        scientist,
        `query ($orderBy: String, $after: String) { searchRuns(orderBy: $orderBy, first: 7, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } totalCount } }`,
        { orderBy: `${field} ${direction}`, after },
      );
      const { edges, pageInfo, totalCount } = answer.data.searchRuns;
      expect(totalCount).toBe(RUNS.length);
      ids.push(...edges.map((edge: { node: { id: string } }) => edge.node.id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    const expression = parseFilter(`${field} IS NULL`) as Extract<Expression, { kind: 'IS_NULL' }>;
    const keyOf = (run: TestRun): number | string | null => {
      const value = valueIn(run, expression.field);
      if (value === null || value instanceof Date) return value === null ? null : value.getTime();
      if (expression.field.scope === 'params') return /^-?[\d.]+$/.test(String(value)) ? Number(value) : null;
      return Number.isNaN(value) ? null : value;
    };
    const bytes = (text: string) => Buffer.from([...text].slice(0, 100).join(''));
    const compare = (a: number | string, b: number | string): number =>
      typeof a === 'string' ? Buffer.compare(bytes(a), bytes(String(b))) : a === b ? 0 : a < (b as number) ? -1 : 1;
    const expected = [...RUNS].sort((left, right) => {
      const [a, b] = [keyOf(left), keyOf(right)];
      const byId = left.id < right.id ? -1 : 1;
      if (a === null || b === null) return a === b ? byId : a === null ? 1 : -1;
      return compare(a, b) * (direction === 'DESC' ? -1 : 1) || byId;
    });
    expect(ids).toEqual(expected.map(({ id }) => id));
  });

  it('belong to their search: a cursor of another one is refused', async () => {
    const first = await world.ask(
      scientist,
      `{ searchRuns(first: 2, orderBy: "metrics.auc") { pageInfo { endCursor } } }`,
    );
    const after = first.data.searchRuns.pageInfo.endCursor;
    const other = await world.ask(
      scientist,
      `{ searchRuns(first: 2, orderBy: "metrics.auc DESC", after: "${after}") { totalCount } }`,
    );
    expect(other.code).toBe('BAD_USER_INPUT');
  });
});

it('reads chosen metrics and parameters of a whole page in one statement each', async () => {
  const context = await world.contextOf(scientist);
  let transactions = 0;
  const { database } = context.platform;
  const counted = new Proxy(database, {
    get(target, property) {
      if (property === 'inWorkspace') transactions += 1;
      return Reflect.get(target, property) as unknown;
    },
  });
  Object.assign(context.platform, { database: counted });
  const answer = await world.ask(
    scientist,
    `{ searchRuns(first: 50) { edges { node { id metrics(keys: ["auc"]) { key } params(keys: ["depth", "trainer"]) { key } tags { key } } } totalCount } }`,
  );
  Object.assign(context.platform, { database });
  expect(answer.data.searchRuns.edges).toHaveLength(50);
  const keys = answer.data.searchRuns.edges.flatMap((edge: { node: { metrics: { key: string }[] } }) =>
    edge.node.metrics.map(({ key }) => key),
  );
  expect(new Set(keys)).toEqual(new Set(['auc']));
  // Ids, rows, count, metrics, parameters, tags.
  expect(transactions).toBe(6);
});
