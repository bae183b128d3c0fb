import type { Call } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { type Ability, SMALLEST_GROUP } from '@falaj/policy';
import type { Principal } from '@falaj/runtime';
import DataLoader from 'dataloader';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Connection } from './connection.js';
import type { Governed, GovernedTable } from './governed-table.js';
import { MaskCollector } from './masking.js';
import { type MutationAudit, type MutationSpec, runMutation } from './mutation.js';
import type { Platform, RequestContext } from './platform.js';
import { type FieldsOf, type ParentOptions, Reads, sqlText } from './reads.js';
import { type LoggedFields, ShownCollector } from './shown.js';

/** One GraphQL request inside one subgraph. `Services` is the subgraph's own wiring, made in its main.ts. */
export class SubgraphContext<Services = unknown> {
  readonly request: RequestContext;
  readonly platform: Platform;
  readonly services: Services;
  readonly ability: Ability;
  readonly masked = new MaskCollector();
  /** Logged fields that the answer shows, as far as it is made. */
  readonly shown: ShownCollector;
  readonly reads: Reads;
  /** Mutations of this request that wrote an audit record; the guard refuses one that did not. */
  readonly audited = new Set<string>();
  readonly #loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(
    request: RequestContext,
    platform: Platform,
    services: Services,
    ability: Ability,
    fieldsOf: FieldsOf,
    // A context that answers nobody shows nothing.
    loggedFields: LoggedFields = () => new Set(),
  ) {
    this.shown = new ShownCollector(platform.readLog ? loggedFields : () => new Set());
    this.request = request;
    this.platform = platform;
    this.services = services;
    this.ability = ability;
    this.reads = new Reads(
      platform.database,
      request.principal,
      ability,
      this.masked,
      platform.cursors,
      fieldsOf,
      (how, type, ids, field) => this.shown.used(how, type, ids, field),
    );
  }

  /** Subjects that a figure must be made of to be shown to who may not see the values. */
  get smallestGroup(): number {
    return this.platform.smallestGroup ?? SMALLEST_GROUP;
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

  /** A parent's list of children, newest first: the first page of all parents in one statement, further pages by cursor. */
  children<Row>(
    table: GovernedTable<Row>,
    parent: PgColumn,
    parentId: string,
    page: { first: number; after?: string | null | undefined },
    options: ParentOptions = {},
  ): Promise<Connection<Governed<Row>>> {
    const { first, after } = page;
    if (after != null) return this.reads.childPage(table, parent, parentId, { first, after }, options);
    const { link, where } = options;
    const restriction = [link?.on, where].map((part) => (part ? sqlText(part) : '')).join();
    return this.load(`${table.noun} by ${parent.name}: ${first} ${restriction}`, parentId, (ids) =>
      this.reads.pagesByParent(table, parent, ids, first, options),
    );
  }

  /** Columns that every row has: whose it is and who made it. */
  get ownership(): { workspaceId: string; ownerId: string; owner: string } {
    return { workspaceId: this.principal.workspaceId, ownerId: this.principal.id, owner: this.principal.name };
  }

  /** A read-only transaction for the platform's own look-ups, after the caller's right was checked. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { workspaceId, zones, id } = this.principal;
    return this.platform.database.inWorkspace({ workspaceId, zones, principalId: id }, work, { readOnly: true });
  }

  /** What accompanies a plugin call made for this request. */
  pluginCall(zone: string, idempotencyKey?: string): Call {
    return this.platform.plugins.call(this.principal, {
      workspaceId: this.principal.workspaceId,
      zone,
      signal: this.request.signal,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  }

  /** Runs a change in one transaction with its audit record; see `runMutation`. */
  mutate<T, P = undefined>(
    spec: MutationSpec<P>,
    work: (tx: Tx, audit: MutationAudit, prepared: P) => Promise<T>,
  ): Promise<T> {
    return runMutation(this, spec, work);
  }
}
