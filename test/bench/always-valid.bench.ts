/**
 * Ten thousand A/A tests of each kind of metric, looked at after every hundred further subjects: how often peeking finds
 * a difference that is not there, by the always-valid test and, beside it, by a test that is meant for one look.
 * With FALAJ_BENCH_STORE=1 some hundred more go through exposures and outcomes in PostgreSQL, which takes a minute.
 */
import {
  type ArmSample,
  compareMeans,
  compareProportions,
  compareSequentially,
  smallestLook,
} from '@falaj/subgraph-deployments/statistics';
import { randomFrom } from '../random.js';
import { peekThroughStore } from './always-valid-store.js';
import type { Figure } from './figure.js';

const TESTS = 10_000;
const ALPHA = 0.05;
/** Subjects of each arm between two looks, and in the end. */
const STEP = 50;
const SUBJECTS = 5000;
const POWER_TESTS = 2000;

export async function run(): Promise<Figure[]> {
  const conversion = { proportion: true, draw: bernoulli };
  const revenue = { proportion: false, draw: exponential };
  const proportions = peek(conversion, TESTS, 0.1, 0.1, 1);
  const means = peek(revenue, TESTS, 1, 1, 2);
  const found = peek(conversion, POWER_TESTS, 0.1, 0.13, 3);
  print('10,000 A/A tests of a conversion of 10 %, 100 looks each', proportions);
  print('10,000 A/A tests of an exponential mean, 100 looks each', means);
  print('a conversion of 10 % against 13 %', found);
  return [
    {
      name: 'always-valid.false-verdicts-proportion',
      value: proportions.sequential * 100,
      unit: '%',
      op: '<=',
      bar: 5,
    },
    { name: 'always-valid.false-verdicts-mean', value: means.sequential * 100, unit: '%', op: '<=', bar: 5 },
    // A test that never says anything would have no false verdict either.
    { name: 'always-valid.power-at-3-points', value: found.sequential * 100, unit: '%', op: '>=', bar: 80 },
    ...(process.env.FALAJ_BENCH_STORE === '1' ? await peekThroughStore() : []),
  ];
}

function print(what: string, { sequential, naive, stoppedAt }: Peeked): void {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  process.stdout.write(
    `${what}: verdicts ${percent(sequential)} always-valid (mean end ${Math.round(stoppedAt)} subjects an arm), ${percent(naive)} by a fixed-horizon test looked at as often\n`,
  );
}

interface Metric {
  readonly proportion: boolean;
  draw(random: () => number, mean: number): number;
}

interface Peeked {
  /** Shares of the tests with a verdict at some look. */
  readonly sequential: number;
  readonly naive: number;
  /** Mean size of an arm when the always-valid test ended. */
  readonly stoppedAt: number;
}

function peek({ proportion, draw }: Metric, tests: number, control: number, treatment: number, seed: number): Peeked {
  const random = randomFrom(seed);
  let sequential = 0;
  let naive = 0;
  let ends = 0;
  for (let test = 0; test < tests; test++) {
    const arms: [Mutable<ArmSample>, Mutable<ArmSample>] = [
      { n: 0, sum: 0, sumOfSquares: 0 },
      { n: 0, sum: 0, sumOfSquares: 0 },
    ];
    let foundAt = 0;
    let foundNaively = false;
    while (arms[0].n < SUBJECTS && !(foundAt > 0 && foundNaively)) {
      for (const [place, arm] of arms.entries()) {
        for (let i = 0; i < STEP; i++) {
          const value = draw(random, place === 0 ? control : treatment);
          arm.n++;
          arm.sum += value;
          arm.sumOfSquares += value * value;
        }
      }
      if (!arms.every((arm) => smallestLook(arm, proportion))) continue;
      if (foundAt === 0 && compareSequentially(arms[0], arms[1], ALPHA).pValue < ALPHA) foundAt = arms[0].n;
      const once = proportion ? compareProportions : compareMeans;
      foundNaively ||= once(arms[0], arms[1], ALPHA).pValue < ALPHA;
    }
    if (foundAt > 0) sequential++;
    if (foundNaively) naive++;
    ends += foundAt > 0 ? foundAt : SUBJECTS;
  }
  return { sequential: sequential / tests, naive: naive / tests, stoppedAt: ends / tests };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const bernoulli = (random: () => number, mean: number): number => (random() < mean ? 1 : 0);
const exponential = (random: () => number, mean: number): number => -mean * Math.log(1 - random());
