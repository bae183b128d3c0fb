import type { AuditEntry } from '@falaj/audit';
import type { Database, Tx } from '@falaj/database';
import type { Ability } from '@falaj/policy';
import type { PluginRegistry } from '@falaj/plugin-host';
import type { Logger, Principal } from '@falaj/runtime';
import DataLoader from 'dataloader';
import type { CursorSeal } from './cursor.js';
import type { GraphClient } from './graph-client.js';
import { MaskCollector } from './masking.js';
import { type MutationSpec, runMutation } from './mutation.js';
import { Reads } from './reads.js';

/** Who asks and until when: made at the edge, passed by reference in process, rebuilt from the internal token over HTTP. */
export interface RequestContext {
  readonly principal: Principal;
  readonly requestId: string;
  readonly traceparent: string;
  readonly signal: AbortSignal;
  readonly clientName?: string;
}

/** What every subgraph is given once, at start. */
export interface Platform {
  readonly database: Database;
  readonly plugins: PluginRegistry;
  readonly abilityFor: (principal: Principal) => Promise<Ability>;
  readonly policyVersion: (workspaceId: string) => Promise<number>;
  readonly cursors: CursorSeal;
  readonly log: Logger;
  /** The whole graph, as the same principal. */
  readonly graph: GraphClient;
}

/** One GraphQL request inside one subgraph. `Services` is the subgraph's own wiring, made in its main.ts. */
export class SubgraphContext<Services = unknown> {
  readonly request: RequestContext;
  readonly platform: Platform;
  readonly services: Services;
  readonly ability: Ability;
  readonly masked = new MaskCollector();
  readonly reads: Reads;
  /** Mutations of this request that wrote an audit record; the guard refuses one that did not. */
  readonly audited = new Set<string>();
  readonly #loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(request: RequestContext, platform: Platform, services: Services, ability: Ability) {
    this.request = request;
    this.platform = platform;
    this.services = services;
    this.ability = ability;
    this.reads = new Reads(platform.database, request.principal, ability, this.masked, platform.cursors);
  }

  get principal(): Principal {
    return this.request.principal;
  }

  /** A loader that lives as long as the request: one call of `batch` per name and tick. */
  load<T>(name: string, key: string, batch: (keys: readonly string[]) => Promise<readonly T[]>): Promise<T> {
    let loader = this.#loaders.get(name) as DataLoader<string, T> | undefined;
    if (!loader) {
      loader = new DataLoader<string, T>((keys) => batch(keys) as Promise<ArrayLike<T>>);
      this.#loaders.set(name, loader as DataLoader<string, unknown>);
    }
    return loader.load(key);
  }

  /** Runs a change in one transaction with its audit record; see `runMutation`. */
  mutate<T>(spec: MutationSpec, work: (tx: Tx, audit: { subject(id: string, details?: AuditEntry['details']): void }) => Promise<T>): Promise<T> {
    return runMutation(this, spec, work);
  }
}
