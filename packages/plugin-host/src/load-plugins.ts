// From the list in falaj.config.ts to a registry: manifest, contract, import, configuration, create, health, publish.
// Everything that is wrong is collected, so that an operator mends the file once.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Call, Plugin, PluginHost, PluginLog } from '@falaj/contracts';
import { isPluginError } from '@falaj/plugin-sdk';
import { createLogger, isPlatformError, PlatformError, type PlatformErrorCode, Secret } from '@falaj/runtime';
import { createCall } from './call.js';
import { kindContracts } from './kind-contracts.js';
import type { LoadOptions, PluginConfigEntry } from './plugin-config.js';
import { type PluginPackage, readPluginPackage } from './plugin-package.js';
import { type OpenPlugin, openInProcess, openPerCall } from './process-host.js';
import { createRegistry, LoadedPlugin, type PluginFacts, type PluginRegistry, type RegistryEntry } from './registry.js';
import { within } from './within.js';

/**
 * Opens every configured plugin. Throws one PlatformError that lists all start-up failures (its code is the first one's)
 * unless each failing entry says `onBootFailure: 'continue'`; what had opened is closed again.
 */
export async function loadPlugins(options: LoadOptions): Promise<PluginRegistry> {
  const { createTimeoutMs = 30_000, closeTimeoutMs = 10_000 } = options;
  const attempts = await Promise.all(
    options.config.map(async (entry) => {
      const progress: { package?: PluginPackage; facts?: PluginFacts } = {};
      try {
        return { entry, plugin: await openOne(entry, options, { createTimeoutMs, closeTimeoutMs }, progress) };
      } catch (error) {
        return { entry, error: startFailure(entry.use, error), progress };
      }
    }),
  );

  const failures: PlatformError[] = [];
  const seen = new Set<string>();
  const entries: RegistryEntry[] = [];
  for (const attempt of attempts) {
    if (attempt.plugin) {
      const { kind, name } = attempt.plugin.facts;
      if (seen.has(`${kind}/${name}`)) {
        failures.push(
          new PlatformError('PLUGIN_CONFIG_INVALID', `${attempt.entry.use}: ${kind}/${name} is listed twice.`),
        );
      }
      seen.add(`${kind}/${name}`);
      entries.push(attempt.plugin);
    } else if (attempt.entry.onBootFailure === 'continue' && attempt.progress.package) {
      const { kind } = attempt.progress.package;
      if (kindContracts[kind].posture === 'CLOSED') failures.push(attempt.error);
      else entries.push(failed(attempt.progress.package, attempt.progress.facts, attempt.error));
    } else {
      failures.push(attempt.error);
    }
  }

  const registry = createRegistry(entries, closeTimeoutMs);
  const [first] = failures;
  if (!first) return registry;
  await registry.close().catch((error: unknown) => log.error('Plugins did not close.', { error: String(error) }));
  throw new PlatformError(first.code, failures.map((failure) => failure.message).join('\n'), {
    details: { failures: failures.map(({ code, message }) => ({ code, message })) },
  });
}

const log = createLogger('plugin-host');

async function openOne(
  entry: PluginConfigEntry,
  options: LoadOptions,
  timeouts: { createTimeoutMs: number; closeTimeoutMs: number },
  progress: { package?: PluginPackage; facts?: PluginFacts },
): Promise<LoadedPlugin> {
  const clock = options.clock ?? Date.now;
  const found = readPluginPackage(entry.use, options.resolveFrom, options.conditions);
  progress.package = found;
  if (entry.onBootFailure === 'continue' && kindContracts[found.kind].posture === 'CLOSED') {
    throw new PlatformError(
      'PLUGIN_CONFIG_INVALID',
      `${entry.use}: kind ${found.kind} fails closed, so onBootFailure "continue" is refused; remove it.`,
    );
  }
  const plugin = await importPlugin(found);
  const isolation = entry.isolation ?? plugin.isolation;
  const facts: PluginFacts = {
    kind: found.kind,
    name: plugin.name,
    package: found.package,
    version: found.version,
    contract: found.contract,
    capabilities: plugin.capabilities,
    isolation,
    egress: plugin.egress,
    ...(entry.egressZones ? { egressZones: zonesOf(entry.egressZones) } : {}),
  };
  progress.facts = facts;
  assertEgressZones(facts);

  const pluginLog = createLogger(`plugin.${facts.kind}.${facts.name}`);
  const directory = path.join(options.dataDirectory, 'plugins', `${facts.kind}-${facts.name}`);
  const secrets = granted(entry, options);
  const opening =
    isolation === 'inline'
      ? openInline(plugin, entry.config, inlineHost(directory, secrets, pluginLog, clock))
      : openChild(facts, {
          entry: found.entry,
          kind: facts.kind,
          config: entry.config,
          directory,
          secrets: Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()])),
        });
  const opened = await within(timeouts.createTimeoutMs, opening, () => {
    // It may still open later; then nobody would close it.
    void opening.then((late) => late.close(timeouts.closeTimeoutMs)).catch(() => {});
    return new PlatformError('PLUGIN_TIMEOUT', `it did not open within ${timeouts.createTimeoutMs} ms.`);
  });

  const loaded = new LoadedPlugin(facts, opened, {
    log: pluginLog,
    clock,
    maxConcurrent: entry.maxConcurrent ?? kindContracts[facts.kind].maxConcurrent,
    ...(entry.timeoutMs === undefined ? {} : { timeoutMs: entry.timeoutMs }),
    ...(facts.egressZones ? { egressZones: facts.egressZones } : {}),
    ...(options.onCall === undefined ? {} : { onCall: options.onCall }),
  });
  const health = await loaded.checkHealth(createCall({ id: 'platform' }, { workspaceId: '', zone: '' }));
  if (!health.ok) {
    await loaded.close(timeouts.closeTimeoutMs).catch(() => {});
    throw new PlatformError('PLUGIN_UNAVAILABLE', `it is unhealthy: ${health.detail ?? 'no detail given'}`);
  }
  return loaded;

  function openChild(of: PluginFacts, request: Parameters<typeof openInProcess>[0]): Promise<OpenPlugin> {
    return of.kind === 'trainer'
      ? openPerCall(request, pluginLog, timeouts.closeTimeoutMs)
      : openInProcess(request, pluginLog, clock);
  }
}

