// The governance subgraph on a real database, for tests.
import { generateKeyPairSync } from 'node:crypto';
import { auditMigrations } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createDirectory, identityMigrations } from '@falaj/identity';
import { createPolicyStore, type PolicyStore, policyMigrations } from '@falaj/policy';
import { createLogger, type Principal } from '@falaj/runtime';
import { createCursorSeal, describeSubgraph, type Platform, type Subgraph, startSubgraph } from '@falaj/subgraph-kit';
import { type ExecutionResult, parse } from 'graphql';
import type { GovernanceServices } from '../index.js';
import { governanceSubgraph } from '../main.js';
import { rules } from '../policy.js';

export interface TestGovernance {
  readonly database: TestDatabase['database'];
  readonly policyStore: PolicyStore;
  readonly workspaceId: string;
  as(roles: readonly string[], id?: string, zones?: readonly string[]): Principal;
  // biome-ignore lint/suspicious/noExplicitAny: answers are judged by the expectations.
  run(principal: Principal, query: string, variables?: Record<string, unknown>): Promise<ExecutionResult<any, any>>;
  close(): Promise<void>;
}

/** A workspace of the zones AE and AE-DIFC with the principals pr_amal and pr_badr; `overrides` stand in for other parts. */
export async function openTestGovernance(overrides: Partial<Platform> = {}): Promise<TestGovernance> {
  const bare = governanceSubgraph({} as GovernanceServices);
  const postgres = await createTestDatabase({
    migrations: [identityMigrations, auditMigrations, policyMigrations, bare.migrations],
  });
  const { database } = postgres;
  const workspaceId = 'ws_test';
  await database.asSystem(async (tx) => {
    await tx.execute(
      `insert into identity.workspace (id, name, allowed_zones, default_zone) values ('${workspaceId}', 'test', '{AE,AE-DIFC}', 'AE')`,
    );
    for (const [id, role] of [
      ['pr_amal', 'data-scientist'],
      ['pr_badr', 'approver'],
    ]) {
      await tx.execute(
        `insert into identity.principal (id, home_workspace_id, kind, name, email, zone) values ('${id}', '${workspaceId}', 'USER', '${id}', '${id}@example.org', 'AE')`,
      );
      await tx.execute(
        `insert into identity.role_binding (id, workspace_id, principal_id, role, granted_by) values ('rb_${id}', '${workspaceId}', '${id}', '${role}', 'pr_amal')`,
      );
    }
  });
  const described = await describeSubgraph(bare as never);
  const policyStore = createPolicyStore(database, { nouns: described.nouns, builtin: rules });
  const directory = await createDirectory(database);
  const platform = {
    database,
    plugins: { list: () => [] },
    abilityFor: (principal: Principal) => policyStore.abilityFor(principal),
    policyVersion: (id: string) => policyStore.versionOf(id),
    cursors: createCursorSeal(Buffer.alloc(32, 7)),
    log: createLogger('test'),
    ...overrides,
  } as unknown as Platform;
  const services: GovernanceServices = {
    directory,
    policyStore,
    rules,
    auditKey: generateKeyPairSync('ed25519').privateKey,
    profile: 'development',
    plaintext: [],
    sinks: [],
    issuer: 'https://falaj.local',
    issueToken: async () => ({ token: '', tokenId: '', expiresAt: new Date() }),
    describe: async () => [described],
  };
  // Tests sweep by themselves, at times of their own.
  const subgraph: Subgraph = await startSubgraph(
    { ...governanceSubgraph(services), createServices: async () => ({ services }) },
    platform,
  );
  return {
    database,
    policyStore,
    workspaceId,
    as: (roles, id = 'pr_amal', zones = ['AE', 'AE-DIFC']) => ({
      id,
      kind: 'USER',
      name: id,
      workspaceId,
      roles,
      zone: 'AE',
      zones,
    }),
    async run(principal, query, variables = {}) {
      const context = { principal, requestId: 'request', traceparent: '', signal: new AbortController().signal };
      return (await subgraph.execute({ document: parse(query), variables, context })) as ExecutionResult;
    },
    async close() {
      await subgraph.close();
      await policyStore.close();
      await directory.close();
      await postgres.close();
    },
  };
}
