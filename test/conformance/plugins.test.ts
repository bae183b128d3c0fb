// Every first-party plugin keeps every promise of its contract: the same kit that a stranger's plugin meets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Plugin } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import artifactStoreFs from '@falaj/plugin-artifact-store-fs';
import keysLocal from '@falaj/plugin-keys-local';
import offlineStoreDuckdb from '@falaj/plugin-offline-store-duckdb';
import onlineStorePostgres from '@falaj/plugin-online-store-postgres';
import servingOnnx from '@falaj/plugin-serving-onnx';
import { type ConformanceOptions, conformance } from '@falaj/plugin-testing';
import trainerGbdt from '@falaj/plugin-trainer-gbdt';
import { afterAll, beforeAll, describe, test } from 'vitest';

const sourceFolder = mkdtempSync(path.join(tmpdir(), 'falaj-sources-'));
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.close();
  rmSync(sourceFolder, { recursive: true, force: true });
});

interface Subject {
  readonly name: string;
  readonly plugin: Plugin;
  /** Read when a case runs: the database is not there before. */
  readonly options?: () => ConformanceOptions;
}

const subjects: readonly Subject[] = [
  { name: 'artifact-store-fs', plugin: artifactStoreFs },
  { name: 'keys-local', plugin: keysLocal },
  {
    name: 'keys-local with its master key from a secret',
    plugin: keysLocal,
    options: () => ({ config: { master: 'secret' }, secrets: { 'keys-local-master': 'a long enough secret' } }),
  },
  {
    name: 'offline-store-duckdb',
    plugin: offlineStoreDuckdb,
    options: () => ({ config: { folders: [sourceFolder] }, sourceFolder }),
  },
  {
    name: 'online-store-postgres',
    plugin: onlineStorePostgres,
    options: () => ({ config: { url: database.url } }),
  },
  { name: 'serving-onnx', plugin: servingOnnx },
  { name: 'trainer-gbdt', plugin: trainerGbdt },
];

for (const { name, plugin, options = () => ({}) } of subjects) {
  describe(name, () => {
    conformance(plugin).forEach(({ id, title, skip }, index) => {
      test.skipIf(skip !== false)(`${id} ${title}`, () => conformance(plugin, options())[index]?.run());
    });
  });
}
