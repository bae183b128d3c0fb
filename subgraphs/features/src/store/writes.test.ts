import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
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
