// Which revision answers whom: every endpoint's declared state with its models loaded, kept in memory and replaced as a
// whole when it changes. A change arrives as a notice in every process; until its models are loaded the old state answers.
import { clientOf, type Tx } from '@falaj/database';
import { type Logger, PlatformError, type Principal } from '@falaj/runtime';
import { type Platform, ReaderZones } from '@falaj/subgraph-kit';
import { and, desc, eq, type InferSelectModel, isNotNull, ne, sql } from 'drizzle-orm';
import type { InferenceObserver } from '../domain/inference-observer.js';
import { bucketOf, variantOf } from '../domain/rollout/assignment.js';
import type { ServedModel } from '../inference/index.js';
import type { LogInference } from './inference-reads.js';
import type { EndpointRecord, ModelHost } from './model-host.js';
import { observedModel } from './observed-model.js';
import { placementEnded } from './placement.js';
import { revisionActivation, shadow, trafficSplit } from './rollout-tables.js';
import { endpoint, endpointRevision } from './tables.js';

export const ENDPOINT_CHANNEL = 'deployments_endpoint';
/** The name of an endpoint's only variant. */
export const LIVE = 'live';
/** Live revisions of the past that stay loaded, so that rolling back does not wait for a model. */
const WARM_REVISIONS = 2;

export type Split = InferSelectModel<typeof trafficSplit>;
export type Shadow = InferSelectModel<typeof shadow>;

/** The declared state of an endpoint, as this process answers by it. */
export interface Route {
  readonly record: EndpointRecord;
  readonly split: Split | null;
  readonly shadow: Shadow | null;
  /** Revisions that may not answer any more, each with what their callers are told. */
  readonly drained: ReadonlyMap<number, PlatformError>;
  /** Loads what is missing; its `choose` picks the variant of a subject. */
  serve(): Promise<ServedModel>;
}

export class EndpointRoutes {
  readonly #platform: Platform;
  readonly #log: Logger;
  readonly #host: ModelHost;
  readonly #observer: InferenceObserver;
  readonly #logRead: LogInference | undefined;
  readonly #readers: ReaderZones;
  /** By workspace and name. */
  readonly #byName = new Map<string, Promise<Route | null>>();
  readonly #byId = new Map<string, { readonly key: string; readonly route: Route }>();
  /** Refreshes of one endpoint follow each other, so that an older state never replaces a newer one. */
  readonly #refreshing = new Map<string, Promise<void>>();
  /** Revision of each version that was asked for by number; a new revision is a new route. */
  readonly #revisions = new WeakMap<Route, Map<string, number>>();
  #stopListening: (() => Promise<void>) | undefined;
  #warm = false;

  constructor(platform: Platform, host: ModelHost, observer: InferenceObserver, logRead?: LogInference) {
    this.#readers = new ReaderZones(platform.graph);
    this.#logRead = logRead;
    this.#platform = platform;
    this.#log = platform.log;
    this.#host = host;
    this.#observer = observer;
  }

  get ready(): boolean {
    return this.#warm;
  }

