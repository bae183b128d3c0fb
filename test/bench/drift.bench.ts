/**
 * What drift monitoring alarms on. Twenty features of four shapes, 200 windows of 2,000 rows drawn as the reference was:
 * every alarm is false, and the share of windows with one must not exceed the configured rate. Then one feature after
 * another is shifted by 0.2 of its standard deviation: how many windows pass until the alarm.
 *
 * All by the plugin's exact tests, false-discovery control over the features and two discoveries among three windows.
 */
import type { DriftColumn, DriftProfile } from '@falaj/contracts';
import drift from '@falaj/plugin-drift-statistics';
import { createFakeHost, fakeCall } from '@falaj/plugin-testing';
import { adjustedPValues, persists } from '@falaj/subgraph-deployments';
import { randomFrom } from '../random.js';
import type { Figure } from './figure.js';

const FEATURES = 20;
const WINDOWS = 200;
const ROWS = 2000;
const REFERENCE_ROWS = 20_000;
/** Expected share of false discoveries, as a monitor is configured. */
const RATE = 0.05;
const PERSISTENCE = { windows: 2, among: 3 };
const SEED = 20_260_101;

export async function run(): Promise<Figure[]> {
  const host = await createFakeHost();
  const plugin = await drift.open({}, host);
  const random = randomFrom(SEED);
  const profiles: DriftProfile[] = [];
  for (let feature = 0; feature < FEATURES; feature++) {
    const column = draw(feature, REFERENCE_ROWS, 0, random);
    profiles.push(await plugin.profile({ column, bins: 10, sample: 10_000 }, fakeCall()));
  }

  /** Discoveries of one window, per feature; `shifted` has its mean moved. */
  const judge = async (shifted: number, by: number): Promise<boolean[]> => {
    const pValues: number[] = [];
    for (const [feature, profile] of profiles.entries()) {
      const window = draw(feature, ROWS, feature === shifted ? by : 0, random);
      const test = profile.kind === 'NUMERIC' ? 'KOLMOGOROV_SMIRNOV' : 'CHI_SQUARE';
      const [score] = await plugin.compare({ profile, window, tests: [test] }, fakeCall());
      pValues.push(score?.pValue ?? 1);
    }
    return adjustedPValues(pValues, 'BENJAMINI_HOCHBERG').map((value) => value <= RATE);
  };
  const alarmed = (history: boolean[][], feature: number) =>
    persists(
      history.map((window) => window[feature]),
      PERSISTENCE,
    );

  const history: boolean[][] = [];
  let discoveries = 0;
  let alarms = 0;
  for (let window = 0; window < WINDOWS; window++) {
    history.push(await judge(-1, 0));
    if (history.at(-1)?.some(Boolean)) discoveries += 1;
    if (profiles.some((_, feature) => alarmed(history, feature))) alarms += 1;
  }

  let slowest = 0;
  for (let feature = 0; feature < FEATURES; feature++) {
    const since: boolean[][] = [];
    do since.push(await judge(feature, 0.2));
    while (!alarmed(since, feature) && since.length < 20);
    slowest = Math.max(slowest, since.length);
  }
  process.stderr.write(`# drift: ${discoveries} of ${WINDOWS} windows with a discovery, ${alarms} with an alarm\n`);
  await plugin.close();
  await host.remove();
  return [
    { name: 'drift.false-discovery-share', value: discoveries / WINDOWS, unit: 'of windows', op: '<=', bar: RATE },
    { name: 'drift.false-alarm-share', value: alarms / WINDOWS, unit: 'of windows', op: '<=', bar: RATE },
    { name: 'drift.windows-to-alarm', value: slowest, unit: 'windows', op: '<=', bar: 3 },
  ];
}

/** Normal, log-normal, a coarse grid, or six categories; `by` in standard deviations. */
function draw(feature: number, rows: number, by: number, random: () => number): DriftColumn {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) + by;
  const shape = feature % 4;
  if (shape === 3) {
    // Thresholds of a shifted normal: categories that follow the same shift.
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const cut = (value: number) => [-1.5, -0.7, 0, 0.6, 1.2].filter((edge) => value > edge).length;
    return { kind: 'CATEGORICAL', values: Array.from({ length: rows }, () => names[cut(normal())] as string) };
  }
  const shaped = [(x: number) => x, (x: number) => Math.exp(x), (x: number) => Math.round(x * 4) / 4][shape];
  return { kind: 'NUMERIC', values: Float64Array.from({ length: rows }, () => shaped?.(normal()) ?? 0) };
}
