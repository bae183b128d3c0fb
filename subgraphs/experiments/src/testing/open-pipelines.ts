// Pipelines over a real PostgreSQL with the real engine of workflows and the real directory; each `Process` is a whole
// subgraph with an engine of its own, as another process would have it.
import { auditMigrations } from '@falaj/audit';
import { openDatabase } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createDirectory, identityMigrations } from '@falaj/identity';
import { buildAbility, createNounCatalog, type Rule } from '@falaj/policy';
import { createLogger, PlatformError, type Principal } from '@falaj/runtime';
import { createCursorSeal, describeSubgraph, GraphClient, type Platform, startSubgraph } from '@falaj/subgraph-kit';
import { type Answer, askSubgraph } from '@falaj/subgraph-kit/testing/requests';
import { createWorkflowEngine, workflowMigrations } from '@falaj/workflows';
import { sql } from 'drizzle-orm';
import { experimentsSubgraph } from '../main.js';
import { keepingVault } from './keeping-vault.js';

/** What the rest of the graph answers, by the name of the operation. */
export type GraphAnswers = Readonly<
  Record<string, (variables: Record<string, unknown>, principal: Principal) => unknown>
>;

export interface Process {
  ask(who: Principal, document: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Orderly: its runs are handed over. */
  stop(): Promise<void>;
}

export interface Pipelines {
  readonly test: TestDatabase;
  readonly workspaceId: string;
  /** Known to the directory, with these roles in the workspace. */
  person(name: string, roles: readonly string[], kind?: 'USER' | 'SERVICE'): Promise<Principal>;
  revoke(who: Principal, role: string): Promise<void>;
  openProcess(): Promise<Process>;
  rows<T>(statement: ReturnType<typeof sql>): Promise<T[]>;
  close(): Promise<void>;
}

/** Lets data scientists run commands, as a workspace that wants it does. */
export const commandsAllowed: Rule = {
  id: 'test.commands',
  effect: 'ALLOW',
  actions: ['execute'],
  subject: 'PipelineCommand',
  conditions: { program: { $in: ['node', 'sh'] } },
  roles: ['data-scientist'],
  reason: 'COMMANDS',
};

export async function openPipelines(
  options: { extra?: readonly Rule[]; graph?: GraphAnswers } = {},
): Promise<Pipelines> {
  const test = await createTestDatabase({
    migrations: [auditMigrations, identityMigrations, workflowMigrations, experimentsSubgraph.migrations],
  });
  const directory = await createDirectory(test.database);
  const admin = await test.database.asSystem((tx) =>
    directory.createPrincipal(tx, { homeWorkspaceId: 'platform', kind: 'USER', name: 'admin', zone: 'AE' }),
  );
  const { id: workspaceId } = await test.database.asSystem((tx) =>
    directory.createWorkspace(tx, { name: 'w', allowedZones: ['AE'], administratorId: admin.id }),
  );
  const { nouns } = await describeSubgraph(experimentsSubgraph);
  const catalog = createNounCatalog(nouns);
  const vault = keepingVault();
  const processes: Process[] = [];
  const answers: GraphAnswers = {
    BudgetForWork: () => ({ budgetDecision: { verdict: 'ALLOW', refusals: [] } }),
    ...options.graph,
  };

  async function openProcess(): Promise<Process> {
    const database = await openDatabase({ url: test.url, applicationName: 'falaj pipelines test' });
    const engine = await createWorkflowEngine({ database });
    const graph = new GraphClient();
    graph.install(async (document, variables, request) => {
      const operation = /(?:query|mutation)\s+(\w+)/.exec(document)?.[1] ?? '';
      const answer = answers[operation];
      try {
        if (!answer) throw new PlatformError('NOT_FOUND', `The graph of this test does not answer ${operation}.`);
        return { data: await answer(variables, request.principal) };
      } catch (error) {
        const { code, message, details } = error as PlatformError;
        return { errors: [{ message, extensions: { code, details } }] };
      }
    });
    const platform = {
      database,
      abilityFor: async (principal: Principal) =>
        buildAbility([...experimentsSubgraph.rules, ...(options.extra ?? [])], principal, catalog),
      policyVersion: async () => 1,
      cursors: createCursorSeal(new Uint8Array(32)),
      log: createLogger('test'),
      graph,
      workflows: engine,
      plugins: { call: () => ({}), list: () => [] },
      vault,
    } as unknown as Platform;
    const subgraph = await startSubgraph(experimentsSubgraph, platform);
    await engine.startWorkers();
    let stopped: Promise<void> | undefined;
    const own: Process = {
      ask: (principal, document, variables) => askSubgraph(subgraph, principal, document, variables),
      stop() {
        stopped ??= (async () => {
          await engine.stop();
          await subgraph.close();
          await database.close();
        })();
        return stopped;
      },
    };
    processes.push(own);
    return own;
  }

  return {
    test,
    workspaceId,
    openProcess,
    async person(name, roles, kind = 'USER') {
      const { id } = await test.database.asSystem((tx) =>
        directory.createPrincipal(tx, { homeWorkspaceId: workspaceId, kind, name, zone: 'AE' }),
      );
      for (const role of roles)
        await test.database.asSystem((tx) =>
          directory.grantRole(tx, { workspaceId, principalId: id, role, by: admin.id }),
        );
      return { id, kind, name, workspaceId, roles, zone: 'AE', zones: ['AE'] };
    },
    async revoke({ id }, role) {
      await test.database.asSystem((tx) =>
        directory.revokeRole(tx, { workspaceId, principalId: id, role, by: admin.id }),
      );
    },
    rows: async <T>(statement: ReturnType<typeof sql>): Promise<T[]> =>
      test.database.asSystem(async (tx) => ((await tx.execute(statement)) as unknown as { rows: T[] }).rows),
    async close() {
      await Promise.all(processes.map((one) => one.stop()));
      await directory.close();
      await test.close();
    },
  };
}
