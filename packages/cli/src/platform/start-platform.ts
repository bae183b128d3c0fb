// The composition root: the one place that knows subgraphs, gateway, plugins and database alike.
import { type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditMigrations, createReadLog, startAuditSequencer, startReadSealer } from '@falaj/audit';
import { assertRowSecurity, type Database, migrate, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import {
  composeSupergraph,
  createGateway,
  type Gateway,
  type LocalSubgraph,
  type RemoteSubgraph,
} from '@falaj/gateway';
import { bootstrap, identityMigrations, loadSigningKey } from '@falaj/identity';
import { createArtifactVault, loadPlugins, type PluginRegistry } from '@falaj/plugin-host';
import { createPolicyStore, type PolicyStore, policyMigrations, type Rule } from '@falaj/policy';
import { collectProcessMetrics, createLogger, hideSecret, PlatformError, startTracing } from '@falaj/runtime';
import type { InferencePorts } from '@falaj/subgraph-deployments';
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
import { mountAuth } from './auth-routes.js';
import { INTERNAL_TOKEN_HEADER, remoteGraph } from './graph-executor.js';
import { type IdentityServices, openIdentity } from './identity.js';
import { proxyInference } from './inference-proxy.js';
import { mountInference } from './inference-routes.js';
import { internalGraphRoute } from './internal-graph-route.js';
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

/** Where a subgraph that runs in another process is reached, e.g. `FALAJ_SUBGRAPH_MODELS_URL=http://10.0.0.7:4103`. */
const remoteUrl = (name: string): string | undefined => process.env[`FALAJ_SUBGRAPH_${name.toUpperCase()}_URL`];

export async function startPlatform(
  config: ResolvedConfig,
  roles: Roles,
  progress: (step: string) => void,
): Promise<RunningPlatform> {
  const log = createLogger('platform');
  const closers: (() => Promise<unknown> | unknown)[] = [];
  let inference: { models: InferencePorts['models']; ready: () => boolean } | undefined;
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
    const gateway = await openGateway(local, descriptions, identity, health, database);
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

  async function openGateway(
    local: Subgraph[],
    descriptions: SubgraphDescription[],
    identity: IdentityServices,
    health: Parameters<typeof createGateway>[0]['health'],
    database: Database,
  ): Promise<Gateway> {
    const subgraphs: (LocalSubgraph | RemoteSubgraph)[] = subgraphNames.map((name) => {
      const here = local.find((subgraph) => subgraph.name === name);
      if (here) return here;
      const url = remoteUrl(name);
      if (!url)
        throw new PlatformError(
          'CONFIG_INVALID',
          `Subgraph ${name} runs elsewhere: set FALAJ_SUBGRAPH_${name.toUpperCase()}_URL to its address.`,
        );
      return { name, url: new URL('/graphql', url).href };
    });
    const { supergraphSdl } = composeSupergraph(
      descriptions.map(({ name, sdl }) => ({ name, sdl, url: `http://127.0.0.1/${name}/graphql` })),
    );
    const deployments = remoteUrl('deployments');
    const dataPlane = inference
      ? mountInference(inference.models, inference.ready, identity.authenticate)
      : deployments
        ? proxyInference(deployments)
        : undefined;
    const gateway: Gateway = await createGateway({
      supergraphSdl,
      subgraphs,
      authenticate: identity.authenticate,
      onAuthorisationChange: identity.directory.onChange,
      identityHeaders: async (request, subgraph, body) => ({
        [INTERNAL_TOKEN_HEADER]: identity.tokens.mint(request.principal, {
          audience: subgraph,
          body,
          requestId: request.requestId,
        }),
        'x-request-id': request.requestId,
      }),
      profile: config.profile,
      rates: config.rates,
      persistedDocuments: { mode: config.persistedDocuments.mode, documents: persistedDocuments(config) },
      mount: [
        internalGraphRoute(identity.tokens, () => gateway),
        ...(config.localIssuer ? [mountAuth(config, database, identity)] : []),
        ...(dataPlane ? [dataPlane] : []),
      ],
      health,
    });
    return gateway;
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

async function readiness(database: Database, plugins: PluginRegistry) {
  const [stored, loaded] = await Promise.all([database.health(), plugins.health()]);
  const failing = loaded.plugins
    .filter((plugin) => plugin.state !== 'READY')
    .map((plugin) => `${plugin.kind}/${plugin.name}: ${plugin.detail}`);
  return {
    ready: stored.ok && loaded.ok,
    checks: {
      database: stored,
      plugins: { ok: loaded.ok, ...(failing.length > 0 ? { detail: failing.join('; ') } : {}) },
    },
  };
}

/** One secret for all processes of a data directory, so that a cursor made by one is read by another. */
function cursorSecret(dataDirectory: string): Buffer {
  const given = process.env.FALAJ_CURSOR_SECRET;
  if (given) return Buffer.from(given, 'base64url');
  const file = join(dataDirectory, 'keys', 'cursor.key');
  if (!existsSync(file)) {
    try {
      writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(file);
}

function persistedDocuments(config: ResolvedConfig): Map<string, string> {
  const { manifest } = config.persistedDocuments;
  if (!manifest) return new Map();
  const documents = JSON.parse(readFileSync(join(config.directory, manifest), 'utf8')) as Record<string, string>;
  // Code generation writes ids as `sha256:<hex>`; the gateway knows documents by the hex alone.
  return new Map(Object.entries(documents).map(([id, text]) => [id.replace(/^sha256:/, ''), text]));
}
