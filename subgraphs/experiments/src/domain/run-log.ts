// What users log with a run: limits, and points as columns, which the store writes in one statement.
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';

export const logLimits = { points: 10_000, parameters: 1_000, tags: 200, artifactBytes: 716_800 } as const;

const plain = (limit: number, least = 1) =>
  z
    .string()
    .min(least)
    .max(limit)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL holds no NUL, and a name has no other.
    .regex(/^[^\u0000]*$/, 'expected text without the character U+0000');
const name = plain(250).regex(/^\S(.*\S)?$/u, 'expected one line without space at either end');
const entry = (limit: number) => z.object({ key: name, value: plain(limit, 0) });

export const tagsInput = z.array(entry(5_000)).max(logLimits.tags).default([]);
export const parametersInput = z.array(entry(6_000)).max(logLimits.parameters).default([]);

export const createRunInput = z.object({
  experimentId: z.string(),
  name: plain(200),
  parameters: parametersInput,
  tags: tagsInput,
  trainingSetIds: z.array(z.string()).max(20).default([]),
  zone: z.string().nullish(),
  startedAt: z.date().nullish(),
});

export const logRunBatchInput = z.object({
  runId: z.string(),
  parameters: parametersInput,
  tags: tagsInput,
});

export const artifactInput = z.object({
  runId: z.string(),
  path: plain(500).regex(
    /^(?!\.{0,2}(\/|$))[^/\\]+(\/(?!\.{0,2}(\/|$))[^/\\]+)*$/u,
    'expected names joined by "/", none of them empty, "." or ".."',
  ),
  contentType: z
    .string()
    .max(100)
    .regex(/^[\w.+-]+\/[\w.+-]+$/, 'expected a media type such as image/png')
    .default('application/octet-stream'),
  base64: z.string(),
});

/** A number; what JSON has no number for is text. */
export type MetricValue = number | 'NaN' | 'Infinity' | '-Infinity';

/** Steps are what PostgreSQL holds as integer; without `times` the points bear the time of their arrival. */
export interface MetricSeries {
  readonly key: string;
  readonly steps: readonly number[];
  readonly values: readonly MetricValue[];
  readonly times?: readonly Date[] | null | undefined;
}

/** Points as columns of equal length; `key` is a place in `keys`. Each key and step occurs once. */
export interface PointColumns {
  readonly keys: readonly string[];
  readonly key: readonly number[];
  readonly step: readonly number[];
  readonly value: readonly number[];
  /** Milliseconds since 1970, UTC. */
  readonly time: readonly number[];
}

const refuse = (path: string, found: unknown, expected: string): PlatformError =>
  new PlatformError('BAD_USER_INPUT', `${path}: found ${String(found)}, expected ${expected}.`, {
    details: { path, found: String(found), expected },
  });

/** Checks series and lays them out. A key and step that occur twice keep the later value. Throws BAD_USER_INPUT. */
export function columnsOf(series: readonly MetricSeries[], now: Date, limit: number = logLimits.points): PointColumns {
  const total = series.reduce((sum, { steps }) => sum + steps.length, 0);
  if (total > limit) throw refuse('input.metrics', `${total} points`, `at most ${limit}; send several batches`);
  const keys: string[] = [];
  const places = new Map<string, number>();
  const key: number[] = [];
  const step: number[] = [];
  const value: number[] = [];
  const time: number[] = [];
  const rows = new Map<string, number>();
  const apart = series.length === new Set(series.map((one) => one.key)).size;
  for (const [index, one] of series.entries()) {
    const path = `input.metrics.${index}`;
    const checked = name.safeParse(one.key);
    if (!checked.success) throw refuse(`${path}.key`, JSON.stringify(one.key), 'one line of 1 to 250 characters');
    if (one.values.length !== one.steps.length)
      throw refuse(`${path}.values`, `${one.values.length} values`, `as many as steps (${one.steps.length})`);
    if (one.times && one.times.length !== one.steps.length)
      throw refuse(`${path}.times`, `${one.times.length} times`, `as many as steps (${one.steps.length})`);
    let place = places.get(one.key);
    // Steps that rise cannot repeat, which spares the look-up.
    let last = Number.NEGATIVE_INFINITY;
    if (place === undefined) {
      place = keys.push(one.key) - 1;
      places.set(one.key, place);
    }
    for (let at = 0; at < one.steps.length; at++) {
      const own = one.steps[at] as number;
      if (!Number.isInteger(own) || Math.abs(own) >= 2 ** 31)
        throw refuse(`${path}.steps.${at}`, own, 'a whole number of 32 bits');
      const known = apart && own > last ? undefined : rowOf(rows, place, own, key, step);
      last = Math.max(last, own);
      const row = known ?? key.length;
      key[row] = place;
      step[row] = own;
      value[row] = Number(one.values[at]);
      time[row] = one.times?.[at]?.getTime() ?? now.getTime();
    }
  }
  return { keys, key, step, value, time };
}

/** The row of a key and step that was laid out before; fills its index on first use. */
function rowOf(
  rows: Map<string, number>,
  place: number,
  own: number,
  key: readonly number[],
  step: readonly number[],
): number | undefined {
  for (let row = rows.size; row < key.length; row++) rows.set(`${key[row]} ${step[row]}`, row);
  return rows.get(`${place} ${own}`);
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a parameter's text is, for comparisons with numbers; null for any other text. */
export function numberOf(text: string): number | null {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** Bytes of base64 text, which is refused by its length before it is decoded. Throws PAYLOAD_TOO_LARGE, BAD_USER_INPUT. */
export function artifactBytes(base64: string): Buffer {
  const bytes = Math.floor((base64.length * 3) / 4);
  if (bytes > logLimits.artifactBytes + 2)
    throw new PlatformError(
      'PAYLOAD_TOO_LARGE',
      `input.base64: found about ${bytes} bytes, expected at most ${logLimits.artifactBytes}; split the file.`,
      { details: { found: bytes, limit: logLimits.artifactBytes } },
    );
  const data = Buffer.from(base64, 'base64');
  if (data.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, ''))
    throw new PlatformError('BAD_USER_INPUT', 'input.base64: found text that is no base64 (RFC 4648, section 4).');
  return data;
}

/** Parameters of a training as users see them: what was asked of it, each as text. */
export function trainingParameters(request: {
  readonly trainer: string;
  readonly task: string;
  readonly seed: number;
  readonly parameters: Readonly<Record<string, unknown>>;
}): { key: string; value: string }[] {
  const { trainer, task, seed, parameters } = request;
  return Object.entries({ ...parameters, trainer, task, seed }).map(([key, value]) => ({ key, value: String(value) }));
}
