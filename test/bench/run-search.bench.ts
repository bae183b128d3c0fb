/**
 * A search over 30,000 runs with 20 metrics, 5 parameters and 2 tags each: filtered by metric, parameter and tag, sorted
 * by another metric, a page of 50 with five metrics and three parameters of each run, through the subgraph as the graph
 * asks it, with policy and row-level security on. Thresholds rotate, so that no answer serves twice; the slowest search of
 * each kind counts, not the mean.
 *
 * `EXPLAIN ANALYZE` of the very statement, as the app role, must show an index scan on the metric; a plan without one ends
 * the benchmark. Counting must be one statement, which is counted.
 */
import {
  openExperiments,
  pageStatement,
  parseFilter,
  parseOrder,
  type RunSearch,
  searchRuns,
} from '@falaj/subgraph-experiments/testing';
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import type { Figure } from './figure.js';

const RUNS = 30_000;
const METRICS = 20;
const SEARCHES = 12;
const BAR_SECONDS = 1;

const SEARCH = `query ($filter: String, $orderBy: String, $after: String) {
  searchRuns(filter: $filter, orderBy: $orderBy, first: 50, after: $after) {
    edges { node { id name state metrics(keys: ["metric-1", "metric-2", "metric-3", "metric-4", "metric-5"]) { key value }
      params(keys: ["trainer", "depth", "eta"]) { key value } } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const COUNT = `query ($filter: String) { searchRuns(filter: $filter, first: 1) { totalCount } }`;

const scientist = person('data-scientist');
type World = Awaited<ReturnType<typeof openExperiments>>;

/** Narrow: one run in a hundred. Broad: two in three, by an OR over all three tables. */
const narrow = (round: number) =>
  `metrics.metric-1 > ${(0.99 + round * 1e-4).toFixed(4)} AND params.trainer = 'gbdt' AND attributes.state IN ('SUCCEEDED')`;
const broad = (round: number) =>
  `(metrics.metric-1 > ${(0.6 + round * 1e-3).toFixed(4)} OR params.trainer = 'gbdt' OR tags.team LIKE 'risk%') AND NOT metrics.metric-3 < 0.01`;

export async function run(): Promise<Figure[]> {
  const world = await openExperiments();
  try {
    await fill(world.test.url);
    const pages = { narrow: 0, broad: 0, deep: 0, count: 0 };
    for (let round = 0; round < SEARCHES; round++) {
      pages.narrow = Math.max(pages.narrow, await timed(world, narrow(round), 'metrics.metric-2 DESC'));
      pages.broad = Math.max(pages.broad, await timed(world, broad(round), 'metrics.metric-2 DESC'));
      pages.deep = Math.max(pages.deep, await secondPage(world, broad(round)));
      pages.count = Math.max(pages.count, await counted(world, broad(round)));
    }
    const scans = await indexScans(world, narrow(0));
    const counts = await statementsOfCount(world, broad(0));
    return [
      figure('narrow-page', pages.narrow),
      figure('broad-page', pages.broad),
      figure('next-page', pages.deep),
      figure('count', pages.count),
      { name: 'run-search.index-scans-on-the-metric', value: scans, unit: 'scans', op: '>=', bar: 1 },
      { name: 'run-search.statements-of-a-count', value: counts, unit: 'statements', op: '<=', bar: 1 },
    ];
  } finally {
    await world.close();
  }
}

const figure = (name: string, value: number): Figure => ({
  name: `run-search.${name}`,
  value,
  unit: 's',
  op: '<=',
  bar: BAR_SECONDS,
});

async function ask(world: World, document: string, variables: Record<string, unknown>) {
  const start = performance.now();
  const answer = await world.ask(scientist, document, variables);
  if (!answer.data?.searchRuns) throw new Error(answer.message ?? 'no answer');
  return { found: answer.data.searchRuns, seconds: (performance.now() - start) / 1000 };
}

async function timed(world: World, filter: string, orderBy: string): Promise<number> {
  const { found, seconds } = await ask(world, SEARCH, { filter, orderBy });
  if (found.edges.length !== 50) throw new Error(`expected a full page, found ${found.edges.length} runs`);
  return seconds;
}

async function secondPage(world: World, filter: string): Promise<number> {
  const orderBy = 'metrics.metric-2 DESC';
  const { found } = await ask(world, SEARCH, { filter, orderBy });
  return (await ask(world, SEARCH, { filter, orderBy, after: found.pageInfo.endCursor })).seconds;
}

async function counted(world: World, filter: string): Promise<number> {
  const { found, seconds } = await ask(world, COUNT, { filter });
  if (!(found.totalCount > RUNS / 3)) throw new Error(`expected many runs, counted ${found.totalCount}`);
  return seconds;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Index scans on the table of latest metrics in the plan that really ran; a sequential scan of it is a fault. */
async function indexScans(world: World, filter: string): Promise<number> {
  const context = await world.contextOf(scientist);
  const statement = pageStatement(context, searchOf(filter, 'metrics.metric-2 DESC'));
  const rows = await context.transaction((tx) => tx.execute(sql`explain (analyze, format json) ${statement}`));
  const [row] = (rows as unknown as { rows: { 'QUERY PLAN': [{ Plan: PlanNode }] }[] }).rows;
  const nodes: PlanNode[] = [];
  const walk = (node: PlanNode): void => {
    nodes.push(node);
    for (const child of node.Plans ?? []) walk(child);
  };
  if (row) walk(row['QUERY PLAN'][0].Plan);
  const scanned = nodes.filter((node) => /^latest_metric/.test(node['Index Name'] ?? ''));
  for (const node of nodes.filter((one) => one['Relation Name'] || one['Index Name']))
    process.stdout.write(`plan ${node['Node Type']} ${node['Index Name'] ?? node['Relation Name']}\n`);
  if (nodes.some((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'latest_metric'))
    throw new Error('the plan reads all metrics');
  return scanned.length;
}

/** Statements that the total of a page takes, as they are given to the transaction. */
async function statementsOfCount(world: World, filter: string): Promise<number> {
  const context = await world.contextOf(scientist);
  const { database } = context.platform;
  const page = await searchRuns(context, searchOf(filter, null));
  let statements = 0;
  const inWorkspace: typeof database.inWorkspace = (scope, work, options) =>
    database.inWorkspace(
      scope,
      (tx) => {
        const execute = tx.execute.bind(tx);
        tx.execute = ((statement: Parameters<typeof execute>[0]) => {
          statements += 1;
          return execute(statement);
        }) as typeof tx.execute;
        return work(tx);
      },
      options,
    );
  Object.assign(context.platform, { database: { ...database, inWorkspace } });
  try {
    await page.totalCount();
  } finally {
    Object.assign(context.platform, { database });
  }
  return statements;
}

const searchOf = (filter: string, orderBy: string | null): RunSearch => ({
  filter: parseFilter(filter),
  order: orderBy === null ? null : parseOrder(orderBy),
  experimentIds: [],
  includeArchived: false,
  first: 50,
});

async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`select setseed(0.42)`);
    await client.query(`
      insert into experiments.run (id, workspace_id, zone, experiment_id, kind, name, state, allowed_zones, categories,
        owner_id, owner, created_at)
      select 'run_' || lpad(n::text, 8, '0'), 'w1', 'AE', 'e', 'LOGGED', 'trial ' || n,
        case when n % 10 = 0 then 'FAILED' else 'SUCCEEDED' end, '{AE}', '{none}', 'p', 'p',
        timestamptz '2026-01-01' + n * interval '1 minute'
      from generate_series(1, ${RUNS}) n`);
    await client.query(`
      insert into experiments.latest_metric (workspace_id, zone, run_id, key, step, value, logged_at)
      select 'w1', 'AE', 'run_' || lpad(n::text, 8, '0'), 'metric-' || m, 100,
        case when random() < 0.01 then 'NaN'::float8 else random() end, timestamptz '2026-01-01'
      from generate_series(1, ${RUNS}) n, generate_series(1, ${METRICS}) m`);
    await client.query(`
      insert into experiments.run_parameter (workspace_id, zone, run_id, key, value, number)
      select 'w1', 'AE', 'run_' || lpad(n::text, 8, '0'), p.key, p.value, case when p.key in ('trainer', 'loss') then null else p.value::float8 end
      from generate_series(1, ${RUNS}) n, lateral (values
        ('trainer', (array['gbdt', 'tfjs', 'process'])[1 + n % 3]), ('depth', (n % 12)::text), ('eta', (n % 100 / 100.0)::text),
        ('seed', n::text), ('loss', 'logistic')) as p (key, value)`);
    await client.query(`
      insert into experiments.run_tag (workspace_id, zone, run_id, key, value)
      select 'w1', 'AE', 'run_' || lpad(n::text, 8, '0'), t.key, t.value
      from generate_series(1, ${RUNS}) n, lateral (values
        ('team', (array['risk-uae', 'risk-ksa', 'growth', 'cargo', 'crew'])[1 + n % 5]), ('note', 'note ' || n)) as t (key, value)`);
    await client.query('analyze');
  } finally {
    await client.end();
  }
}