async function importPlugin(found: PluginPackage): Promise<Plugin> {
  const module = (await import(found.entry)) as { default?: Partial<Plugin> };
  const plugin = module.default;
  if (plugin?.$type !== 'falaj/plugin') {
    throw new PlatformError('PLUGIN_INCOMPATIBLE', 'its default export is not made by definePlugin.');
  }
  if (plugin.kind !== found.kind || plugin.contract !== found.contract) {
    throw new PlatformError(
      'PLUGIN_INCOMPATIBLE',
      `its package.json says ${found.kind} contract ${found.contract}, its code ${plugin.kind} contract ${plugin.contract}.`,
    );
  }
  return plugin as Plugin;
}

const ZONE = /^[A-Z]{2}(-[A-Z0-9]+)?$/;

function zonesOf(zones: readonly string[]): readonly string[] {
  const wrong = zones.find((zone) => !ZONE.test(zone));
  if (wrong === undefined) return zones;
  throw new PlatformError(
    'PLUGIN_CONFIG_INVALID',
    `egressZones: found "${wrong}", expected an ISO country such as AE, or a free zone such as AE-DIFC.`,
  );
}

/** Before it opens: what reaches out and stands nowhere is given neither data nor a connection. */
function assertEgressZones({ package: use, egress, egressZones = [] }: PluginFacts): void {
  if (egress.length === 0 || egressZones.length > 0) return;
  throw new PlatformError(
    'PLUGIN_CONFIG_INVALID',
    `${use} sends to ${egress.join(', ')}, and nobody said in which zones that is: add egressZones to its entry, such as { use: '${use}', egressZones: ['AE'] }.`,
    { details: { egress } },
  );
}

/** From here on no log line of this process shows them, whatever a plugin writes. */
function granted(entry: PluginConfigEntry, options: LoadOptions): Readonly<Record<string, Secret>> {
  const pairs = (entry.secrets ?? []).map((name) => {
    const value = options.secrets?.(name);
    if (value === undefined) {
      throw new PlatformError('PLUGIN_CONFIG_INVALID', `the secret "${name}" that it is granted is not configured.`);
    }
    return [name, new Secret(value)] as const;
  });
  return Object.fromEntries(pairs);
}

function inlineHost(
  directory: string,
  secrets: Readonly<Record<string, Secret>>,
  pluginLog: PluginLog,
  clock: () => number,
): PluginHost {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    clock,
    log: pluginLog,
    directory,
    secret: (name) => {
      const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
      if (value !== undefined) return value.reveal();
      throw new PlatformError(
        'PLUGIN_CONFIG_INVALID',
        `the secret "${name}" is not granted to it: add the name to "secrets" of its entry.`,
      );
    },
  };
}

async function openInline(plugin: Plugin, config: unknown, host: PluginHost): Promise<OpenPlugin> {
  const instance = await plugin.open(config, host);
  const methods = instance as unknown as Record<string, (args: unknown, call?: Call) => Promise<unknown>>;
  return {
    // Async, so that a method that throws at once still rejects.
    async invoke(method, args, call) {
      return method === 'health' ? instance.health(call) : methods[method]?.(args, call);
    },
    close: (timeoutMs) =>
      within(timeoutMs, instance.close(), () => new PlatformError('PLUGIN_TIMEOUT', `no close within ${timeoutMs} ms`)),
    restarts: 0,
    quarantined: false,
  };
}

function startFailure(use: string, thrown: unknown): PlatformError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code: PlatformErrorCode = isPlatformError(thrown)
    ? thrown.code
    : isPluginError(thrown) && thrown.code === 'BAD_INPUT'
      ? 'PLUGIN_CONFIG_INVALID'
      : 'PLUGIN_FAILED';
  return new PlatformError(code, message.includes(use) ? message : `${use}: ${message}`, { cause: thrown });
}

function failed(found: PluginPackage, facts: PluginFacts | undefined, error: PlatformError): RegistryEntry {
  log.error('A plugin failed to start; the platform starts without it.', {
    plugin: found.package,
    error: error.message,
  });
  return {
    status: {
      kind: found.kind,
      name: facts?.name ?? found.package,
      package: found.package,
      version: found.version,
      contract: found.contract,
      capabilities: facts?.capabilities ?? [],
      isolation: facts?.isolation ?? 'inline',
      egress: facts?.egress ?? [],
      ...(facts?.egressZones ? { egressZones: facts.egressZones } : {}),
      state: 'FAILED',
      lastError: error.message,
      calls: 0,
      failures: 0,
      restarts: 0,
    },
  };
}
