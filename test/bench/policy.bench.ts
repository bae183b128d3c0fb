/**
 * What policy costs: 1,000 runs of 20 fields each, read through the subgraph as the gateway reads them, by a principal to
 * whom 500 rules apply, beside the same read by one to whom everything is open. Twenty of the rules speak of fields of runs,
 * each with a condition of its own on the row, so that every field is decided row by row; one run in twenty has masked
 * fields. Rounds interleave and change places; the median of their differences counts, in CPU time of this process and of the
 * database.
 *
 * And how much longer the caller waits for it, beside the same masks made by asking the ability in memory for each field of each row, which is what a resolver
 * without a plan would do.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Ability, AbilityCache, createNounCatalog, type NounCatalog, type Rule } from '@falaj/policy';
import type { Principal } from '@falaj/runtime';
import { experimentsSubgraph } from '@falaj/subgraph-experiments';
import { openExperiments } from '@falaj/subgraph-experiments/testing';
import { describeSubgraph } from '@falaj/subgraph-kit';
import { person } from '@falaj/subgraph-kit/testing/requests';
import { type ExecutionResult, parse } from 'graphql';
import pg from 'pg';
import { type CpuClock, cpuClock } from './cpu-clock.js';
import type { Figure } from './figure.js';

const RULES = 500;
const ROWS = 1_000;
const PROCESSES = 5;
const ROUNDS = 120;
const WARM_UP = 15;
const NAIVE_ROUNDS = 5;

const FIELDS = [
  ...['name', 'kind', 'state', 'trainer', 'trainingSetId', 'trainingSetDigest', 'allowedZones', 'categories'],
  ...['seed', 'step', 'totalSteps', 'codeReference', 'modelArtifactKey', 'modelDigest', 'error', 'startedAt'],
  ...['finishedAt', 'archivedAt', 'zone', 'ownerId'],
];
const half = (name: string, experiment: string) =>
  `${name}: runs(first: 500, filter: { experimentId: "${experiment}" }) { edges { node { id ${FIELDS.join(' ')} maskedFields } } }`;
const DOCUMENT = parse(`{ ${half('a', 'e')} ${half('b', 'e2')} }`);

const ruled = person('data-scientist');
const open = person('data-scientist', { id: 'p-open' });
type World = Awaited<ReturnType<typeof openExperiments>>;

/** What one process measured, in milliseconds of CPU a read. */
interface Measured {
  readonly off: number;
  /** More than that under 500 rules. */
  readonly extra: number;
  /** How much longer the caller waits for it, on the wall. */
  readonly wait: number;
  readonly naive: number;
}

/** One process compiles the same code faster than the next: the median of five counts. */
export async function run(): Promise<Figure[]> {
  const measured: Measured[] = [];
  for (let process = 0; process < PROCESSES; process++) measured.push(await inProcess());
  const read = median(measured.map(({ off, extra }) => extra / off));
  // A difference below a hundredth of the read is noise.
  const masks = median(measured.map(({ off, wait, naive }) => naive / Math.max(wait, off / 100)));
  return [
    { name: 'policy.read-over-policy-off', value: read * 100, unit: '%', op: '<=', bar: 15 },
    { name: 'policy.in-memory-over-sql-masks', value: masks, unit: 'x', op: '>=', bar: 10 },
  ];
}

async function inProcess(): Promise<Measured> {
  const script = `process.stdout.write('\\n' + JSON.stringify(await (await import(${JSON.stringify(import.meta.url)})).measure()));process.exit()`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const lines = stdout.trim().split('\n');
  process.stdout.write(`${lines.slice(0, -1).join('\n')}\n`);
  return JSON.parse(lines.at(-1) ?? '') as Measured;
}

export async function measure(): Promise<Measured> {
  const world = await openExperiments();
  try {
    await fill(world.test.url);
    const { nouns } = await describeSubgraph(experimentsSubgraph);
    const catalog = createNounCatalog(nouns);
    const rules = rulesOver(catalog);
    const all: readonly Rule[] = [
      { id: 'all', effect: 'ALLOW', actions: ['*'], subject: '*', roles: ['*'], reason: 'OPEN' },
    ];
    // Kept, as the policy store keeps them.
    const cache = new AbilityCache(catalog);
    const abilityOf = (principal: Principal) =>
      principal === open ? cache.get(all, 0, principal) : cache.get(rules, 1, principal);
    const { platform } = await world.contextOf(ruled);
    Object.assign(platform, { abilityFor: async (principal: Principal) => abilityOf(principal) });

    const times = { off: [] as number[], on: [] as number[] };
    const waits = { off: [] as number[], on: [] as number[] };
    let masked = 0;
    let clock: CpuClock = () => performance.now();
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      // By then every connection that will be used is open.
      if (round === 0) clock = await cpuClock(world.test.url);
      const sides = [
        ['off', open],
        ['on', ruled],
      ] as const;
      for (const [side, principal] of round % 2 === 0 ? sides : [...sides].reverse()) {
        const answer = await ask(world, principal, clock);
        if (side === 'on') masked = answer.masked;
        else if (answer.masked > 0) throw new Error('policy is not off');
        if (round < 0) continue;
        times[side].push(answer.milliseconds);
        waits[side].push(answer.waited);
      }
    }
    if (masked < ROWS / 20) throw new Error(`expected masked fields, found ${masked}`);
    // Side by side in each round: what slows the machine for a while slows both.
    const off = median(times.off);
    const more = ({ off, on }: typeof times) => median(on.map((time, round) => time - (off[round] as number)));
    const extraTime = more(times);
    const wait = more(waits);
    const on = off + extraTime;
    const naive = naively(abilityOf(ruled));
    process.stdout.write(
      `policy off ${off.toFixed(2)} ms, on ${on.toFixed(2)} ms with ${masked} fields masked, ${wait.toFixed(2)} ms longer to wait than ${median(waits.off).toFixed(2)} ms; field by field in memory ${naive.toFixed(2)} ms\n`,
    );
    return { off, extra: extraTime, wait, naive };
  } finally {
    await world.close();
  }
}

