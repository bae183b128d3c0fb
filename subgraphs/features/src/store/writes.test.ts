import { readFileSync } from 'node:fs';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { featuresSubgraph } from '../main.js';
import { nextViewVersion } from './writes.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({ migrations: [featuresSubgraph.migrations] });
});
afterAll(() => test?.close());

const next = (name: string, workspaceId = 'w1', fails = false) =>
  test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId: 'p' }, async (tx) => {
    const version = await nextViewVersion(tx, workspaceId, name);
    if (fails) throw new Error('undone');
    return version;
  });

describe('versions of a view', () => {
  it('count 1 to n among concurrent creators, and undone ones leave no gap', async () => {
    const made = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => next('delays', 'w1', i % 3 === 0)));
    const numbers = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });
  it('count apart by name and by workspace', async () => {
    expect(await next('routes')).toBe(1);
    expect(await next('delays', 'w2')).toBe(1);
    expect(await next('delays')).toBe(21);
  });
});

it('features from before their values had a class take that of their most guarded column', async () => {
  const folder = new URL('../../migrations/20261124001000_value_class/migration.sql', import.meta.url);
  const update = readFileSync(folder, 'utf8')
    .split('--> statement-breakpoint')
    .find((statement) => statement.includes('update features.feature_view'));
  const classes = await test.database.inWorkspace(
    { workspaceId: 'w9', zones: ['AE'], principalId: 'p' },
    async (tx) => {
      await tx.execute(sql`
      insert into features.data_source (id, workspace_id, zone, name, format, path, columns, rows, bytes, digest, categories, owner_id, owner)
      values ('ds', 'w9', 'AE', 'people', 'CSV', 'people.csv', ${JSON.stringify([
        { name: 'pay', fieldClass: 'pii' },
        { name: 'score', fieldClass: 'sensitive' },
        { name: 'at', fieldClass: 'internal' },
      ])}::jsonb, 1, 1, 'd', '{}', 'p', 'P')`);
      await tx.execute(
        sql`insert into features.entity (id, workspace_id, name, description, keys, owner_id, owner) values ('en', 'w9', 'person', '', '{person}', 'p', 'P')`,
      );
      await tx.execute(sql`
      insert into features.feature_view (id, workspace_id, zone, name, version, description, entity_id, source_id, definition, features, categories, owner_id, owner)
      values ('fv', 'w9', 'AE', 'pay', 1, '', 'en', 'ds', '{}', ${JSON.stringify([
        { name: 'count', column: null, condition: null },
        { name: 'mean', column: 'score', condition: { column: 'pay', operator: 'GT', value: 1 } },
        { name: 'score', column: 'score', condition: null },
      ])}::jsonb, '{}', 'p', 'P')`);
      await tx.execute(sql.raw(update ?? ''));
      const { rows } = await tx.execute<{ features: { name: string; fieldClass: string }[] }>(
        sql`select features from features.feature_view where id = 'fv'`,
      );
      return rows[0]?.features.map(({ name, fieldClass }) => [name, fieldClass]);
    },
  );
  expect(classes).toEqual([
    ['count', 'internal'],
    ['mean', 'pii'],
    ['score', 'sensitive'],
  ]);
});
