// The composition root: the one place that knows subgraphs, gateway, plugins and database alike.
import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { auditMigrations, createReadLog, startAuditSequencer, startReadSealer, startRetention } from '@falaj/audit';
import { assertRowSecurity, type Database, migrate, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import { bootstrap, identityMigrations, loadSigningKey, startIdentityPruning } from '@falaj/identity';
import { createArtifactVault, loadPlugins } from '@falaj/plugin-host';
import { createPolicyStore, type PolicyStore, policyMigrations, type Rule } from '@falaj/policy';
import { collectProcessMetrics, createLogger, hideSecret, PlatformError, startTracing } from '@falaj/runtime';
import type { GovernanceServices } from '@falaj/subgraph-governance';
import {
  createCursorSeal,
  GraphClient,
  type Platform,
  type Subgraph,
  startSubgraph,
  subjectKeyMigrations,
} from '@falaj/subgraph-kit';
import { createWorkflowEngine, workflowMigrations } from '@falaj/workflows';
import type { ResolvedConfig } from '../config.js';
import { type DataDirectory, openDataDirectory } from '../data-directory.js';
import { openTransport, type Transport } from '../transport/open-transport.js';
import { assertSinkZones, sinksOf } from '../transport/sink-zones.js';
import { artifactAlarm } from './artifact-alarm.js';
import { cursorSecret } from './cursor-secret.js';
import { type IdentityServices, openIdentity } from './identity.js';
import { internalGraphRoute } from './internal-graph-route.js';
import { openInternalListener } from './internal-listener.js';
import { type InferenceService, openGateway } from './open-gateway.js';
import { readiness } from './readiness.js';
import { type Roles, type SubgraphName, subgraphNames } from './roles.js';
import { serveSubgraph } from './serve-subgraph.js';
import { allSubgraphs, describeAll, mergeNouns, type SubgraphDescription } from './subgraphs.js';

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
        transport: Transport;
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
    assertSinkZones(config);
    collectProcessMetrics();
    closers.push(
      startTracing({
        ratio: config.tracing.ratio,
        ...(config.tracing.endpoint ? { endpoint: config.tracing.endpoint } : {}),
      }),
    );
    const transport = await openTransport(config, roles);
    closers.push(() => transport.close());
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
      // Last: it takes over what a subgraph kept before.
      subjectKeyMigrations,
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
    governance = { identity, policy, descriptions, rules, auditKey, transport };

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
    // Who never asks does not mind a fault.
    listening.promise.catch(() => undefined);
    const listensAt = (address: string | PlatformError) =>
      typeof address === 'string' ? listening.resolve(new URL('/graphql', address).href) : listening.reject(address);
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
      const { archiveFolder } = config.audit;
      if (archiveFolder) {
        const folder = resolve(config.directory, archiveFolder);
        const retention = startRetention(database, { folder, privateKey: auditKey, ownerUrl: url });
        closers.push(() => retention.stop());
      }
      const pruning = startIdentityPruning(database);
      closers.push(() => pruning.stop());
    }
    const health = () => readiness(config, database, plugins);

    if (!roles.gateway) {
      const served = await serveSubgraph(config, { local, graph, identity, database, inference, transport, listensAt });
      closers.push(() => served.close());
      await startWorkers();
      return { url: served.url, identity, database, dataDirectory, administratorId, close };
    }

    progress('gateway');
    const gateway = await openGateway(config, {
      local,
      descriptions,
      identity,
      database,
      policy,
      health,
      inference,
      transport,
    });
    if (transport.internal && config.internalTls)
      closers.push(
        await openInternalListener(
          config.internalTls.listen,
          transport.internal.serve(subgraphNames.map((name) => `subgraph/${name}` as const)),
          internalGraphRoute(identity.tokens, () => gateway),
        ),
      );
    closers.push(() => gateway.close());
    graph.install((document, variables, request) => gateway.execute(document, variables, request));
    const address = await gateway.listen(config.listen);
    listensAt((config.tls && config.publicUrl) ?? address);
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
      archives: config.audit.archiveFolder !== undefined,
      sinks: sinksOf(config),
      get plaintext() {
        return standing().transport.plaintext;
      },
      describe: async () => standing().descriptions,
      get issuer() {
        return standing().identity.issuer.issuer;
      },
      issueToken: (principalId, ttlSeconds) => standing().identity.issuer.issueAccessToken(principalId, { ttlSeconds }),
    };
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
