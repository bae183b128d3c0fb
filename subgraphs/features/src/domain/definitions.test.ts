import type { FeatureViewSpec, OnlineRow } from '@falaj/contracts';
import { describe, expect, it } from 'vitest';
import { classifyColumns } from './data-source.js';
import { defineServiceView, featureServiceInput } from './feature-service.js';
import { defineFeatureView, featureViewInput, viewSpec } from './feature-view.js';
import { assembleVector, entityKey } from './online-vector.js';
import { featurePlan, trainingSetInput, trainingSetSpec } from './training-set.js';

const bad = (part: string) =>
  expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(part) });
const column = (name: string) => ({ name, type: 'DOUBLE', fieldClass: 'internal' as const });
const columns = ['origin', 'scheduled', 'delay'].map(column);
const airport = { name: 'airport', keys: ['airport'] };
const view = {
  name: 'airport-delays',
  entityId: 'en',
  sourceId: 'ds',
  keys: [{ name: 'airport', column: 'origin' }],
  eventTime: { column: 'scheduled' },
  features: [{ name: 'mean_delay', column: 'delay', aggregate: 'MEAN', windowSeconds: 3600 }],
};
const issuesOf = (changes: object): string[] =>
  (featureViewInput.safeParse({ ...view, ...changes }).error?.issues ?? []).map(
    (issue) => `${issue.path.join('.')}: ${issue.message}`,
  );
const feature = (changes: object) => issuesOf({ features: [{ name: 'f', ...changes }] });

describe('a feature view', () => {
  it.each([
    [{}, 'without aggregate needs a column'],
    [{ column: 'a', windowSeconds: 60 }, 'windowSeconds goes with an aggregate'],
    [{ aggregate: 'COUNT' }, 'COUNT needs windowSeconds'],
    [{ aggregate: 'SUM', windowSeconds: 60 }, 'SUM needs a column'],
    [{ aggregate: 'SHARE', windowSeconds: 60 }, 'SHARE needs a condition'],
    [{ aggregate: 'COUNT', windowSeconds: 0 }, 'windowSeconds'],
    [
      { aggregate: 'COUNT', windowSeconds: 60, condition: { column: 'a', operator: 'EQ' } },
      'exactly one of number, text, boolean',
    ],
    [
      { aggregate: 'COUNT', windowSeconds: 60, condition: { column: 'a', operator: 'EQ', number: 1, text: 'x' } },
      'exactly one of number, text, boolean',
    ],
  ])('refuses the feature %j', (changes, problem) => {
    expect(feature(changes).join()).toContain(problem);
  });

  it('takes a falsy comparand for what it is', () => {
    const condition = { column: 'delay', operator: 'GT' };
    for (const value of [{ number: 0 }, { boolean: false }, { text: '' }])
      expect(feature({ aggregate: 'COUNT', windowSeconds: 60, condition: { ...condition, ...value } })).toEqual([]);
  });

  it('refuses a key that is neither a column nor a constant, or both', () => {
    for (const key of [{ name: 'k' }, { name: 'k', column: 'a', constant: 'b' }])
      expect(issuesOf({ keys: [key] }).join()).toContain('exactly one of column, constant');
  });

  it('needs the keys of its entity in their order', () => {
    const parsed = featureViewInput.parse(view);
    expect(() => defineFeatureView(parsed, { name: 'route', keys: ['from', 'to'] }, columns)).toThrow(bad('from, to'));
  });

  it('names every column that the source lacks, in keys, times, features and conditions', () => {
    const parsed = featureViewInput.parse({
      ...view,
      knownTime: { column: 'landed', plusColumn: 'taxi', plusUnit: 'MINUTES' },
      features: [
        {
          name: 'f',
          aggregate: 'SHARE',
          windowSeconds: 60,
          condition: { column: 'cancelled', operator: 'EQ', boolean: true },
        },
      ],
    });
    expect(() => defineFeatureView(parsed, airport, columns)).toThrow(bad('landed, taxi, cancelled'));
  });

  it('refuses one name twice', () => {
    const [own] = view.features;
    const parsed = featureViewInput.parse({ ...view, features: [own, own] });
    expect(() => defineFeatureView(parsed, airport, columns)).toThrow(bad('"mean_delay" is named twice'));
  });

  it('is stored whole and read back as the offline store wants it', () => {
    const { definition, features } = defineFeatureView(featureViewInput.parse(view), airport, columns);
    expect(features[0]).toMatchObject({ type: 'FLOAT64', condition: null });
    const source = { name: 's' } as never;
    expect(viewSpec({ name: 'v', version: 2, ttlSeconds: null, definition, features }, source)).toEqual({
      name: 'v',
      version: 2,
      source,
      keys: [{ name: 'airport', column: 'origin' }],
      eventTime: { column: 'scheduled' },
      ttlSeconds: null,
      features: [{ name: 'mean_delay', kind: 'WINDOW', aggregate: 'MEAN', windowSeconds: 3600, column: 'delay' }],
    });
  });
});