/** The built-in rules, one conditional rule for each field, and as many others as it takes. */
function rulesOver(catalog: NounCatalog): readonly Rule[] {
  const base = { effect: 'DENY', actions: ['read'], roles: ['data-scientist'], reason: 'BENCH' } as const;
  const fields: Rule[] = FIELDS.map((field, place) => ({
    ...base,
    id: `field-${field}`,
    subject: 'Run',
    fields: [field],
    conditions: {
      state: 'FAILED',
      zone: { $in: ['AE', 'AE-DIFC'] },
      trainer: { $in: [0, 1, 2].map((more) => `trainer-${(place + more) % 20}`) },
    },
  }));
  const made = [...experimentsSubgraph.rules, ...fields];
  const others = catalog.names.filter((name) => name !== 'Run' && catalog.get(name)?.attributes.workspaceId);
  while (made.length < RULES) {
    const place = made.length;
    const subject = others[place % others.length] as string;
    made.push({ ...base, id: `other-${place}`, subject, conditions: { workspaceId: `w-${place}` } });
  }
  return made;
}

async function ask(
  { subgraph }: World,
  principal: Principal,
  clock: CpuClock,
): Promise<{ milliseconds: number; waited: number; masked: number }> {
  const context = { principal, requestId: 'r', traceparent: '', signal: new AbortController().signal };
  const start = clock();
  const asked = performance.now();
  const { data, errors } = (await subgraph.execute({ document: DOCUMENT, variables: {}, context })) as ExecutionResult<
    Record<'a' | 'b', { edges: { node: { maskedFields: string[] } }[] }>
  >;
  const waited = performance.now() - asked;
  const milliseconds = clock() - start;
  const edges = [...(data?.a.edges ?? []), ...(data?.b.edges ?? [])];
  if (errors || edges.length !== ROWS) throw new Error(errors?.[0]?.message ?? `found ${edges.length} runs`);
  const masked = edges.reduce(
    (sum, { node }) => sum + node.maskedFields.filter((field) => FIELDS.includes(field)).length,
    0,
  );
  return { milliseconds, waited, masked };
}

/** Milliseconds to ask for each field of as many rows. */
function naively(ability: Ability): number {
  const rows = Array.from({ length: ROWS }, (_, place) => ({
    workspaceId: 'w1',
    zone: 'AE',
    experimentId: 'e',
    state: place % 19 === 0 ? 'FAILED' : 'SUCCEEDED',
    trainer: `trainer-${place % 20}`,
    ownerId: 'p',
  }));
  const times = Array.from({ length: NAIVE_ROUNDS }, () => {
    const start = performance.now();
    let masked = 0;
    for (const row of rows) for (const field of FIELDS) masked += ability.can('read', 'Run', row, field) ? 0 : 1;
    if (masked === 0) throw new Error('nothing was masked in memory');
    return performance.now() - start;
  });
  return median(times);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`
      insert into experiments.run (id, workspace_id, zone, experiment_id, kind, name, state, trainer, training_set_id,
        training_set_digest, allowed_zones, categories, seed, step, total_steps, code_reference, model_artifact_key,
        model_digest, error, started_at, finished_at, owner_id, owner, created_at)
      select 'run_' || lpad(n::text, 8, '0'), 'w1', 'AE', case when n % 2 = 0 then 'e' else 'e2' end, 'LOGGED', 'trial ' || n,
        case when n % 19 = 0 then 'FAILED' else 'SUCCEEDED' end, 'trainer-' || n % 20, 'ts_' || n, md5(n::text), '{AE}', '{none}',
        n, 100, 100, 'commit ' || md5(n::text), 'runs/' || n, md5(n::text), 'none', now(), now(), 'p', 'p',
        timestamptz '2026-01-01' + n * interval '1 minute'
      from generate_series(1, ${ROWS}) n`);
    await client.query('analyze');
  } finally {
    await client.end();
  }
}