  /** Loads every live endpoint, so that the first request after a start does not pay for it. */
  async start(): Promise<void> {
    this.#stopListening = await this.#platform.database.listen(ENDPOINT_CHANNEL, (endpointId) => {
      // An empty notice follows a broken connection: anything may have been missed.
      for (const id of endpointId ? [endpointId] : [...this.#byId.keys()]) void this.refresh(id);
      if (!endpointId) this.#forgetUnknown();
    });
    const live = await this.#platform.database.asSystem((tx) =>
      tx.select({ id: endpoint.id }).from(endpoint).where(ne(endpoint.state, 'RETIRED')),
    );
    for (const { id } of live) await this.refresh(id);
    this.#warm = true;
  }

  async stop(): Promise<void> {
    await this.#stopListening?.();
  }

  /** Live endpoints of the principal's workspace and zones. */
  async list(principal: Principal): Promise<Route[]> {
    const records = await this.#platform.database.inWorkspace(
      { workspaceId: principal.workspaceId, zones: principal.zones, principalId: principal.id },
      (tx) => tx.select().from(endpoint).where(ne(endpoint.state, 'RETIRED')).orderBy(endpoint.name),
      { readOnly: true },
    );
    const routes = await Promise.all(records.map(({ name }) => this.find(principal, name)));
    return routes.filter((route) => route !== null);
  }

  /** The live endpoint of a name; null where there is none in the principal's workspace and zones. */
  async find(principal: Principal, name: string): Promise<Route | null> {
    const key = keyOf(principal.workspaceId, name);
    let found = this.#byName.get(key);
    if (!found) {
      found = this.#look(and(eq(endpoint.workspaceId, principal.workspaceId), eq(endpoint.name, name)));
      this.#byName.set(key, found);
      found.then(
        (route) => {
          if (route && this.#byName.get(key) === found) this.#byId.set(route.record.id, { key, route });
        },
        () => this.#byName.delete(key),
      );
    }
    const route = await found;
    return route && principal.zones.includes(route.record.zone) ? route : null;
  }

  /** The state by which this process answers now, for those who observe inferences. */
  current(endpointId: string): Route | undefined {
    return this.#byId.get(endpointId)?.route;
  }

  /** Tells every process, this one included, that an endpoint changed; in the change's own transaction. */
  async announce(tx: Tx, endpointId: string): Promise<void> {
    await clientOf(tx).query('select pg_notify($1, $2)', [ENDPOINT_CHANNEL, endpointId]);
  }

  /** Answers by the committed state from now on. Never rejects: what cannot be loaded is said to those who ask for it. */
  refresh(endpointId: string): Promise<void> {
    const before = this.#refreshing.get(endpointId) ?? Promise.resolve();
    const after = before.then(() => this.#replace(endpointId));
    this.#refreshing.set(endpointId, after);
    void after.then(() => {
      if (this.#refreshing.get(endpointId) === after) this.#refreshing.delete(endpointId);
    });
    return after;
  }

  /** The model of the newest revision that serves a model version, whatever the split. */
  async version(route: Route, version: string): Promise<ServedModel> {
    const known = this.#revisions.get(route) ?? new Map<string, number>();
    this.#revisions.set(route, known);
    const revision = known.get(version) ?? (await this.#revisionOf(route, version));
    known.set(version, revision);
    return this.#answering(route, revision, `version-${version}`);
  }

  async #revisionOf({ record }: Route, version: string): Promise<number> {
    const [row] = await this.#platform.database.asSystem((tx) =>
      tx
        .select({ revision: endpointRevision.revision })
        .from(endpointRevision)
        .where(
          and(
            eq(endpointRevision.endpointId, record.id),
            eq(endpointRevision.modelVersion, /^\d{1,9}$/.test(version) ? Number(version) : -1),
          ),
        )
        .orderBy(desc(endpointRevision.revision))
        .limit(1),
    );
    if (!row) throw new PlatformError('NOT_FOUND', `The endpoint ${record.name} serves no version ${version}.`);
    return row.revision;
  }

  /** A model whose inferences pass the observer. */
  async #answering(
    { record, drained }: Pick<Route, 'record' | 'drained'>,
    revision: number,
    variant: string,
  ): Promise<ServedModel> {
    const refusal = drained.get(revision);
    if (refusal) throw refusal;
    const loaded = await this.#host.load(record, revision);
    return observedModel(
      loaded,
      { endpoint: record, revision, variant, role: 'ANSWER' },
      this.#observer,
      this.#logRead,
      (reader, data) => this.#readers.assert(reader, data),
    );
  }

  async #replace(endpointId: string): Promise<void> {
    const old = this.#byId.get(endpointId);
    try {
      const route = await this.#look(eq(endpoint.id, endpointId));
      if (route) {
        await route.serve().catch((error: unknown) =>
          this.#log.error('an endpoint could not be loaded', {
            endpoint: endpointId,
            error: error instanceof Error ? error.message : String(error),
          }),
        );
        const key = keyOf(route.record.workspaceId, route.record.name);
        this.#byName.set(key, Promise.resolve(route));
        this.#byId.set(endpointId, { key, route });
      } else this.#drop(endpointId, old?.key);
      this.#host.keepOnly(endpointId, route ? await this.#wanted(route) : new Set());
    } catch (error) {
      // The state is unknown: better to look again than to answer by an old one.
      this.#drop(endpointId, old?.key);
      this.#log.error('the state of an endpoint could not be read', { endpoint: endpointId, error: String(error) });
    }
  }

  #drop(endpointId: string, key: string | undefined): void {
    this.#byId.delete(endpointId);
    if (key !== undefined) this.#byName.delete(key);
  }

  /** Names under which nothing was found may have come to something. */
  #forgetUnknown(): void {
    const known = new Set([...this.#byId.values()].map(({ key }) => key));
    for (const key of this.#byName.keys()) if (!known.has(key)) this.#byName.delete(key);
  }

  async #look(which: ReturnType<typeof and>): Promise<Route | null> {
    const [row] = await this.#platform.database.asSystem((tx) =>
      tx
        .select({ record: endpoint, split: trafficSplit, shadow })
        .from(endpoint)
        .leftJoin(trafficSplit, eq(trafficSplit.endpointId, endpoint.id))
        .leftJoin(shadow, and(eq(shadow.endpointId, endpoint.id), eq(shadow.state, 'ACTIVE')))
        .where(and(which, ne(endpoint.state, 'RETIRED'))),
    );
    if (!row) return null;
    const drained = await this.#drained(row.record);
    let serving: Promise<ServedModel> | undefined;
    return {
      ...row,
      drained,
      serve: () => {
        serving ??= this.#serve({ ...row, drained }).catch((error: unknown) => {
          serving = undefined;
          throw error;
        });
        return serving;
      },
    };
  }

  async #drained({ id }: EndpointRecord): Promise<ReadonlyMap<number, PlatformError>> {
    const rows = await this.#platform.database.asSystem((tx) =>
      tx
        .select()
        .from(endpointRevision)
        .where(and(eq(endpointRevision.endpointId, id), isNotNull(endpointRevision.drainedAt))),
    );
    return new Map(
      rows.map(({ revision, model, drainedAt }) => [
        revision,
        placementEnded(model, `which answers nobody since ${drainedAt?.toISOString()}`),
      ]),
    );
  }

  async #serve(route: Pick<Route, 'record' | 'split' | 'drained'>): Promise<ServedModel> {
    const { record, split } = route;
    if (!split) {
      const only = await this.#answering(route, record.revision, LIVE);
      return choosing(only, () => only);
    }
    const variants = await Promise.all(
      split.variants.map(async (variant) => ({
        ...variant,
        served: await this.#answering(route, variant.revision, variant.name),
      })),
    );
    const live = variants.find(({ revision }) => revision === record.revision) ?? variants[0];
    if (!live) throw new PlatformError('PRECONDITION_FAILED', `The endpoint ${record.name} has no variant.`);
    return choosing(live.served, (subject) => variantOf(variants, bucketOf(split.salt, subject)).served);
  }

  /** Revisions that are, or may at once be, asked for. */
  async #wanted({ record, split, shadow: mirrored, drained }: Route): Promise<Set<number>> {
    const past = await this.#platform.database.asSystem((tx) =>
      tx
        .select({ revision: revisionActivation.revision })
        .from(revisionActivation)
        .where(eq(revisionActivation.endpointId, record.id))
        .groupBy(revisionActivation.revision)
        .orderBy(desc(sql`max(${revisionActivation.position})`))
        .limit(WARM_REVISIONS),
    );
    const wanted = [
      record.revision,
      ...past.map(({ revision }) => revision),
      ...(split?.variants.map(({ revision }) => revision) ?? []),
      ...(mirrored ? [mirrored.revision] : []),
    ];
    return new Set(wanted.filter((revision) => !drained.has(revision)));
  }
}

/** What it says of itself stays the model's own, whether it is ready above all: a copy would keep the first answer. */
const choosing = (served: ServedModel, choose: (subject: string) => ServedModel): ServedModel =>
  Object.create(served, { choose: { value: choose, enumerable: true } }) as ServedModel;

const keyOf = (workspaceId: string, name: string): string => `${workspaceId}\n${name}`;
