import type { Call, Health, Kind, Kinds, PluginInstance } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { type CallOptions, createCall } from './call.js';
import { Guard, type GuardOptions } from './guard.js';
import { healthContract, kindContracts } from './kind-contracts.js';
import type { PluginStatus } from './plugin-config.js';
import type { OpenPlugin } from './process-host.js';

/** The plugins of this process. Immutable once loaded; every instance it hands out is guarded. */
export interface PluginRegistry {
  /** The named plugin of the kind, else the first configured. Throws PLUGIN_UNAVAILABLE when there is none. */
  get<K extends Kind>(kind: K, name?: string): Kinds[K];
  /** In the order of the configuration. */
  list(): readonly PluginStatus[];
  /** Asks every plugin; ok when all are. */
  health(): Promise<{
    readonly ok: boolean;
    readonly plugins: readonly (PluginStatus & { readonly detail: string })[];
  }>;
  /** What to pass as a plugin method's second argument. */
  call(principal: { readonly id: string }, options: CallOptions): Call;
  /** In reverse order, each under a deadline. Safe to call twice. */
  close(): Promise<void>;
}

export type PluginFacts = Omit<PluginStatus, 'state' | 'lastError' | 'calls' | 'failures' | 'restarts'>;

export class LoadedPlugin {
  readonly facts: PluginFacts;
  readonly instance: PluginInstance;
  readonly #guard: Guard;
  readonly #open: OpenPlugin;
  #healthy = true;

  constructor(facts: PluginFacts, open: OpenPlugin, options: Omit<GuardOptions, 'kind' | 'name' | 'invoke'>) {
    this.facts = facts;
    this.#open = open;
    this.#guard = new Guard({
      ...options,
      kind: facts.kind,
      name: facts.name,
      invoke: (method, args, call) => open.invoke(method, args, call),
    });
    this.instance = this.#guarded();
  }

  #guarded(): PluginInstance {
    const { kind, name } = this.facts;
    const methods = Object.entries(kindContracts[kind].methods).map(([method, contract]) => [
      method,
      this.#guard.method(method, contract),
    ]);
    const health = this.#guard.method('health', healthContract);
    return Object.freeze({
      ...Object.fromEntries(methods),
      health: (call: Call) => health(undefined, call) as Promise<Health>,
      close: () => Promise.reject(new PlatformError('CONFLICT', `Plugin ${kind}/${name} is closed by the registry.`)),
    });
  }

  async checkHealth(call: Call): Promise<Health> {
    let health: Health;
    try {
      health = await this.instance.health(call);
    } catch (error) {
      health = { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
    this.#healthy = health.ok;
    return health;
  }

  status(): PluginStatus {
    const degraded = !this.#healthy || this.#guard.breaker.isOpen;
    return {
      ...this.facts,
      state: this.#open.quarantined ? 'QUARANTINED' : degraded ? 'DEGRADED' : 'READY',
      lastError: this.#guard.lastError,
      calls: this.#guard.calls,
      failures: this.#guard.failures,
      restarts: this.#open.restarts,
    };
  }

  close(timeoutMs: number): Promise<void> {
    return this.#open.close(timeoutMs);
  }
}

export interface FailedPlugin {
  readonly status: PluginStatus;
}

export type RegistryEntry = LoadedPlugin | FailedPlugin;

const isLoaded = (entry: RegistryEntry): entry is LoadedPlugin => 'instance' in entry;
const statusOf = (entry: RegistryEntry): PluginStatus => (isLoaded(entry) ? entry.status() : entry.status);

export function createRegistry(entries: readonly RegistryEntry[], closeTimeoutMs: number): PluginRegistry {
  const loaded = entries.filter(isLoaded);
  let closing: Promise<void> | null = null;

  return {
    get(kind, name) {
      const ofKind = loaded.filter((plugin) => plugin.facts.kind === kind);
      const found = name === undefined ? ofKind[0] : ofKind.find((plugin) => plugin.facts.name === name);
      if (found) return found.instance as Kinds[typeof kind];
      const configured = entries.map(statusOf).map((status) => `${status.kind}/${status.name} (${status.state})`);
      throw new PlatformError(
        'PLUGIN_UNAVAILABLE',
        `No plugin ${name === undefined ? `of kind ${kind}` : `${kind}/${name}`} is loaded; configured: ${configured.join(', ') || 'none'}.`,
        { details: { kind, ...(name === undefined ? {} : { name }), configured } },
      );
    },
    list: () => entries.map(statusOf),
    async health() {
      const call = createCall({ id: 'platform' }, { workspaceId: '', zone: '' });
      const plugins = await Promise.all(
        entries.map(async (entry) => {
          if (!isLoaded(entry)) return { ...entry.status, detail: entry.status.lastError ?? '' };
          const health = await entry.checkHealth(call);
          return { ...entry.status(), detail: health.detail ?? '' };
        }),
      );
      return { ok: plugins.every((plugin) => plugin.state === 'READY'), plugins };
    },
    call: createCall,
    close() {
      closing ??= closeAll(loaded, closeTimeoutMs);
      return closing;
    },
  };
}

async function closeAll(loaded: readonly LoadedPlugin[], timeoutMs: number): Promise<void> {
  const failures: string[] = [];
  for (const plugin of loaded.toReversed()) {
    try {
      await plugin.close(timeoutMs);
    } catch (error) {
      failures.push(`${plugin.facts.kind}/${plugin.facts.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (failures.length > 0) {
    throw new PlatformError('PLUGIN_FAILED', `Plugins did not close: ${failures.join('; ')}.`, {
      details: { failures },
    });
  }
}
