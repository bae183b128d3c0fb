// The whole subgraph over a real PostgreSQL with models in ONNX Runtime, asked as a user asks it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditMigrations } from '@falaj/audit';
import type { ArtifactStoreV1, KeysV1, OfflineStoreV1, ServingV1 } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createArtifactVault, createCall, loadPlugins } from '@falaj/plugin-host';
import { writeOnnx } from '@falaj/plugin-sdk/onnx';
import { buildAbility, createNounCatalog, type Rule } from '@falaj/policy';
import { createLogger, type Principal } from '@falaj/runtime';
import {
  createCursorSeal,
  describeSubgraph,
  GraphClient,
  type GraphExecutor,
  type Platform,
  type Subgraph,
  startSubgraph,
  subjectKeyMigrations,
} from '@falaj/subgraph-kit';
import { type Answer, askSubgraph } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import type { DeployableModel } from '../domain/deployable-model.js';
import { deploymentsSubgraph } from '../main.js';
import { insertEndpoint, testModel } from './endpoint-rows.js';

/** `probability` of `features` [N, 1]: sigmoid(slope x + shift). */
export interface LogisticModel {
  readonly slope: number;
  readonly shift: number;
}

export interface ServedRevision {
  readonly endpoint: string;
  readonly revision: number;
}

