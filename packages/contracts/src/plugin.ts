import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { PluginHost } from './call.js';
import type { Kind, Kinds } from './kinds.js';

export type Isolation = 'inline' | 'process';

/** What an author writes. Importing the module must have no side effect: heavy imports go inside `create`. */
export interface PluginSpec<K extends Kind, S extends StandardSchemaV1> {
  readonly kind: K;
  /** Unique within its kind, kebab-case. */
  readonly name: string;
  /** Contract version spoken. */
  readonly contract: 1;
  readonly config: S;
  /** Named abilities beyond the contract's core, e.g. `ttl`. */
  readonly capabilities?: readonly string[];
  /** What the author asks for; the operator's configuration has the last word. Default `inline`. */
  readonly isolation?: Isolation;
  /** Hosts that it will call, `host:port` each; empty = none. Shown to the operator. */
  readonly egress?: readonly string[];
  create(config: StandardSchemaV1.InferOutput<S>, host: PluginHost): Kinds[K] | Promise<Kinds[K]>;
}

/** The inert, tagged default export of a plugin package. */
export interface Plugin<K extends Kind = Kind> {
  readonly $type: 'falaj/plugin';
  readonly kind: K;
  readonly name: string;
  readonly contract: number;
  readonly capabilities: readonly string[];
  readonly isolation: Isolation;
  readonly egress: readonly string[];
  /** Validates the configuration, all issues at once, then creates the instance. */
  open(config: unknown, host: PluginHost): Promise<Kinds[K]>;
}
