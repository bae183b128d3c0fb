import type { Isolation, Kind } from '@falaj/contracts';
import type { PlatformErrorCode } from '@falaj/runtime';

/** One line of `plugins` in `falaj.config.ts`. */
export interface PluginConfigEntry {
  /** Package name, or a folder relative to the configuration file, e.g. `./plugins/mine`. */
  readonly use: string;
  /** The plugin's own configuration, checked against its schema. */
  readonly config?: unknown;
  /** Overrides what the author asked for. */
  readonly isolation?: Isolation;
  /** Overrides the deadline of every method, milliseconds. */
  readonly timeoutMs?: number;
  /** Calls that run at once; more wait. */
  readonly maxConcurrent?: number;
  /** Names of the secrets that this plugin may read; it sees no other. */
  readonly secrets?: readonly string[];
  /**
   * Zones into which it sends what it is given, by the operator's word, e.g. `['AE']` for the hosts of its `egress`. Calls
   * for data of another zone are refused. A plugin that declares egress does not start without.
   */
  readonly egressZones?: readonly string[];
  /** `continue` starts the platform without it; refused for kinds that fail closed. Default `abort`. */
  readonly onBootFailure?: 'abort' | 'continue';
}

/** What was called, by whom, and how it ended: for the audit log. No arguments, no results. */
export interface PluginCallRecord {
  readonly kind: Kind;
  readonly plugin: string;
  readonly method: string;
  readonly principal: string;
  readonly workspace: string;
  readonly zone: string;
  readonly traceparent: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly outcome: 'OK' | PlatformErrorCode;
}

export interface LoadOptions {
  readonly config: readonly PluginConfigEntry[];
  /** Folder of `falaj.config.ts`: packages are resolved from here, not from the host's own folder. */
  readonly resolveFrom: string;
  /** Each plugin gets `<dataDirectory>/plugins/<kind>-<name>`. */
  readonly dataDirectory: string;
  /** Milliseconds since the epoch. A plugin in its own process has the machine's clock. */
  readonly clock?: () => number;
  /** Looks a secret up; undefined when there is none. */
  readonly secrets?: (name: string) => string | undefined;
  /** Package export conditions for the plugin's entry; default `node`, `import`, `default`. */
  readonly conditions?: readonly string[];
  /** Deadline of create and of close, milliseconds; default 30 s and 10 s. */
  readonly createTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
  /** Called after every guarded call. Must not throw and must not wait. */
  readonly onCall?: (record: PluginCallRecord) => void;
}

/** READY answers; DEGRADED is unhealthy or has its breaker open; QUARANTINED crashed too often; FAILED never opened. */
export type PluginState = 'READY' | 'DEGRADED' | 'QUARANTINED' | 'FAILED';

export interface PluginStatus {
  readonly kind: Kind;
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly contract: number;
  readonly capabilities: readonly string[];
  readonly isolation: Isolation;
  readonly egress: readonly string[];
  /** Of its entry. */
  readonly egressZones?: readonly string[];
  readonly state: PluginState;
  readonly lastError: string | null;
  readonly calls: number;
  readonly failures: number;
  /** Of the plugin's process, after crashes. */
  readonly restarts: number;
}
