/**
 * What residency costs a placement that the law allows: runs are logged that read a training set each, over a real
 * PostgreSQL, and the check that each of them passes is run again by itself on the same inputs, so that what remains is the
 * same placement without it. CPU time, for the database waits in another process; sets are rotated; sides of a round change
 * places. Nothing tagged, then everything. The facts of the training sets come from a fake graph: asking for them is not in it.
 */
import { openExperiments, permitRun } from '@falaj/subgraph-experiments/testing';
import { person } from '@falaj/subgraph-kit/testing/requests';
import { type ExecutionResult, parse } from 'graphql';
import type { Figure } from './figure.js';

const SETS = 40;
const RUNS = 40;
const ROUNDS = 20;
const WARM_UP = 3;
/** One check takes microseconds: as many as CPU time can tell. */
const CHECKS = 20_000;

const CREATE = parse('mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } } }');
const scientist = person('data-scientist');
const zones = ['AE', 'AE-ADGM', 'AE-DIFC'];
const kinds = { untagged: ['none'], tagged: ['health'] } as const;
type Kind = keyof typeof kinds;

const setOf = (kind: Kind) => {
  const origin = { zone: 'AE', categories: kinds[kind] };
  return {
    digest: 'sha256:set',
    ...origin,
    allowedZones: zones,
    labelSource: origin,
    featureViews: [{ source: origin }, { source: origin }],
  };
};
const sets = Object.fromEntries(
  (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    Array.from({ length: SETS }, (_, place) => [`${kind}-${place}`, setOf(kind)] as const),
  ),
);

export async function run(): Promise<Figure[]> {
  const world = await openExperiments({ sets });
  try {
    const { platform } = await world.contextOf(scientist);
    const request = { principal: scientist, requestId: 'r', traceparent: '', signal: new AbortController().signal };
    const context = { platform, request, principal: scientist } as unknown as Parameters<typeof permitRun>[0];
    const place = async (kind: Kind, number: number) => {
      const input = { experimentId: 'e', name: 'x', trainingSetIds: [`${kind}-${number % SETS}`], zone: 'AE' };
      const answer = (await world.subgraph.execute({
        document: CREATE,
        variables: { input },
        context: request,
      })) as ExecutionResult;
      if (answer.errors) throw answer.errors[0];
    };
    const spent: Record<Kind, number[]> = { untagged: [], tagged: [] };
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const sides: Kind[] = round % 2 === 0 ? ['untagged', 'tagged'] : ['tagged', 'untagged'];
      for (const kind of sides) {
        const each = await cpuOf(RUNS, (number) => place(kind, round * RUNS + number + WARM_UP * RUNS));
        if (round >= 0) spent[kind].push(each);
      }
    }
    const check = async (kind: Kind) => {
      const own = Array.from({ length: SETS }, () => setOf(kind));
      const one = (number: number) =>
        permitRun(context, [own[number % SETS] as ReturnType<typeof setOf>], zones[number % zones.length] as string);
      await cpuOf(CHECKS / 4, one);
      return cpuOf(CHECKS, one);
    };
    const whole = { untagged: median(spent.untagged), tagged: median(spent.tagged) };
    const checks = { untagged: await check('untagged'), tagged: await check('tagged') };
    process.stdout.write(
      `a placement ${whole.untagged.toFixed(0)} µs untagged, ${whole.tagged.toFixed(0)} µs tagged; its check ${checks.untagged.toFixed(1)} and ${checks.tagged.toFixed(1)} µs\n`,
    );
    return (Object.keys(kinds) as Kind[]).map((kind) => ({
      name: `residency.${kind}-placement-without-check-over-with`,
      value: (whole[kind] - checks[kind]) / whole[kind],
      unit: 'x',
      op: '>=',
      bar: 0.97,
    }));
  } finally {
    await world.close();
  }
}

/** Microseconds of CPU for each of so many, one after the other. */
async function cpuOf(count: number, work: (number: number) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let number = 0; number < count; number++) await work(number);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
