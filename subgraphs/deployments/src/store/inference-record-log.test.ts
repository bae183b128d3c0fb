// The inference log over a real PostgreSQL: nothing lost at the stop, nothing waits, nothing personal in clear.
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createLogger } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Digest } from '../domain/inference-log/record.js';
import { layoutOf } from '../domain/inference-log/redaction.js';
import type { Inference } from '../domain/inference-observer.js';
import { insertEndpoint } from '../testing/endpoint-rows.js';
import { InferenceLog } from './inference-record-log.js';
import { sweepInferenceRecords } from './inference-record-retention.js';
import type { LogSettings } from './inference-record-settings.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [{ name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) }],
  });
  await insertEndpoint(test, 'ep');
});
afterAll(() => test?.close());

const NOW = Date.UTC(2026, 5, 15, 12);
const layout = layoutOf(
  {
    servingPlan: {
      entityKeys: ['passenger'],
      columns: [
        { kind: 'view', view: 'weather', version: 1, feature: 'wind', keys: [], ttlSeconds: null },
        { kind: 'view', view: 'people', version: 1, feature: 'age', keys: [], ttlSeconds: null },
        { kind: 'view', view: 'clinic', version: 1, feature: 'pulse', keys: [], ttlSeconds: null },
        { kind: 'request', function: 'HOUR' },
      ],
    },
    categories: ['personal'],
  },
  { classes: {}, viewCategories: { 'weather/1': ['none'], 'people/1': ['personal'], 'clinic/1': ['health'] } },
);
const digest: Digest = (column, value) => `hmac:${column}:${value.length}`;
const settings = (changes: Partial<LogSettings> = {}) =>
  ({ endpointId: 'ep', workspaceId: 'w1', zone: 'AE', enabled: true, sampleRate: 10_000, ...changes }) as LogSettings;
const open = (
  changes: Partial<LogSettings> = {},
  limits?: { records: number; cells: number },
  database = test.database,
) =>
  new InferenceLog(
    database,
    {
      active: () => settings(changes),
      digestFor: async () => digest,
      readKeys: async () => undefined,
      layout: async () => layout,
    },
    createLogger('test'),
    `process-${Math.random()}`,
    limits,
  );
let serial = 0;
const inference = (changes: Partial<Inference> = {}): Inference => ({
  id: `inf_${++serial}`,
  at: NOW,
  endpoint: { id: 'ep', name: 'delay', workspaceId: 'w1', zone: 'AE' },
  revision: 1,
  modelVersionId: 'mv',
  modelVersion: 1,
  variant: 'live',
  role: 'ANSWER',
  subject: 'passenger-7',
  principalId: 'p',
  requestId: 'r-1',
  traceId: 't',
  request: [{ name: 'passenger', datatype: 'BYTES', shape: [1], data: ['Fatima'] }],
  features: {
    rows: 1,
    columns: 4,
    values: Float32Array.of(12.5, 41, 72, Number.NaN),
    statuses: ['PRESENT', 'PRESENT', 'PRESENT', 'NOT_FOUND'],
    reads: [],
  },
  response: [{ name: 'probability', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(0.25) }],
  latencyMs: 1.5,
  error: null,
  ...changes,
});
const read = async <T>(text: string): Promise<T[]> =>
  test.database.asSystem(async (tx) => (await tx.execute<Record<string, unknown>>(sql.raw(text))).rows as T[]);
const count = async (like: string): Promise<number> =>
  (await read<{ n: number }>(`select count(*)::int as n from deployments.inference_record where ${like}`))[0]?.n ?? 0;

it('writes one record with request, response, version, variant, subject, latency and trace, without a personal byte', async () => {
  const log = open();
  log.observe(inference({ id: 'inf_one' }));
  log.observe(
    inference({ id: 'inf_bad', response: null, error: { code: 'BAD_USER_INPUT', message: 'found "Fatima"' } }),
  );
  await log.stop();
  const [row] = await read<Record<string, unknown>>(`select * from deployments.inference_record where id = 'inf_one'`);
  expect(row).toMatchObject({
    model_version: 1,
    variant: 'live',
    subject: 'hmac:subject:11',
    latency_ms: 1.5,
    trace_id: 't',
    inputs: { passenger: ['hmac:passenger:6'] },
    features: [{ wind: 12.5, age: 'hmac:age:2', pulse: null, hour: null }],
    outputs: [{ name: 'probability', shape: [1, 1], data: [0.25] }],
    scores: [0.25],
    redacted: ['passenger', 'age', 'pulse'],
  });
  const all = await read<{ text: string }>(`select to_json(r)::text as text from deployments.inference_record r`);
  expect(all).toHaveLength(2);
  expect(all.map(({ text }) => text).join()).not.toMatch(/Fatima|passenger-7/);
});

