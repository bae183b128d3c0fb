// The store's SQL against the definition: random views, sources and entity rows, every cell equal.
import type { FeatureSpec, FeatureViewSpec } from '@falaj/plugin-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { featuresAt, type ReferenceEvent } from './testing-reference.js';
import { openTestStore, type TestStore, testCall } from './testing-store.js';

const ROUNDS = 40;
const ENTITY_ROWS = 300;
const START = Date.UTC(2026, 2, 28);
/** So few instants that ties, exact bounds and windows that close as others open are common. */
const STEP = 500;
const STEPS = 120;

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore({ threads: 2 });
});
afterAll(() => at.close());

/** mulberry32: the same seed, the same round. */
function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (below: number) => Math.floor(next() * below);
  return {
    whole,
    chance: (share: number) => next() < share,
    pick: <T>(items: readonly T[]): T => items[whole(items.length)] as T,
  };
}
type Random = ReturnType<typeof randomOf>;

const PARTS = ['1', '11', '12', '2', 'a"b', "o'x", 'ضيف', '', ' ', '\\', '"]'];
const instant = (random: Random) => START + random.whole(STEPS) * STEP;

function randomEvents(random: Random, keyParts: number): ReferenceEvent[] {
  const parts = PARTS.slice(0, 2 + random.whole(4));
  return Array.from({ length: 30 + random.whole(90) }, () => {
    const eventTime = random.chance(0.03) ? null : instant(random);
    return {
      key: Array.from({ length: keyParts }, () => (random.chance(0.03) ? null : random.pick(parts))),
      eventTime,
      // Before, at or after the event; sometimes never.
      knownTime: random.chance(0.03) ? null : (eventTime ?? START) + (random.whole(21) - 6) * STEP,
      columns: {
        number: random.chance(0.15) ? null : random.whole(9) / 4 - 1,
        whole: random.chance(0.15) ? null : random.whole(5),
        text: random.chance(0.15) ? null : random.pick(['x', 'y', 'ﬀ', '😀']),
        flag: random.chance(0.15) ? null : random.chance(0.5),
      },
    };
  });
}

const COLUMNS: readonly FeatureSpec[] = [
  { name: 'column_number', kind: 'COLUMN', column: 'number', type: 'FLOAT64' },
  { name: 'column_whole', kind: 'COLUMN', column: 'whole', type: 'INT64' },
  { name: 'column_text', kind: 'COLUMN', column: 'text', type: 'STRING' },
  { name: 'column_flag', kind: 'COLUMN', column: 'flag', type: 'BOOL' },
];

function randomWindows(random: Random): FeatureSpec[] {
  return Array.from({ length: 1 + random.whole(5) }, (_, index): FeatureSpec => {
    const windowSeconds = (random.pick([1, 3, 8, 20, 500]) * STEP) / 1000;
    const name = `window_${index}`;
    const operator = random.pick(['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE'] as const);
    return random.pick<FeatureSpec>([
      { name, kind: 'WINDOW', aggregate: 'COUNT', windowSeconds },
      { name, kind: 'WINDOW', aggregate: 'SUM', column: 'number', windowSeconds },
      { name, kind: 'WINDOW', aggregate: 'MEAN', column: 'number', windowSeconds },
      {
        name,
        kind: 'WINDOW',
        aggregate: 'SHARE',
        condition: { column: 'number', operator, value: 0.25 },
        windowSeconds,
      },
      {
        name,
        kind: 'WINDOW',
        aggregate: 'SHARE',
        condition: { column: 'text', operator: 'EQ', value: 'x' },
        windowSeconds,
      },
      {
        name,
        kind: 'WINDOW',
        aggregate: 'SHARE',
        condition: { column: 'flag', operator: 'EQ', value: true },
        windowSeconds,
      },
    ]);
  });
}

function randomFeatures(random: Random): FeatureSpec[] {
  const kind = random.whole(3);
  const columns = kind === 1 ? [] : COLUMNS.filter((_, index) => index === 0 || random.chance(0.6));
  return [...columns, ...(kind === 0 ? [] : randomWindows(random))];
}

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
const parquet = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value);

test(`${ROUNDS * ENTITY_ROWS} random entity rows over ${ROUNDS} random views: no difference`, async () => {
  let compared = 0;
  let present = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const random = randomOf(1_000 + round);
    const keyParts = 1 + random.whole(2);
    const events = randomEvents(random, keyParts);
    const withKnown = random.chance(0.8);
    const facts = withKnown ? events : events.map((event) => ({ ...event, knownTime: event.eventTime }));
    const keys = Array.from({ length: keyParts }, (_, index) => ({ name: `key${index}`, column: `part${index}` }));
    const keyed = (key: readonly (string | null)[]) =>
      Object.fromEntries(key.map((part, index) => [`part${index}`, part]));
    const source = await at.ndjson(
      `events${round}.ndjson`,
      events.map((event) => ({
        ...keyed(event.key),
        at: iso(event.eventTime),
        known: iso(event.knownTime),
        ...event.columns,
      })),
    );
    const spec: FeatureViewSpec = {
      name: `round_${round}`,
      version: 1,
      source,
      keys,
      eventTime: { column: 'at' },
      ...(withKnown ? { knownTime: { column: 'known' } } : {}),
      ttlSeconds: random.pick([null, null, 0, STEP / 1000, (6 * STEP) / 1000, 30]),
      features: randomFeatures(random),
    };
    const entities = Array.from({ length: ENTITY_ROWS }, (_, outcome) => ({
      key: random.chance(0.6)
        ? random.pick(events).key
        : Array.from({ length: keyParts }, () => random.pick([...PARTS, null])),
      at: random.chance(0.02) ? null : instant(random) + random.pick([0, 0, 0, 1, -1]),
      outcome,
    }));
    const training = await at.training(
      {
        source: await at.ndjson(
          `asked${round}.ndjson`,
          entities.map((row) => ({ ...keyed(row.key), at: iso(row.at), outcome: row.outcome })),
        ),
        eventTime: { column: 'at' },
        carry: [],
        label: { name: 'outcome', column: 'outcome' },
        views: [{ spec, keys, features: spec.features.map(({ name }) => ({ feature: name, column: name })) }],
        requestFeatures: [],
      },
      ['outcome', ...spec.features.map(({ name }) => name)],
    );
    expect(training).toHaveLength(ENTITY_ROWS);
    for (const [outcome, ...found] of training) {
      const entity = entities[Number(outcome)];
      const expected = featuresAt(spec, facts, entity?.key ?? [], entity?.at ?? null).map(parquet);
      expect(found, `round ${round}, entity row ${outcome}: ${JSON.stringify({ spec, entity })}`).toEqual(expected);
      compared += 1;
      present += found.filter((value) => value !== null).length;
    }
    // The online rows are the same answer, asked for all keys at one instant.
    const asOf = START + Math.floor(STEPS / 2) * STEP;
    const latest = await at.store.latestRows({ spec, asOf, afterKey: null, limit: 1_000 }, testCall());
    for (const { key, values } of latest) {
      expect(values, `round ${round}, key ${key}`).toEqual(featuresAt(spec, facts, JSON.parse(key) as string[], asOf));
    }
  }
  expect(compared).toBe(ROUNDS * ENTITY_ROWS);
  expect(present).toBeGreaterThan(ROUNDS * ENTITY_ROWS * 0.5);
});
