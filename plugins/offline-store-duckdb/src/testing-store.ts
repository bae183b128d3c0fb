// A store over a folder of its own, and short ways to ask it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Call, FeatureViewSpec, OfflineStoreV1, PluginLog, SourceRef, TrainingSetSpec } from '@falaj/plugin-sdk';
import duckdb from './index.js';

const nothing = () => {};
const log: PluginLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const noSecret = (name: string): string => {
  throw new Error(`The store asks for the secret "${name}".`);
};

export const testCall = (signal = new AbortController().signal): Call => ({
  signal,
  log,
  principal: 'tester',
  workspace: 'workspace',
  zone: 'AE',
  traceparent: '',
  idempotencyKey: '',
});

export interface TestStore {
  readonly store: OfflineStoreV1;
  readonly landing: string;
  /** The plugin's own folder. */
  readonly directory: string;
  write(name: string, text: string | Uint8Array): Promise<void>;
  /** One object per line. */
  ndjson(name: string, rows: readonly object[]): Promise<SourceRef>;
  csv(name: string, text: string): Promise<SourceRef>;
  /** The named columns of a training set, row by row. */
  training(spec: TrainingSetSpec, columns: readonly string[]): Promise<(number | string | null)[][]>;
  close(): Promise<void>;
}

export async function openTestStore(config: object = {}): Promise<TestStore> {
  const root = await mkdtemp(path.join(tmpdir(), 'falaj-offline-store-'));
  const landing = path.join(root, 'landing');
  await mkdir(landing);
  const directory = path.join(root, 'plugins', 'duckdb');
  await mkdir(directory, { recursive: true });
  const store = await duckdb.open(
    { folders: [landing], ...config },
    { clock: Date.now, log, directory, secret: noSecret },
  );
  const write = (name: string, text: string | Uint8Array) => writeFile(path.join(landing, name), text);
  return {
    store,
    landing,
    directory,
    write,
    async ndjson(name, rows) {
      await write(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      return { format: 'JSON', path: name };
    },
    async csv(name, text) {
      await write(name, text);
      return { format: 'CSV', path: name };
    },
    async training(spec, columns) {
      const { data } = await store.buildTrainingSet({ spec }, testCall());
      const read = await store.readTrainingSet({ data, columns }, testCall());
      return Array.from({ length: read.rows }, (_, row) =>
        read.columns.map(({ values }) => {
          const value = values[row] ?? null;
          return typeof value === 'number' && Number.isNaN(value) ? null : value;
        }),
      );
    },
    async close() {
      await store.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A view of one key column `key`, event time `at`, known time `known`, and column features. */
export const columnView = (source: SourceRef, more: Partial<FeatureViewSpec> = {}): FeatureViewSpec => ({
  name: 'view',
  version: 1,
  source,
  keys: [{ name: 'key', column: 'key' }],
  eventTime: { column: 'at' },
  knownTime: { column: 'known' },
  ttlSeconds: null,
  features: [{ name: 'value', kind: 'COLUMN', column: 'value', type: 'FLOAT64' }],
  ...more,
});

/** Entity rows `key`, `at`, `outcome` joined to one view, its features under their own names. */
export const trainingOf = (
  source: SourceRef,
  view: FeatureViewSpec,
  more: Partial<TrainingSetSpec> = {},
): TrainingSetSpec => ({
  source,
  eventTime: { column: 'at' },
  carry: [],
  label: { name: 'label', column: 'outcome' },
  views: [
    { spec: view, keys: view.keys, features: view.features.map(({ name }) => ({ feature: name, column: name })) },
  ],
  requestFeatures: [],
  ...more,
});
