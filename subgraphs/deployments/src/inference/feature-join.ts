/** Entity keys to the model's input rows: one read of the online store for all views. */
import type { Call, OnlineRow, OnlineStoreV1, OnlineView, RequestFeature, Tensor } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { checkPlan, type FeaturePlan, type FeaturePlanColumn } from './feature-plan.js';
import { bad } from './tensor-values.js';

export type FeatureStatus = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

export interface JoinedFeatures {
  readonly rows: number;
  readonly columns: number;
  /** Row-major [rows, columns]; NaN where there is no usable value. */
  readonly values: Float32Array;
  /** One per value. */
  readonly statuses: readonly FeatureStatus[];
  /** What was read of which entities. */
  readonly reads: readonly FeatureRead[];
}

export interface FeatureRead {
  readonly view: OnlineView;
  readonly features: readonly string[];
  /** Canonical keys, one a row. */
  readonly keys: readonly string[];
}

type KeySource = { readonly name: string } | { readonly constant: string };
type ViewColumn = Extract<FeaturePlanColumn, { kind: 'view' }>;

interface Read {
  readonly view: OnlineView;
  readonly keys: readonly KeySource[];
  readonly features: { readonly column: number; readonly at: number; readonly ttlSeconds: number | null }[];
}

export const EVENT_TIME = 'event_time';

/** Checks the plan once and answers the join. The same view under other keys is another read in the same round trip. */
export function createFeatureJoin(
  plan: FeaturePlan,
  online: Pick<OnlineStoreV1, 'read'>,
  clock: () => number = Date.now,
): (inputs: readonly Tensor[], call: Call) => Promise<JoinedFeatures> {
  checkPlan(plan);
  const reads = readsOf(plan);
  const requested = plan.columns.flatMap((column, index) =>
    column.kind === 'request' ? [{ index, compute: REQUEST_FEATURES[column.function] }] : [],
  );
  const columns = plan.columns.length;
  const named = reads.map(({ view, features }) => features.map(({ at }) => view.columns[at]?.name ?? ''));

  return async (inputs, call) => {
    const entities = entityColumns(plan, inputs);
    const rows = entities.rows;
    const times = eventTimes(inputs, rows, clock);
    const values = new Float32Array(rows * columns).fill(Number.NaN);
    const statuses = new Array<FeatureStatus>(rows * columns).fill('NOT_FOUND');
    const requests = reads.map(({ view, keys }) => ({
      view,
      keys: Array.from({ length: rows }, (_, row) => canonicalKey(keys, entities.values, row)),
    }));
    const found = requests.length === 0 ? [] : await online.read({ requests }, call);
    reads.forEach(({ view, features }, index) => {
      const answers = found[index];
      if (answers?.length !== rows) {
        throw new PlatformError(
          'PLUGIN_FAILED',
          `The online store answered ${answers?.length ?? 0} of ${rows} rows of ${view.view}.`,
        );
      }
      answers.forEach((answer, row) => {
        for (const { column, at, ttlSeconds } of features) {
          const cell = row * columns + column;
          const status = statusOf(answer, at, times[row] as number, ttlSeconds);
          statuses[cell] = status;
          if (status === 'PRESENT') values[cell] = Number((answer as OnlineRow).values[at]);
        }
      });
    });
    for (const { index, compute } of requested) {
      for (let row = 0; row < rows; row++) {
        values[row * columns + index] = compute(new Date(times[row] as number));
        statuses[row * columns + index] = 'PRESENT';
      }
    }
    const read = requests.map(({ view, keys }, index) => ({ view, keys, features: named[index] ?? [] }));
    return { rows, columns, values, statuses, reads: read };
  };
}

/** In UTC, as training computes them. Source: RequestFeature of the offline-store contract. */
export const REQUEST_FEATURES: Readonly<Record<RequestFeature['function'], (time: Date) => number>> = {
  HOUR: (time) => time.getUTCHours() + time.getUTCMinutes() / 60,
  WEEKDAY: (time) => time.getUTCDay() || 7,
  MONTH: (time) => time.getUTCMonth() + 1,
  DAY_OF_MONTH: (time) => time.getUTCDate(),
};