it('writes down also what no text of a database can hold', async () => {
  const log = open();
  const request = [{ name: 'odd\ud800', datatype: 'BYTES' as const, shape: [1], data: ['a\0b\udc00'] }];
  log.observe(inference({ id: 'inf_odd', requestId: '\ud800', features: null, request }));
  await log.stop();
  expect(await count(`id = 'inf_odd'`)).toBe(1);
});

it('loses nothing at an orderly stop, and writes no record twice', async () => {
  const log = open();
  const many = Array.from({ length: 3_210 }, (_, n) => inference({ id: `many_${n}` }));
  for (const one of many) log.observe(one);
  const flushing = log.flush();
  for (const one of many.slice(0, 10)) log.observe(one);
  await flushing;
  await log.stop();
  expect(await count(`id like 'many_%'`)).toBe(3_210);
  expect(log.waiting).toBe(0);
});

it('drops and counts what its buffer cannot hold, also by size, and counts what the sample left out', async () => {
  const log = open({}, { records: 10, cells: 30 });
  // Six values each.
  for (let n = 0; n < 12; n++) log.observe(inference({ id: `full_${n}` }));
  expect(log.waiting).toBe(5);
  await log.stop();
  expect(await count(`id like 'full_%'`)).toBe(5);
  const sampled = open({ sampleRate: 1_000 });
  for (let n = 0; n < 5_000; n++) sampled.observe(inference({ id: `sampled_${n}` }));
  await sampled.stop();
  const kept = await count(`id like 'sampled_%'`);
  expect(kept).toBeGreaterThan(350);
  expect(kept).toBeLessThan(650);
  const [sums] = await read<object>(
    `select sum(dropped)::int as dropped, sum(sampled_out)::int as out from deployments.inference_log_count`,
  );
  expect(sums).toEqual({ dropped: 7, out: 5_000 - kept });
});

it('keeps what could not be written and writes it when the database is back', async () => {
  let broken = true;
  const flaky = {
    ...test.database,
    asSystem: ((work) =>
      broken
        ? Promise.reject(new Error('no database'))
        : test.database.asSystem(work)) as TestDatabase['database']['asSystem'],
  };
  const log = open({}, undefined, flaky);
  for (let n = 0; n < 700; n++) log.observe(inference({ id: `held_${n}` }));
  await expect(log.flush()).rejects.toThrow('no database');
  expect(log.waiting).toBe(700);
  setTimeout(() => {
    broken = false;
  }, 50);
  await log.stop();
  expect(await count(`id like 'held_%'`)).toBe(700);
});

it('drops whole days that no endpoint keeps, and of others the rows of endpoints that keep less', async () => {
  await insertEndpoint(test, 'ep2');
  await test.database.asSystem((tx) =>
    tx.execute(sql`
      insert into deployments.inference_log (endpoint_id, workspace_id, zone, enabled, sample_rate, retention_days,
        classes, view_categories, wrapped_key, owner_id, owner)
      select id, 'w1', 'AE', true, 10000, case id when 'ep' then 30 else 7 end, '{}', '{}', '{}', 'p', 'p'
      from deployments.endpoint`),
  );
  const log = open();
  const DAY = 86_400_000;
  for (const [id, days] of Object.entries({ old_40: 40, old_20: 20, old_1: 1 })) {
    log.observe(inference({ id, at: NOW - days * DAY }));
    log.observe(
      inference({
        id: `${id}b`,
        at: NOW - days * DAY,
        endpoint: { id: 'ep2', name: 'o', workspaceId: 'w1', zone: 'AE' },
      }),
    );
  }
  await log.stop();
  await sweepInferenceRecords(test.database, new Date(NOW));
  const left = await read<{ id: string }>(
    `select id from deployments.inference_record where id like 'old_%' order by id`,
  );
  expect(left.map(({ id }) => id)).toEqual(['old_1', 'old_1b', 'old_20']);
  const days = await read<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'deployments.inference_record'::regclass`,
  );
  expect(days.some(({ name }) => name.endsWith('20260506'))).toBe(false);
  // The days to come stand already.
  expect(days.some(({ name }) => name.endsWith('20260616'))).toBe(true);
});

it('shows a partition to no other workspace', async () => {
  const seen = await test.database.inWorkspace({ workspaceId: 'w2', zones: ['AE'], principalId: 'x' }, async (tx) => {
    const own = await tx.execute<{ n: number }>(
      sql`select count(*)::int as n from deployments.inference_record_20260615`,
    );
    return own.rows[0]?.n;
  });
  expect(seen).toBe(0);
});
