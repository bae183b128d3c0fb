// The whole subgraph over a real PostgreSQL, asked as a user asks it.
import { auditMigrations } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { buildAbility, createNounCatalog, type Rule } from '@falaj/policy';
import { createLogger, type Principal } from '@falaj/runtime';
import {
  createCursorSeal,
  describeSubgraph,
  GraphClient,
  type Platform,
  type RequestContext,
  type Subgraph,
  SubgraphContext,
  startSubgraph,
} from '@falaj/subgraph-kit';
import { type Answer, askSubgraph, type Loose } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { parse } from 'graphql';
import { experimentsSubgraph } from '../main.js';
import { keepingVault } from './keeping-vault.js';

export interface Experiments {
  readonly test: TestDatabase;
  readonly subgraph: Subgraph;
  ask(who: Principal, document: string, variables?: Record<string, unknown>): Promise<Answer>;
  follow(who: Principal, document: string, signal: AbortSignal): Promise<AsyncIterator<Loose>>;
  contextOf(who: Principal): Promise<SubgraphContext>;
  rows<T>(statement: ReturnType<typeof sql>): Promise<T[]>;
  close(): Promise<void>;
}

/** One experiment `e` in workspace w1. `sets` are what the graph answers for training sets; `extra` are further rules. */
export async function openExperiments(
  options: { sets?: Readonly<Record<string, unknown>>; extra?: readonly Rule[] } = {},
): Promise<Experiments> {
  const test = await createTestDatabase({ migrations: [auditMigrations, experimentsSubgraph.migrations] });
  const { nouns } = await describeSubgraph(experimentsSubgraph);
  const catalog = createNounCatalog(nouns);
  const fields = new Map(nouns.map((noun) => [noun.name, Object.keys(noun.fields)]));
  const graph = new GraphClient();
  graph.install(async (_document, variables) => ({
    data: { trainingSet: options.sets?.[String(variables.id)] ?? null },
  }));
  const abilityFor = async (principal: Principal) =>
    buildAbility([...experimentsSubgraph.rules, ...(options.extra ?? [])], principal, catalog);
  const platform = {
    database: test.database,
    abilityFor,
    policyVersion: async () => 1,
    cursors: createCursorSeal(new Uint8Array(32)),
    log: createLogger('test'),
    graph,
    plugins: { call: () => ({}), list: () => [] },
    vault: keepingVault(),
  } as unknown as Platform;
  const subgraph = await startSubgraph(experimentsSubgraph, platform);
  const requestOf = (principal: Principal, signal = new AbortController().signal): RequestContext => ({
    principal,
    requestId: 'r-1',
    traceparent: '',
    signal,
  });
  const rows = async <T>(statement: ReturnType<typeof sql>): Promise<T[]> =>
    test.database.asSystem(async (tx) => ((await tx.execute(statement)) as unknown as { rows: T[] }).rows);
  await rows(sql`insert into experiments.experiment (id, workspace_id, owner_id, owner, name, description)
    values ('e', 'w1', 'p', 'p', 'e', ''), ('e2', 'w1', 'p', 'p', 'e2', '')`);
  return {
    test,
    subgraph,
    rows,
    ask: (who, document, variables) => askSubgraph(subgraph, who, document, variables),
    async follow(who, document, signal) {
      const result = await subgraph.execute({
        document: parse(document),
        variables: {},
        context: requestOf(who, signal),
      });
      if (!(Symbol.asyncIterator in result)) throw new Error(JSON.stringify(result));
      return result[Symbol.asyncIterator]();
    },
    contextOf: async (who) =>
      new SubgraphContext(requestOf(who), platform, undefined, await abilityFor(who), (type) => fields.get(type) ?? []),
    async close() {
      await subgraph.close();
      await test.close();
    },
  };
}
