/**
 * What the guards cost: one-row inference over HTTP, its features joined from entity keys as endpoints do, with tokens, roles and policy, an A/B test with its exposures, and
 * every inference written to the log, beside the same endpoint without a test and a log, asked by somebody whom nobody
 * checks. Both stand in one process; rounds interleave, inputs rotate, and the best round of each side counts: what
 * disturbs a round only ever makes it slower. At the end the process stops in order, and the records are counted against
 * the answers.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auditMigrations } from '@falaj/audit';
import { createTestDatabase } from '@falaj/database/testing';
import { createDirectory, createLocalIssuer, createTokenVerifier, identityMigrations } from '@falaj/identity';
import { createArtifactVault, createCall, loadPlugins } from '@falaj/plugin-host';
import { denseModel } from '@falaj/plugin-serving-onnx/testing';
import { type Ability, createPolicyStore, policyMigrations } from '@falaj/policy';
import { createLogger, type Principal } from '@falaj/runtime';
import { deploymentsSubgraph } from '@falaj/subgraph-deployments';
import { createInferenceHandler, type InferencePorts } from '@falaj/subgraph-deployments/inference';
import {
  createCursorSeal,
  describeSubgraph,
  GraphClient,
  type Platform,
  startSubgraph,
  subjectKeyMigrations,
} from '@falaj/subgraph-kit';
import { sql } from 'drizzle-orm';
import { parse } from 'graphql';
import type { Figure } from './figure.js';
import { load } from './http-load.js';

const WIDTH = 20;
const CONNECTIONS = 32;
const ROUNDS = 8;
const ROUND_MS = 1_000;
/** What a round left to write is written before the next one begins. */
const PAUSE_MS = 1_000;
const SUBJECTS = 4_096;
const LIMITS = { maxBodyBytes: 1_000_000, bodyTimeoutMs: 10_000, inferTimeoutMs: 10_000 };

export async function run(): Promise<Figure[]> {
  const child = fork(fileURLToPath(import.meta.url), [SERVE]);
  const ready = await told<Ready>(child);
  const joined = await compare(ready, 'joined');
  const raw = await compare(ready, 'raw');
  child.send('stop');
  const { written, dropped } = await told<Written>(child);
  child.disconnect();
  const answered = joined.answered + raw.answered;
  const name = 'inference-guarded';
  return [
    { name: `${name}.throughput`, value: joined.ratio, unit: 'x', op: '>=', bar: 0.6 },
    // The caller sends the matrix: nothing is joined, and the guards stand beside a request that does next to nothing.
    { name: `${name}.raw-matrix-throughput`, value: raw.ratio, unit: 'x', op: '>=', bar: 0.4 },
    {
      name: `${name}.records-lost-of-${answered}`,
      value: answered - written + dropped,
      unit: 'records',
      op: '<=',
      bar: 0,
    },
  ];
}

type Kind = 'joined' | 'raw';

