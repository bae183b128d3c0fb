// The contract's sentence, said again as plainly as possible and in quadratic time, to hold the store's SQL to it.
import type { FeatureSpec, FeatureViewSpec } from '@falaj/plugin-sdk';

type Value = number | string | boolean | null;

export interface ReferenceEvent {
  /** Null where a part is null. */
  readonly key: readonly (string | null)[];
  /** Milliseconds; null = absent. */
  readonly eventTime: number | null;
  readonly knownTime: number | null;
  readonly columns: Readonly<Record<string, Value>>;
}

type Spec = Pick<FeatureViewSpec, 'features' | 'ttlSeconds'>;
type Known = ReferenceEvent & { readonly eventTime: number; readonly knownTime: number };

/** The view's features for a key at an instant. */
export function featuresAt(
  spec: Spec,
  events: readonly ReferenceEvent[],
  key: readonly (string | null)[],
  at: number | null,
): Value[] {
  const nothing = spec.features.map(() => null);
  if (at === null || key.includes(null)) return nothing;
  const ours = events.filter(
    (event): event is Known =>
      event.eventTime !== null &&
      event.knownTime !== null &&
      event.key.every((part, index) => part !== null && part === key[index]),
  );
  const ttl = spec.ttlSeconds === null ? Number.POSITIVE_INFINITY : spec.ttlSeconds * 1000;
  if (!spec.features.some(({ kind }) => kind === 'WINDOW')) {
    const winner = latest(spec, ours, at);
    return winner && at - winner.eventTime <= ttl
      ? spec.features.map((feature) => featureValue(feature, winner))
      : nothing;
  }
  const instant = lastInstant(spec, ours, at);
  if (instant === null || at - instant > ttl) return nothing;
  const winner = latest(spec, ours, instant);
  return spec.features.map((feature) =>
    feature.kind === 'COLUMN' ? (winner ? featureValue(feature, winner) : null) : aggregate(feature, ours, instant),
  );
}

/** The last instant, up to `at`, at which a row enters or leaves a window or another row becomes the latest. */
function lastInstant(spec: Spec, events: readonly Known[], at: number): number | null {
  let last: number | null = null;
  const consider = (instant: number) => {
    if (instant <= at && (last === null || instant > last)) last = instant;
  };
  for (const event of events) {
    const available = Math.max(event.eventTime, event.knownTime);
    for (const feature of spec.features) {
      if (feature.kind === 'COLUMN') {
        const before = latest(spec, events, available - 0.5);
        const now = latest(spec, events, available);
        if (!before || (now && compare(spec, before, now) !== 0)) consider(available);
      } else {
        const leaves = event.eventTime + feature.windowSeconds * 1000;
        if (available >= leaves) continue;
        consider(available);
        consider(leaves);
      }
    }
  }
  return last;
}

function latest(spec: Spec, events: readonly Known[], at: number): Known | null {
  let best: Known | null = null;
  for (const event of events) {
    if (event.eventTime > at || event.knownTime > at) continue;
    if (!best || compare(spec, event, best) > 0) best = event;
  }
  return best;
}

/** By event time, known time, and then the features' values in the order of the view; null is the largest. */
function compare(spec: Spec, one: Known, other: Known): number {
  if (one.eventTime !== other.eventTime) return one.eventTime - other.eventTime;
  if (one.knownTime !== other.knownTime) return one.knownTime - other.knownTime;
  for (const feature of spec.features) {
    if (feature.kind !== 'COLUMN') continue;
    const [mine, theirs] = [featureValue(feature, one), featureValue(feature, other)];
    if (mine === theirs) continue;
    if (mine === null) return 1;
    if (theirs === null) return -1;
    if (typeof mine === 'string') return Buffer.compare(Buffer.from(mine), Buffer.from(String(theirs)));
    return Number(mine) - Number(theirs);
  }
  return 0;
}

const featureValue = (feature: FeatureSpec, event: Known): Value => event.columns[feature.column ?? ''] ?? null;

function aggregate(
  feature: Extract<FeatureSpec, { kind: 'WINDOW' }>,
  events: readonly Known[],
  s: number,
): number | null {
  const inside = events.filter(
    (event) => event.eventTime > s - feature.windowSeconds * 1000 && event.eventTime <= s && event.knownTime <= s,
  );
  if (feature.aggregate === 'COUNT') return inside.length;
  if (feature.aggregate === 'SHARE') {
    const condition = feature.condition;
    if (!condition) return null;
    const tested = inside.map((event) => event.columns[condition.column] ?? null).filter((value) => value !== null);
    const met = tested.filter((value) => holds(value, condition.operator, condition.value)).length;
    return tested.length === 0 ? null : met / tested.length;
  }
  const values = inside
    .map((event) => event.columns[feature.column ?? ''] ?? null)
    .filter((value) => typeof value === 'number');
  const sum = values.reduce((total, value) => total + value, 0);
  if (feature.aggregate === 'SUM') return sum;
  return values.length === 0 ? null : sum / values.length;
}

function holds(value: number | string | boolean, operator: string, limit: number | string | boolean): boolean {
  switch (operator) {
    case 'EQ':
      return value === limit;
    case 'NE':
      return value !== limit;
    case 'LT':
      return value < limit;
    case 'LTE':
      return value <= limit;
    case 'GT':
      return value > limit;
    default:
      return value >= limit;
  }
}
