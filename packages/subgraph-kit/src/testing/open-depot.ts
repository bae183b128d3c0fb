import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditMigrations } from '@falaj/audit';
import type { MigrationSet } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { type Ability, buildAbility, createNounCatalog } from '@falaj/policy';
import { createLogger, type Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { type ExecutionResult, parse } from 'graphql';
import pg from 'pg';
import { SubgraphContext } from '../context.js';
import { createCursorSeal } from '../cursor.js';
import type { Platform, RequestContext } from '../platform.js';
import { describeSubgraph, type Subgraph, startSubgraph } from '../subgraph.js';
import { depotMigration, depotSubgraph, parcel, shelf } from './depot-subgraph.js';

export interface Depot {
  readonly test: TestDatabase;
  readonly platform: Platform;
  readonly subgraph: Subgraph;
  contextOf(principal: Principal): Promise<SubgraphContext>;
  ask(principal: Principal, document: string, variables?: Record<string, unknown>): Promise<ExecutionResult>;
  /** Adds so many parcels to the workspace. */
  stock(parcels: number): Promise<void>;
  audited(): Promise<{ action: string; outcome: string; reason: string | null; subject_id: string | null }[]>;
  close(): Promise<void>;
}

/** Where the depot lies; by default a test's database, which forgets when the machine stops. */
export type OpenDatabase = (options: { migrations: readonly MigrationSet[] }) => Promise<TestDatabase>;

/** The depot subgraph on a database of its own: two shelves, 24 parcels with equal instants and missing weights among them. */
export async function openDepot(open: OpenDatabase = createTestDatabase): Promise<Depot> {
  const folder = mkdtempSync(join(tmpdir(), 'falaj-depot-'));
  mkdirSync(join(folder, '20261123100000_init'));
  writeFileSync(join(folder, '20261123100000_init', 'migration.sql'), depotMigration);
  const test = await open({ migrations: [auditMigrations, { name: 'depot', folder }] });
  rmSync(folder, { recursive: true });
  const { nouns } = await describeSubgraph(depotSubgraph);
  const catalog = createNounCatalog(nouns);
  const fields = new Map(nouns.map((noun) => [noun.name, Object.keys(noun.fields)]));
  // Kept, as the policy store keeps them.
  const abilities = new WeakMap<Principal, Ability>();
  const abilityFor = async (principal: Principal) => {
    const ability = abilities.get(principal) ?? buildAbility(depotSubgraph.rules, principal, catalog);
    abilities.set(principal, ability);
    return ability;
  };
  const platform = {
    database: test.database,
    abilityFor,
    policyVersion: async () => 3,
    cursors: createCursorSeal(new Uint8Array(32)),
    log: createLogger('test'),
  } as unknown as Platform;
  const subgraph = await startSubgraph(depotSubgraph, platform);
  await fill(test);
  const requestOf = (principal: Principal): RequestContext => ({
    principal,
    requestId: 'r-1',
    traceparent: '',
    signal: new AbortController().signal,
  });
  return {
    test,
    platform,
    subgraph,
    contextOf: async (principal) =>
      new SubgraphContext(
        requestOf(principal),
        platform,
        undefined,
        await abilityFor(principal),
        (type) => fields.get(type) ?? [],
      ),
    async ask(principal, document, variables = {}) {
      const result = await subgraph.execute({ document: parse(document), variables, context: requestOf(principal) });
      if (Symbol.asyncIterator in result) throw new Error('expected one result');
      return JSON.parse(JSON.stringify(result)) as ExecutionResult;
    },
    async stock(count) {
      await test.database.asSystem((tx) =>
        tx.execute(sql`
          insert into depot.parcel
          select 'stock-' || n, 'w1', 'AE', 'a', case when n % 2 = 0 then 'light' else 'heavy' end, n % 40, 'person ' || n,
            timestamptz '2025-01-01' + n * interval '1 minute'
          from generate_series(1, ${count}::int) n`),
      );
      // Only the owner may; on its own the server does it within a minute.
      const owner = new pg.Client({ connectionString: test.url });
      await owner.connect();
      await owner.query('analyze depot.parcel');
      await owner.end();
    },
    audited: () =>
      test.database.asSystem(async (tx) => {
        const found = await tx.execute(sql`select action, outcome, reason, subject_id from audit.record order by id`);
        return (found as unknown as { rows: Awaited<ReturnType<Depot['audited']>> }).rows;
      }),
    async close() {
      await subgraph.close();
      await test.close();
    },
  };
}

async function fill({ database }: TestDatabase): Promise<void> {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
  await database.asSystem(async (tx) => {
    await tx
      .insert(shelf)
      .values(['a', 'b'].map((id, i) => ({ id, workspaceId: 'w1', name: `shelf ${id}`, createdAt: at(i) })));
    await tx.insert(parcel).values(
      Array.from({ length: 24 }, (_, i) => ({
        id: `p-${String(i).padStart(2, '0')}`,
        workspaceId: 'w1',
        zone: i === 23 ? 'SA' : 'AE',
        shelfId: i % 3 === 0 ? 'b' : 'a',
        label: i % 2 === 0 ? 'light' : 'heavy',
        // Every fourth weighs nothing known; the others tie in threes.
        weight: i % 4 === 0 ? null : Math.floor(i / 4) % 3,
        recipient: `person ${i}`,
        createdAt: at(Math.floor(i / 5)),
      })),
    );
  });
}
