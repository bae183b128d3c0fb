/** Where a plugin writes its log lines; the host adds plugin, kind and trace id. */
export interface PluginLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What accompanies every plugin call: who asks, from where, until when. */
export interface Call {
  /** Aborts when the caller gives up or the host's deadline passes. */
  readonly signal: AbortSignal;
  readonly log: PluginLog;
  /** Id of the principal on whose behalf the call is made. */
  readonly principal: string;
  /** Id of the workspace that owns the data. */
  readonly workspace: string;
  /** Zone in which the result will be stored or processed, e.g. `AE`. */
  readonly zone: string;
  /** W3C trace context of the caller. */
  readonly traceparent: string;
  /** The same key means the same effect: a repeated call must not do it twice. */
  readonly idempotencyKey: string;
}

export interface Health {
  readonly ok: boolean;
  readonly detail?: string;
}

/** Every plugin instance answers these two, whatever its kind. */
export interface PluginInstance {
  health(call: Call): Promise<Health>;
  /** Releases everything; no call follows. */
  close(): Promise<void>;
}

/** What a plugin may use of its host. Nothing else of the platform is reachable. */
export interface PluginHost {
  /** Milliseconds since the epoch; tests move it. */
  clock(): number;
  readonly log: PluginLog;
  /** A folder of the plugin's own under the data directory, created 0700. */
  readonly directory: string;
  /** Secrets by name, as the operator configured them. Throws when the name is unknown. */
  secret(name: string): string;
}