/** One process of the platform that runs this subgraph. */
export interface DeploymentsProcess {
  ask(who: Principal, document: string, variables?: Record<string, unknown>, requestId?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface Deployments extends DeploymentsProcess {
  readonly test: TestDatabase;
  /** Another process on the same database. */
  process(): Promise<DeploymentsProcess>;
  /** Stands before every run of a model; may wait or throw. */
  before: (served: ServedRevision) => Promise<void> | void;
  /** An endpoint whose revisions 1, 2, ... serve these models; the first is live. */
  deploy(name: string, models: readonly LogisticModel[]): Promise<string>;
  rows<T>(statement: ReturnType<typeof sql>): Promise<T[]>;
}

/** `extra` are further rules, `graph` is what other subgraphs answer, to any document or to each, `offlineStore` reads training sets. */
export async function openDeployments(
  options: {
    extra?: readonly Rule[];
    graph?: Record<string, unknown> | GraphExecutor;
    offlineStore?: Pick<OfflineStoreV1, 'readTrainingSet'>;
  } = {},
): Promise<Deployments> {
  const definition = deploymentsSubgraph();
  const test = await createTestDatabase({ migrations: [auditMigrations, definition.migrations, subjectKeyMigrations] });
  const { nouns } = await describeSubgraph(definition);
  const catalog = createNounCatalog(nouns);
  const registry = await loadPlugins({
    config: [
      { use: '@falaj/plugin-serving-onnx', config: { devices: ['cpu'], execution: 'inline' } },
      { use: '@falaj/plugin-drift-statistics' },
    ],
    resolveFrom: import.meta.dirname,
    dataDirectory: mkdtempSync(join(tmpdir(), 'falaj-deployments-')),
    conditions: ['source', 'node', 'import', 'default'],
  });
  const known: (ServedRevision & { readonly data: Uint8Array })[] = [];
  const serving = watched(registry.get('serving'), known, (served) => world.before(served));
  const vault = createArtifactVault(memory());
  const graph = new GraphClient();
  const { graph: answers = {} } = options;
  graph.install(typeof answers === 'function' ? answers : async () => ({ data: answers }));
  const others = {
    serving,
    keys: memory().keys,
    drift: registry.get('drift'),
    'offline-store': options.offlineStore,
  };
  const platform = {
    database: test.database,
    abilityFor: async (principal: Principal) =>
      buildAbility([...definition.rules, ...(options.extra ?? [])], principal, catalog),
    policyVersion: async () => 1,
    cursors: createCursorSeal(new Uint8Array(32)),
    log: createLogger('test'),
    graph,
    plugins: { get: (kind: keyof typeof others) => others[kind], call: createCall, list: () => [] },
    vault,
  } as unknown as Platform;
  const open: Subgraph[] = [];
  const start = async (): Promise<DeploymentsProcess> => {
    const subgraph = await startSubgraph(deploymentsSubgraph(), platform);
    open.push(subgraph);
    return {
      ask: (...question) => askSubgraph(subgraph, ...question),
      close: async () => {
        open.splice(open.indexOf(subgraph), 1);
        await subgraph.close();
      },
    };
  };
  const first = await start();
  const world: Deployments = {
    test,
    ask: first.ask,
    process: start,
    before: () => undefined,
    rows: (statement) =>
      test.database.asSystem(async (tx) => ((await tx.execute(statement)) as unknown as { rows: never[] }).rows),
    async deploy(name, models) {
      const call = createCall({ id: 'p' }, { workspaceId: 'w1', zone: 'AE' });
      const deployed: DeployableModel[] = [];
      for (const [place, model] of models.entries()) {
        const data = logistic(model);
        known.push({ endpoint: name, revision: place + 1, data });
        const key = `${name}/${place}`;
        const artifact = { key, workspaceId: 'w1', zone: 'AE', data, contentType: 'application/onnx' };
        const { digest } = await vault.put(artifact, call);
        deployed.push(testModel(place + 1, key, digest));
      }
      await insertEndpoint(test, name, deployed);
      return name;
    },
    async close() {
      for (const subgraph of [...open]) await subgraph.close();
      await registry.close();
      await test.close();
    },
  };
  return world;
}

/** Names make the bytes of equal models differ. */
let made = 0;
function logistic({ slope, shift }: LogisticModel): Uint8Array {
  return writeOnnx({
    producer: 'test',
    producerVersion: String(++made),
    graph: 'logistic',
    nodes: [
      { operator: 'MatMul', domain: '', inputs: ['features', 'w'], output: 'weighted', attributes: {} },
      { operator: 'Add', domain: '', inputs: ['weighted', 'b'], output: 'sum', attributes: {} },
      { operator: 'Sigmoid', domain: '', inputs: ['sum'], output: 'probability', attributes: {} },
    ],
    constants: [
      { name: 'w', dimensions: [1, 1], values: [slope] },
      { name: 'b', dimensions: [1], values: [shift] },
    ],
    input: { name: 'features', dimensions: ['n', 1] },
    output: { name: 'probability', dimensions: ['n', 1] },
    operatorSets: { '': 13 },
    metadata: {},
  });
}

function watched(
  real: ServingV1,
  known: readonly (ServedRevision & { readonly data: Uint8Array })[],
  before: Deployments['before'],
): ServingV1 {
  const byHandle = new Map<string, ServedRevision>();
  return {
    ...real,
    load(args, call) {
      const found = known.find(({ data }) => Buffer.compare(data, args.model) === 0);
      if (found) byHandle.set(args.handle, found);
      return real.load(args, call);
    },
    async infer(args, call) {
      await before(byHandle.get(args.handle) ?? { endpoint: '', revision: 0 });
      return real.infer(args, call);
    },
    unload: (args, call) => real.unload(args, call),
  };
}

/** What keys and stores do is tested with them. */
function memory() {
  const objects = new Map<string, Uint8Array>();
  return {
    keys: {
      wrap: async ({ key }: { key: Uint8Array }) => ({ keyId: 'k#1', ciphertext: Uint8Array.from(key) }),
      unwrap: async ({ wrapped }: { wrapped: { ciphertext: Uint8Array } }) => Uint8Array.from(wrapped.ciphertext),
      rewrap: async ({ wrapped }: { wrapped: { ciphertext: Uint8Array } }) => ({
        keyId: 'k#2',
        ciphertext: Uint8Array.from(wrapped.ciphertext),
      }),
    } as unknown as KeysV1,
    store: {
      async put({ key, data }: { key: string; data: Uint8Array }) {
        objects.set(key, Uint8Array.from(data));
        return { key, bytes: data.length, storedAt: 0 };
      },
      get: async ({ key }: { key: string }) => objects.get(key) ?? null,
    } as unknown as ArtifactStoreV1,
  };
}