describe('columns of a source', () => {
  const description = {
    columns: [
      { name: 'id', type: 'BIGINT' },
      { name: 'email', type: 'VARCHAR' },
    ],
  } as never;
  it('are internal unless declared', () => {
    expect(classifyColumns(description, [{ column: 'email', fieldClass: 'pii' }])).toEqual([
      { name: 'id', type: 'BIGINT', fieldClass: 'internal' },
      { name: 'email', type: 'VARCHAR', fieldClass: 'pii' },
    ]);
  });
  it('must exist to be declared: a typo leaves nothing unprotected', () => {
    expect(() => classifyColumns(description, [{ column: 'e-mail', fieldClass: 'pii' }])).toThrow(bad('"e-mail"'));
  });
});

const stored = {
  id: 'fv_1',
  name: 'airport-delays',
  version: 3,
  features: ['mean_delay', 'flights'].map((name) => ({ name }) as never),
  definition: { keys: [{ name: 'airport', column: 'origin' }] },
};
const pin = (changes: object = {}) =>
  defineServiceView(
    featureServiceInput.shape.views.element.parse({
      featureViewId: 'fv_1',
      keys: [{ name: 'airport', column: 'from' }],
      ...changes,
    }),
    stored,
  );

describe('a feature service', () => {
  it('pins exact versions; every feature unless some are named', () => {
    expect(pin()).toMatchObject({
      version: 3,
      features: [
        { feature: 'mean_delay', column: 'airport-delays__mean_delay' },
        { feature: 'flights', column: 'airport-delays__flights' },
      ],
    });
    expect(pin({ features: ['flights'] }).features).toHaveLength(1);
  });
  it('refuses features and keys that the view has not', () => {
    expect(() => pin({ features: ['flights', 'price'] })).toThrow(bad('no feature price'));
    expect(() => pin({ keys: [{ name: 'carrier', column: 'x' }] })).toThrow(bad('has the keys airport'));
  });
});

const service = { views: [pin()], requestFeatures: [{ name: 'hour', function: 'HOUR' as const }] };
const built = new Map([
  [
    'fv_1',
    {
      ttlSeconds: 60,
      columns: [
        { name: 'mean_delay', type: 'FLOAT64' as const },
        { name: 'flights', type: 'INT64' as const },
      ],
    },
  ],
]);

describe('a training set', () => {
  const input = {
    name: 'ts',
    featureServiceId: 'fs',
    labelSourceId: 'ds',
    eventTime: { column: 'scheduled' },
    label: { name: 'late', column: 'delay', condition: { operator: 'GT', number: 15 } },
  };
  it('is specified by the pinned views, its label and the request features', () => {
    const spec = { name: 'airport-delays' } as FeatureViewSpec;
    const made = trainingSetSpec(trainingSetInput.parse(input), {} as never, service, new Map([['fv_1', spec]]));
    expect(made).toMatchObject({
      carry: [],
      label: { name: 'late', column: 'delay', condition: { operator: 'GT', value: 15 } },
      views: [{ spec, keys: [{ name: 'airport', column: 'from' }] }],
      requestFeatures: [{ name: 'hour', function: 'HOUR' }],
    });
  });
  it('plans for inference the same columns in the same order', () => {
    const plan = featurePlan(service, built);
    expect(plan.columns.map((own) => own.column)).toEqual([
      'airport-delays__mean_delay',
      'airport-delays__flights',
      'hour',
    ]);
    expect(plan.entityKeys).toEqual(['from']);
    expect(plan.views[0]).toMatchObject({ version: 3, ttlSeconds: 60, keys: [{ name: 'from' }] });
  });
});

describe('an online vector', () => {
  const plan = featurePlan(service, built);
  const at = new Date('2026-01-01T00:01:00Z');
  const row = (age: number, values: OnlineRow['values']) =>
    new Map([['airport-delays', { values, eventTime: at.getTime() - age * 1000 } as OnlineRow]]);
  const statuses = (rows: Parameters<typeof assembleVector>[1]) =>
    assembleVector(plan, rows, at).map(({ value, status }) => [value, status]);

  it('says of each value why it is missing', () => {
    expect(statuses(row(60, [1.5, null]))).toEqual([
      [1.5, 'PRESENT'],
      [null, 'NULL_VALUE'],
    ]);
    expect(statuses(row(61, [1.5, 2]))).toEqual([
      [null, 'OUTSIDE_MAX_AGE'],
      [null, 'OUTSIDE_MAX_AGE'],
    ]);
    expect(statuses(new Map([['airport-delays', null]]))).toEqual([
      [null, 'NOT_FOUND'],
      [null, 'NOT_FOUND'],
    ]);
  });
  it('takes zero and false for values', () => {
    expect(statuses(row(0, [0, false]))).toEqual([
      [0, 'PRESENT'],
      [false, 'PRESENT'],
    ]);
  });
  it('finds an entity by its keys in the order of the view, and names a missing one', () => {
    const keys = [{ name: 'from' }, { constant: 'AE' }, { name: 'no' }];
    expect(entityKey(keys, { no: 7, from: 'DXB' })).toBe('["DXB","AE","7"]');
    expect(() => entityKey(keys, { from: 'DXB' })).toThrow(bad('"no" is missing'));
  });
});