function statusOf(row: OnlineRow | null, at: number, time: number, ttlSeconds: number | null): FeatureStatus {
  if (row === null) return 'NOT_FOUND';
  if (ttlSeconds !== null && time - row.eventTime > ttlSeconds * 1000) return 'OUTSIDE_MAX_AGE';
  return row.values[at] === null || row.values[at] === undefined ? 'NULL_VALUE' : 'PRESENT';
}

function readsOf(plan: FeaturePlan): readonly Read[] {
  const reads = new Map<string, Read>();
  plan.columns.forEach((column, index) => {
    if (column.kind !== 'view') return;
    const id = JSON.stringify([column.view, column.version, column.keys]);
    const read = reads.get(id) ?? { view: viewOf(plan, column), keys: column.keys, features: [] };
    reads.set(id, read);
    const at = read.view.columns.findIndex(({ name }) => name === column.feature);
    read.features.push({ column: index, at, ttlSeconds: column.ttlSeconds });
  });
  return [...reads.values()];
}

function viewOf(plan: FeaturePlan, column: ViewColumn): OnlineView {
  return plan.views.find(({ view, version }) => view === column.view && version === column.version) as OnlineView;
}

function entityColumns(
  plan: FeaturePlan,
  inputs: readonly Tensor[],
): { rows: number; values: ReadonlyMap<string, readonly string[]> } {
  const values = new Map<string, readonly string[]>();
  let rows: number | undefined;
  for (const { name, datatype, shape, data } of inputs) {
    if (name !== EVENT_TIME && !plan.entityKeys.includes(name)) {
      bad(
        `Input "${name}": expected the entity keys ${plan.entityKeys.map((key) => `"${key}"`).join(', ')} or "features".`,
      );
    }
    if (shape.length < 1 || shape.length > 2 || (shape.length === 2 && shape[1] !== 1)) {
      bad(`Input "${name}": expected shape [N] or [N, 1], found [${shape}].`);
    }
    rows ??= shape[0] as number;
    if (shape[0] !== rows || rows < 1)
      bad(`Input "${name}": expected ${Math.max(rows, 1)} rows as in the other inputs, found ${shape[0]}.`);
    if (name === EVENT_TIME) continue;
    if (datatype !== 'BYTES') bad(`Input "${name}": expected datatype BYTES, found ${datatype}.`);
    values.set(name, data as readonly string[]);
  }
  const missing = plan.entityKeys.find((key) => !values.has(key));
  if (missing !== undefined) bad(`Input "${missing}": this entity key is missing; send it as BYTES of shape [N].`);
  return { rows: rows ?? bad('No input was given.'), values };
}

function eventTimes(inputs: readonly Tensor[], rows: number, clock: () => number): readonly number[] {
  const tensor = inputs.find(({ name }) => name === EVENT_TIME);
  if (tensor === undefined) return new Array(rows).fill(clock());
  const { datatype, data } = tensor;
  if (datatype !== 'BYTES' && datatype !== 'INT64')
    bad(`Input "${EVENT_TIME}": expected BYTES (ISO 8601) or INT64 (epoch ms), found ${datatype}.`);
  return Array.from(data as ArrayLike<string | bigint>, (value, row) => {
    const time = typeof value === 'string' ? isoTime(value) : Number(value);
    if (Number.isNaN(new Date(time).getTime())) {
      bad(`Input "${EVENT_TIME}": element ${row} is no instant, found "${value}"; write it like 2026-01-31T12:00:00Z.`);
    }
    return time;
  });
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Without a zone it is UTC: the machine's own zone must not change an answer. */
function isoTime(text: string): number {
  if (!ISO.test(text)) return Number.NaN;
  const zoned = text.length === 10 || /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  return Date.parse(zoned ? text : `${text}Z`);
}

function canonicalKey(
  keys: readonly KeySource[],
  entities: ReadonlyMap<string, readonly string[]>,
  row: number,
): string {
  return JSON.stringify(
    keys.map((key) => ('constant' in key ? key.constant : (entities.get(key.name)?.[row] as string))),
  );
}