async function compare(
  { plain, guarded, token, workspace }: Ready,
  kind: Kind,
): Promise<{ ratio: number; answered: number }> {
  const free = requests(`plain-${kind}`, kind, '');
  const held = requests(
    `guarded-${kind}`,
    kind,
    `Authorization: Bearer ${token}\r\nX-Falaj-Workspace: ${workspace}\r\n`,
  );
  const most = { plain: 0, guarded: 0 };
  let answered = 0;
  for (let round = 0; round < ROUNDS; round++) {
    most.plain = Math.max(most.plain, await load(plain, ROUND_MS, free, CONNECTIONS, round * 997));
    const answers = await load(guarded, ROUND_MS, held, CONNECTIONS, round * 997);
    most.guarded = Math.max(most.guarded, answers);
    answered += answers;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return { ratio: most.guarded / most.plain, answered };
}

interface Ready {
  readonly plain: number;
  readonly guarded: number;
  readonly token: string;
  readonly workspace: string;
}
interface Written {
  readonly written: number;
  readonly dropped: number;
}

const told = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T;

/** Rows and subjects that differ, as those of many users do. */
function requests(endpoint: string, kind: Kind, headers: string): string[] {
  return Array.from({ length: SUBJECTS }, (_, place) => {
    const row = Array.from({ length: WIDTH }, (_, column) => feature(place, column).toFixed(4));
    const input =
      kind === 'raw'
        ? `{"name":"features","shape":[1,${WIDTH}],"datatype":"FP32","data":[${row.join(',')}]}`
        : `{"name":"customer","shape":[1],"datatype":"BYTES","data":["customer-${place}"]}`;
    const body = `{"id":"${place}","parameters":{"subject":"subject-${place}"},"inputs":[${input}]}`;
    return `POST /v2/models/${endpoint}/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
  });
}

const feature = (row: number, column: number): number => Math.sin(row * 31 + column * 7);

/** What the online store holds of each customer. */
const VIEW = {
  view: 'facts',
  version: 1,
  columns: Array.from({ length: WIDTH }, (_, column) => ({ name: `f${column}`, type: 'FLOAT64' as const })),
};
const PLAN = {
  entityKeys: ['customer'],
  views: [VIEW],
  columns: VIEW.columns.map(({ name }) => ({
    kind: 'view',
    view: 'facts',
    version: 1,
    feature: name,
    keys: [{ name: 'customer' }],
    ttlSeconds: null,
  })),
};

// The measured process ----------------------------------------------------------------------------------------------

async function serve(): Promise<void> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'falaj-guarded-'));
  let models: InferencePorts['models'] | undefined;
  const definition = deploymentsSubgraph({
    onInference: (found) => {
      models = found;
    },
  });
  const test = await createTestDatabase({
    migrations: [auditMigrations, identityMigrations, policyMigrations, definition.migrations, subjectKeyMigrations],
  });
  const { database } = test;
  const directory = await createDirectory(database);
  const issuer = await createLocalIssuer({ issuer: 'https://bench.example', dataDirectory });
  const verifier = createTokenVerifier({ issuers: [{ local: issuer }] });
  const own = await database.asSystem(async (tx) => {
    const person = (name: string) =>
      directory.createPrincipal(tx, { homeWorkspaceId: 'platform', kind: 'USER', name, zone: 'AE' });
    const administrator = await person('administrator');
    const caller = await person('caller');
    const { id } = await directory.createWorkspace(tx, {
      name: 'bench',
      allowedZones: ['AE'],
      administratorId: administrator.id,
    });
    for (const role of ['approver', 'data-scientist'])
      await directory.grantRole(tx, { workspaceId: id, principalId: caller.id, role, by: administrator.id });
    return { workspaceId: id, callerId: caller.id };
  });
  const { token } = await issuer.issueAccessToken(own.callerId, { ttlSeconds: 900 });
  const authenticate = async (authorization = '', workspace?: string): Promise<Principal> =>
    directory.resolve(await verifier.verify(authorization.replace('Bearer ', '')), workspace);
  const caller = await authenticate(token, own.workspaceId);

  const plugins = await loadPlugins({
    config: [
      { use: '@falaj/plugin-keys-local' },
      { use: '@falaj/plugin-artifact-store-fs' },
      { use: '@falaj/plugin-serving-onnx', config: { devices: ['cpu'], execution: 'inline' } },
      { use: '@falaj/plugin-online-store-postgres', config: { url: test.url } },
    ],
    resolveFrom: import.meta.dirname,
    dataDirectory,
  });
  const vault = createArtifactVault({ keys: plugins.get('keys'), store: plugins.get('artifact-store') });
  const { nouns } = await describeSubgraph(definition);
  const policy = createPolicyStore(database, { nouns, builtin: definition.rules });
  const unchecked: Principal = { ...caller, id: 'unchecked', name: 'unchecked' };
  const everything = { can: () => true, authorize() {} } as unknown as Ability;
  const graph = new GraphClient();
  graph.install(async () => ({ data: { modelVersion: null } }));
  const platform = {
    database,
    plugins,
    vault,
    abilityFor: async (principal: Principal) => (principal === unchecked ? everything : policy.abilityFor(principal)),
    policyVersion: (id: string) => policy.versionOf(id),
    cursors: createCursorSeal(new Uint8Array(32)),
    log: createLogger('bench'),
    graph,
  } as unknown as Platform;

  const place = { workspaceId: own.workspaceId, zone: 'AE' };
  const call = createCall({ id: own.callerId }, place);
  const bytes = denseModel([WIDTH, 64, 32, 1]);
  const artifact = await vault.put(
    { key: 'models/m.onnx', ...place, data: bytes, contentType: 'application/onnx' },
    call,
  );
  await plugins.get('online-store').write(
    {
      view: VIEW,
      rows: Array.from({ length: SUBJECTS }, (_, place) => ({
        key: JSON.stringify([`customer-${place}`]),
        eventTime: 0,
        values: VIEW.columns.map((_column, column) => feature(place, column)),
      })),
    },
    call,
  );
  await database.asSystem(async (tx) => {
    for (const kind of ['joined', 'raw'] as const)
      for (const [endpoint, revisions] of [
        [`plain-${kind}`, [1]],
        [`guarded-${kind}`, [1, 2]],
      ] as const) {
        await tx.execute(sql`insert into deployments.endpoint (id, workspace_id, zone, name, state, revision, model_version_id,
          model_name, model_version, inputs, outputs, device, compliance, owner_id, owner) values (${endpoint}, ${own.workspaceId},
          'AE', ${endpoint}, 'READY', 1, 'mv_1', 'm', 1, '[]', '[]', 'cpu', '[]', ${own.callerId}, 'caller')`);
        for (const revision of revisions) {
          const model = {
            id: `mv_${revision}`,
            name: 'm',
            version: revision,
            artifactKey: 'models/m.onnx',
            digest: artifact.digest,
            zone: 'AE',
            categories: ['none'],
            allowedZones: ['AE'],
            servingPlan: kind === 'joined' ? PLAN : {},
          };
          await tx.execute(sql`insert into deployments.endpoint_revision (id, workspace_id, zone, endpoint_id, revision,
            model_version_id, model_version, model, compliance, owner_id, owner) values (${`${endpoint}-${revision}`},
            ${own.workspaceId}, 'AE', ${endpoint}, ${revision}, ${model.id}, ${revision}, ${JSON.stringify(model)}::jsonb, '[]',
            ${own.callerId}, 'caller')`);
        }
      }
  });
  const subgraph = await startSubgraph(definition, platform);
  const change = async (document: string) => {
    const context = { principal: caller, requestId: 'bench', traceparent: '', signal: new AbortController().signal };
    const result = await subgraph.execute({ document: parse(document), variables: {}, context });
    if ('errors' in result && result.errors) throw new Error(JSON.stringify(result.errors));
  };
  for (const endpoint of ['guarded-joined', 'guarded-raw']) {
    await change(`mutation { setInferenceLog(input: { endpointId: "${endpoint}" }) { inferenceLog { id } } }`);
    await change(`mutation { createAbTest(input: { endpointId: "${endpoint}", name: "bench", control: "a", horizon: 10000,
      minimumEffect: 0.1, metric: { outcome: "done", kind: PROPORTION },
      variants: [{ name: "a", revision: 1, weight: 5000 }, { name: "b", revision: 2, weight: 5000 }] }) { abTest { id } } }`);
  }
  const listen = async (ports: Pick<InferencePorts, 'authenticate' | 'models'>) => {
    const server = createServer(createInferenceHandler({ ...ports, ready: async () => true, limits: LIMITS }));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
  };
  const plain = await listen({
    authenticate: async () => unchecked,
    models: models as InferencePorts['models'],
  });
  const guarded = await listen({
    authenticate: ({ headers }) => authenticate(headers.authorization, String(headers['x-falaj-workspace'])),
    models: models as InferencePorts['models'],
  });
  process.once('message', async () => {
    plain.close();
    guarded.close();
    await subgraph.close();
    const { rows } = await database.asSystem((tx) =>
      tx.execute<{ written: number; dropped: number }>(sql`
        select (select count(*)::int from deployments.inference_record) as written,
          (select coalesce(sum(dropped), 0)::int from deployments.inference_log_count) as dropped`),
    );
    process.send?.(rows[0]);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ plain: plain.port, guarded: guarded.port, token, workspace: own.workspaceId } satisfies Ready);
}

const SERVE = '--serve';
if (process.argv[2] === SERVE) await serve();
