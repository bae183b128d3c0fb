// The subgraph on a real PostgreSQL for tests, with a vault that compares digests and a compliance plugin whose verdicts
// a test sets.
import { createHash, randomBytes } from 'node:crypto';
import { auditMigrations } from '@falaj/audit';
import type { CheckInfo, CheckResult, WrappedKey } from '@falaj/contracts';
import { createTestDatabase } from '@falaj/database/testing';
import { identityMigrations } from '@falaj/identity';
import { buildAbility, createNounCatalog, type Rule } from '@falaj/policy';
import { createLogger, PlatformError, type Principal } from '@falaj/runtime';
import { createCursorSeal, describeSubgraph, GraphClient, type Platform, startSubgraph } from '@falaj/subgraph-kit';
import { type SQL, sql } from 'drizzle-orm';
import { parse } from 'graphql';
import type { RunAnswer } from '../domain/registration.js';
import { modelsSubgraph } from '../main.js';
import { modelFile } from './model-file.js';
import { registrableRun } from './registrable-run.js';

/** A person named as their role, unless told otherwise. */
export const person = (role: string, zones: readonly string[] = ['AE'], name = role): Principal => ({
  id: `p-${name}`,
  kind: 'USER',
  name,
  workspaceId: 'w1',
  roles: [role],
  zone: 'AE',
  zones,
});

/** The stub's own rule belongs to the subgraph that owns Run. */
const ofRun: Rule = {
  id: 'run',
  effect: 'ALLOW',
  actions: ['read'],
  subject: 'Run',
  classes: ['internal'],
  roles: ['*'],
  reason: 'ORDINARY_METADATA',
};

export async function openRegistry(options: { readonly landing?: string } = {}) {
  const definition = modelsSubgraph(options);
  const test = await createTestDatabase({
    migrations: [auditMigrations, identityMigrations, definition.migrations],
  });
  const catalog = createNounCatalog((await describeSubgraph(definition as never)).nouns);
  const runs = new Map<string, RunAnswer>();
  const files = new Map<string, Uint8Array>([['models/run_1.onnx', modelFile('onnx-dense')]]);
  const compliance = {
    infos: [] as CheckInfo[],
    results: [] as CheckResult[],
    snapshots: [] as unknown[],
    /** Approved waivers as governance would show them. */
    waivers: [] as unknown[],
  };
  const extraRules: Rule[] = [];
  const graph = new GraphClient();
  graph.install(async (_document, variables) => ({
    data: {
      run: runs.get(String(variables.id ?? variables.runId)) ?? null,
      trainingSet: { labelSource: { name: 'flights', zone: 'AE', categories: ['none'] }, featureViews: [] },
      complianceWaivers: {
        edges: compliance.waivers.map((node) => ({ node })),
        pageInfo: { hasNextPage: false, endCursor: null },
      },
    },
  }));
  /** Key-encryption keys that come to nothing when a test retires them. */
  const sealed = new Map<string, { readonly key: Uint8Array; readonly context: string }>();
  const keys = {
    async wrap({ keyRef, key, context }: { keyRef: string; key: Uint8Array; context: string }) {
      const ciphertext = randomBytes(16);
      sealed.set(ciphertext.toString('hex'), { key: Uint8Array.from(key), context });
      return { keyId: `${keyRef}#1`, ciphertext };
    },
    async unwrap({ wrapped, context }: { wrapped: WrappedKey; context: string }) {
      const found = sealed.get(Buffer.from(wrapped.ciphertext).toString('hex'));
      if (found?.context !== context) throw new PlatformError('NOT_FOUND', `There is no key "${wrapped.keyId}".`);
      return Uint8Array.from(found.key);
    },
  };
  const platform = {
    database: test.database,
    abilityFor: async (principal: Principal) =>
      buildAbility([...definition.rules, ofRun, ...extraRules], principal, catalog),
    policyVersion: async () => 1,
    cursors: createCursorSeal(new Uint8Array(32)),
    log: createLogger('test'),
    graph,
    vault: {
      async get(key: string, expected: string) {
        const bytes = files.get(key);
        if (!bytes) throw new PlatformError('NOT_FOUND', `No artifact "${key}".`);
        const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
        if (found !== expected) throw new PlatformError('ARTIFACT_CORRUPT', `Artifact "${key}" has another digest.`);
        return bytes;
      },
      async put({ key, data }: { key: string; data: Uint8Array }) {
        files.set(key, data);
        return { key, bytes: data.length, digest: `sha256:${createHash('sha256').update(data).digest('hex')}` };
      },
      async remove(key: string) {
        files.delete(key);
      },
    },
    plugins: {
      call: () => ({ signal: new AbortController().signal }),
      list: () => [{ kind: 'compliance', name: 'test' }],
      get: (kind: string) =>
        kind === 'keys'
          ? keys
          : {
              list: async () => compliance.infos,
              async evaluate({ snapshot }: { snapshot: unknown }) {
                compliance.snapshots.push(snapshot);
                return compliance.results;
              },
            },
    },
  } as unknown as Platform;
  const subgraph = await startSubgraph(definition, platform);

  return {
    database: test.database,
    runs,
    files,
    compliance,
    extraRules,
    retireKeys: () => sealed.clear(),
    addRun: (id: string, changes: Partial<RunAnswer> = {}) => void runs.set(id, registrableRun({ id, ...changes })),
    // biome-ignore lint/suspicious/noExplicitAny: answers are checked by what is expected of them.
    async ask(principal: Principal, document: string, variables: Record<string, unknown> = {}): Promise<any> {
      const context = { principal, requestId: 'r', traceparent: '', signal: new AbortController().signal };
      const result = await subgraph.execute({ document: parse(document), variables, context });
      if (Symbol.asyncIterator in result) throw new Error('expected one result');
      const error = result.errors?.[0];
      return {
        data: result.data,
        code: error?.extensions?.code,
        message: error?.message,
        details: error?.extensions?.details,
        extensions: result.extensions,
      };
    },
    system: <T>(query: SQL): Promise<T[]> =>
      test.database.asSystem(async (tx) => ((await tx.execute(query)) as unknown as { rows: T[] }).rows),
    async addPrincipal(id: string, email: string) {
      await test.database.asSystem((tx) =>
        tx.execute(sql`insert into identity.principal (id, home_workspace_id, kind, name, email, zone)
          values (${id}, 'w1', 'USER', ${id}, ${email}, 'AE')`),
      );
    },
    async close() {
      await subgraph.close();
      await test.close();
    },
  };
}
