// The composition root: the one place that knows subgraphs, gateway, plugins and database alike.
import type { KeyObject } from 'node:crypto';
import { auditMigrations, createReadLog, startAuditSequencer, startReadSealer } from '@falaj/audit';
import { assertRowSecurity, type Database, migrate, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import { bootstrap, identityMigrations, loadSigningKey } from '@falaj/identity';
import { createArtifactVault, loadPlugins } from '@falaj/plugin-host';
import { createPolicyStore, type PolicyStore, policyMigrations, type Rule } from '@falaj/policy';
import { collectProcessMetrics, createLogger, hideSecret, PlatformError, startTracing } from '@falaj/runtime';
import type { GovernanceServices } from '@falaj/subgraph-governance';
import {
  createCursorSeal,
  createSubgraphServer,
  GraphClient,
  type Platform,
  type Subgraph,
  startSubgraph,
} from '@falaj/subgraph-kit';
import { createWorkflowEngine, workflowMigrations } from '@falaj/workflows';
import type { FastifyInstance } from 'fastify';
import type { ResolvedConfig } from '../config.js';
import { type DataDirectory, openDataDirectory } from '../data-directory.js';
import { artifactAlarm } from './artifact-alarm.js';
import { cursorSecret } from './cursor-secret.js';
import { remoteGraph } from './graph-executor.js';
import { type IdentityServices, openIdentity } from './identity.js';
import { mountInference } from './inference-routes.js';
import { type InferenceService, openGateway } from './open-gateway.js';
import { readiness } from './readiness.js';
import {
  allSubgraphs,
  describeAll,
  mergeNouns,
  type SubgraphDescription,
  type SubgraphName,
  subgraphNames,
} from './subgraphs.js';

/** What one process does; all of it by default. */
export interface Roles {
  readonly gateway: boolean;
  readonly subgraphs: readonly SubgraphName[];
}

export const everything: Roles = { gateway: true, subgraphs: subgraphNames };

export interface RunningPlatform {
  readonly url: string;
  readonly identity: IdentityServices;
  readonly database: Database;
  readonly dataDirectory: DataDirectory;
  readonly administratorId: string;
  /** The first administrator's one-time code, at the one start that made it. */
  readonly firstSignInCode?: string;
  close(): Promise<void>;
}

export async function startPlatform(
  config: ResolvedConfig,
  roles: Roles,
  progress: (step: string) => void,
): Promise<RunningPlatform> {
  const log = createLogger('platform');
  const closers: (() => Promise<unknown> | unknown)[] = [];
  let inference: InferenceService | undefined;
  let governance:
    | {
        identity: IdentityServices;
        policy: PolicyStore;
        descriptions: SubgraphDescription[];
        rules: readonly Rule[];
        auditKey: KeyObject;
      }
    | undefined;
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) {
      await Promise.resolve(closer()).catch((error: unknown) =>
        log.warn('a part did not stop cleanly', { error: String(error) }),
      );
    }
  };
  try {
    return await start();
  } catch (error) {
    await close();
    throw error;
  }

  async function start(): Promise<RunningPlatform> {
    collectProcessMetrics();
    closers.push(
      startTracing({
        ratio: config.tracing.ratio,
        ...(config.tracing.endpoint ? { endpoint: config.tracing.endpoint } : {}),
      }),
    );
    const dataDirectory = openDataDirectory(config.dataDirectory);

    progress('database');
    const url = await databaseUrl(dataDirectory, closers);
    for (const secret of [url, process.env.FALAJ_INTERNAL_KEY, process.env.FALAJ_CURSOR_SECRET])
      if (secret) hideSecret(secret);
    const definitions = allSubgraphs(
      governanceServices(),
      {
        onInference: (models, ready) => {
          inference = { models, ready };
        },
      },
      { landing: dataDirectory.landing },
    );
    await migrate({ url }, [
      auditMigrations,
      identityMigrations,
      policyMigrations,
      workflowMigrations,
      ...definitions.map((definition) => definition.migrations),
    ]);
    const database = await openDatabase({ url, maxConnections: 20, applicationName: 'falaj' });
    closers.push(() => database.close());
    await assertRowSecurity(database);
    // Connections of its own: what is read waits for its log, and must not stand in line behind other reads.
    const readLogDatabase = await openDatabase({
      url,
      maxConnections: 1,
      applicationName: 'falaj read log',
      statementTimeoutMs: 5_000,
    });
    closers.push(() => readLogDatabase.close());

    progress('identity and policy');
    const identity = await openIdentity(config, database);
    closers.push(() => identity.directory.close());
    closers.push(() => identity.workloads.close());
    const { administratorId, code: firstSignInCode } = await bootstrap(database, {
      dataDirectory: config.dataDirectory,
    });
    const { descriptions } = await describeAll();
    const rules = definitions.flatMap((definition) => definition.rules);
    const policy = createPolicyStore(database, {
      nouns: mergeNouns(descriptions),
      builtin: rules,
      stepUpSeconds: config.stepUpSeconds,
    });
    closers.push(() => policy.close());
    const auditKey = await loadSigningKey(config.dataDirectory, 'audit');
    governance = { identity, policy, descriptions, rules, auditKey };

    progress('plugins');
    const plugins = await loadPlugins({
      config: config.plugins,
      resolveFrom: config.directory,
      dataDirectory: config.dataDirectory,
      secrets: (name) =>
        name === 'database-url' ? url : process.env[`FALAJ_SECRET_${name.toUpperCase().replaceAll('-', '_')}`],
    });
    closers.push(() => plugins.close());

    const graph = new GraphClient();
    const listening = Promise.withResolvers<string>();
    const listensAt = (address: string) => listening.resolve(new URL('/graphql', address).href);
    const workflows = await createWorkflowEngine({ database });
    /** Runs are taken up once everything that their steps may ask stands, and let go before any of it closes. */
    const startWorkers = async () => {
      closers.push(() => workflows.stop());
      // Steps mostly wait: for child processes, training runs, the graph.
      await workflows.startWorkers({ concurrency: 8 });
    };
    const platform: Platform = {
      database,
      plugins,
      vault: createArtifactVault({
        keys: plugins.get('keys'),
        store: plugins.get('artifact-store'),
        onCorrupt: artifactAlarm(graph, log),
      }),
      abilityFor: (principal) => policy.abilityFor(principal),
      policyVersion: (workspaceId) => policy.versionOf(workspaceId),
      readLog: createReadLog(readLogDatabase),
      cursors: createCursorSeal(cursorSecret(config.dataDirectory)),
      smallestGroup: config.smallestGroup,
      log,
      graph,
      workflows,
      workloads: { tokens: identity.workloads, graphUrl: listening.promise },
    };

    progress('subgraphs');
    const local: Subgraph[] = [];
    for (const definition of definitions.filter((candidate) =>
      roles.subgraphs.includes(candidate.name as SubgraphName),
    )) {
      const subgraph = await startSubgraph(definition, {
        ...platform,
        log: createLogger(`subgraph.${definition.name}`),
      });
      closers.push(() => subgraph.close());
      local.push(subgraph);
    }
    if (roles.subgraphs.includes('governance')) {
      const sequencer = startAuditSequencer(database, auditKey);
      closers.push(() => sequencer.stop());
      const sealer = startReadSealer(database);
      closers.push(() => sealer.stop());
    }
    const health = () => readiness(database, plugins);

    if (!roles.gateway) {
      const running = await serveSubgraph(local, graph, listensAt, {
        dataDirectory,
        identity,
        database,
        administratorId,
      });
      await startWorkers();
      return running;
    }

    progress('gateway');
    const gateway = await openGateway(config, { local, descriptions, identity, database, health, inference });
    closers.push(() => gateway.close());
    graph.install((document, variables, request) => gateway.execute(document, variables, request));
    const address = await gateway.listen(config.listen);
    listensAt(address);
    await startWorkers();
    return {
      url: address,
      identity,
      database,
      dataDirectory,
      administratorId,
      ...(firstSignInCode ? { firstSignInCode } : {}),
      close,
    };
  }

  /** Governance looks at the platform from above; what it sees is there once the platform stands, not when it is wired. */
  function governanceServices(): GovernanceServices {
    const standing = () => {
      if (!governance) throw new PlatformError('INTERNAL', 'Governance was asked before the platform stood.');
      return governance;
    };
    return {
      get directory() {
        return standing().identity.directory;
      },
      get policyStore() {
        return standing().policy;
      },
      get rules() {
        return standing().rules;
      },
      get auditKey() {
        return standing().auditKey;
      },
      profile: config.profile,
      describe: async () => standing().descriptions,
      get issuer() {
        return standing().identity.issuer.issuer;
      },
      issueToken: (principalId, ttlSeconds) => standing().identity.issuer.issueAccessToken(principalId, { ttlSeconds }),
    };
  }

  async function serveSubgraph(
    local: Subgraph[],
    graph: GraphClient,
    listensAt: (gateway: string) => void,
    parts: Omit<RunningPlatform, 'url' | 'close'>,
  ): Promise<RunningPlatform> {
    const [subgraph] = local;
    if (!subgraph || local.length !== 1)
      throw new PlatformError(
        'CONFIG_INVALID',
        'A process without the gateway serves exactly one subgraph: --role subgraph:<name>.',
      );
    const gatewayUrl = process.env.FALAJ_GATEWAY_URL;
    if (!gatewayUrl) throw new PlatformError('CONFIG_INVALID', 'Set FALAJ_GATEWAY_URL to the address of the gateway.');
    graph.install(remoteGraph(gatewayUrl, parts.identity.tokens));
    listensAt(gatewayUrl);
    const served = inference;
    const app: FastifyInstance = await createSubgraphServer({
      subgraph,
      verify: (token, audience, body) => parts.identity.tokens.verify(token, audience, body),
      health: () => parts.database.health(),
      ...(served ? { mount: mountInference(served.models, served.ready, parts.identity.authenticate) } : {}),
    });
    closers.push(() => app.close());
    return { ...parts, url: await app.listen(config.listen), close };
  }
}

async function databaseUrl(
  dataDirectory: DataDirectory,
  closers: (() => Promise<unknown>)[] | (() => unknown)[],
): Promise<string> {
  const given = process.env.FALAJ_DATABASE_URL;
  if (given) return given;
  const server = await startEmbeddedPostgres({ dataDirectory: dataDirectory.database });
  (closers as (() => unknown)[]).push(() => server.stop());
  return server.url;
}
