// The models that this process serves: loaded once per revision, verified against the registered digest, swapped without
// a failed request. Other processes' changes arrive by notice.
import type { Call } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { clientOf } from '@falaj/database';
import { type Logger, PlatformError, type Principal } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { and, desc, eq, type InferSelectModel, ne } from 'drizzle-orm';
import type { DeployableModel } from '../domain/deployable-model.js';
import { createServedModel, type ServedModel } from '../inference/index.js';
import { endpoint, endpointRevision } from './tables.js';

export type EndpointRecord = InferSelectModel<typeof endpoint>;

export const ENDPOINT_CHANNEL = 'deployments_endpoint';
/** A replaced revision stays loaded this long, for the requests that already hold it. */
const LINGER_MS = 15_000;

interface Loaded {
  readonly handle: string;
  readonly device: string;
  readonly served: ServedModel;
}

export class ModelHost {
  readonly #platform: Platform;
  readonly #log: Logger;
  /** Live endpoints by workspace and name. */
  #endpoints = new Map<string, Promise<EndpointRecord | null>>();
  /** By endpoint and revision. */
  readonly #loaded = new Map<string, Promise<Loaded>>();
  #stopListening: (() => Promise<void>) | undefined;
  #warm = false;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#log = platform.log;
  }

  get ready(): boolean {
    return this.#warm;
  }

  /** Loads every live endpoint, so that the first request after a start does not pay for it. */
  async start(): Promise<void> {
    this.#stopListening = await this.#platform.database.listen(ENDPOINT_CHANNEL, () => {
      this.#endpoints = new Map();
    });
    const live = await this.#platform.database.asSystem((tx) =>
      tx.select().from(endpoint).where(ne(endpoint.state, 'RETIRED')),
    );
    for (const record of live) {
      await this.serve(record).catch((error: unknown) =>
        this.#log.error('an endpoint could not be loaded', {
          endpoint: record.id,
          error: error instanceof Error ? error.message : String(error),
        }),
      );
    }
    this.#warm = true;
  }

  async stop(): Promise<void> {
    await this.#stopListening?.();
  }

  /** Live endpoints of the principal's workspace and zones. */
  async list(principal: Principal): Promise<EndpointRecord[]> {
    return this.#inScope(principal, (tx) =>
      tx.select().from(endpoint).where(ne(endpoint.state, 'RETIRED')).orderBy(endpoint.name),
    );
  }

  /** The live endpoint of a name; null where there is none in the principal's workspace and zones. */
  async find(principal: Principal, name: string): Promise<EndpointRecord | null> {
    const key = `${principal.workspaceId}\n${name}`;
    let found = this.#endpoints.get(key);
    if (!found) {
      found = this.#platform.database.asSystem(async (tx) => {
        const [row] = await tx
          .select()
          .from(endpoint)
          .where(
            and(
              eq(endpoint.workspaceId, principal.workspaceId),
              eq(endpoint.name, name),
              ne(endpoint.state, 'RETIRED'),
            ),
          );
        return row ?? null;
      });
      this.#endpoints.set(key, found);
      found.catch(() => this.#endpoints.delete(key));
    }
    const record = await found;
    return record && principal.zones.includes(record.zone) ? record : null;
  }

  /** The served model of an endpoint: its live revision, or the newest revision of a model version. */
  async serve(record: EndpointRecord, version?: string): Promise<ServedModel> {
    const revision =
      version === undefined || version === String(record.modelVersion)
        ? record.revision
        : await this.#revisionOf(record, version);
    return (await this.#load(record, revision)).served;
  }

  /** Loads a model before its revision is committed; answers what it takes and gives, and where it runs. */
  async trial(
    principal: Principal,
    endpointId: string,
    name: string,
    revision: number,
    zone: string,
    model: DeployableModel,
    call: Call,
  ) {
    const key = `${endpointId}/${revision}`;
    const loading = this.#open(key, name, zone, principal.workspaceId, model, [String(model.version)], call);
    this.#loaded.set(key, loading);
    try {
      return await loading;
    } catch (error) {
      this.#loaded.delete(key);
      throw error;
    }
  }

  /** Forgets a revision that was not committed, or one that was replaced, after requests had time to finish. */
  async retire(endpointId: string, revision: number, afterMs = LINGER_MS): Promise<void> {
    const key = `${endpointId}/${revision}`;
    const loaded = this.#loaded.get(key);
    if (!loaded) return;
    this.#loaded.delete(key);
    const unload = async (): Promise<void> => {
      const { handle } = await loaded;
      await this.#platform.plugins.get('serving').unload({ handle }, this.#call('system', '', ''));
    };
    setTimeout(
      () =>
        unload().catch((error: unknown) =>
          this.#log.warn('a model could not be unloaded', { key, error: String(error) }),
        ),
      afterMs,
    ).unref();
  }

  /** Tells every process, this one included, that an endpoint changed; in the change's own transaction. */
  async announce(tx: Tx, endpointId: string): Promise<void> {
    await clientOf(tx).query('select pg_notify($1, $2)', [ENDPOINT_CHANNEL, endpointId]);
    this.#endpoints = new Map();
  }

  forgetNames(): void {
    this.#endpoints = new Map();
  }

  #load(record: EndpointRecord, revision: number): Promise<Loaded> {
    const key = `${record.id}/${revision}`;
    let loading = this.#loaded.get(key);
    if (!loading) {
      loading = this.#restore(record, revision);
      this.#loaded.set(key, loading);
      loading.catch(() => this.#loaded.delete(key));
    }
    return loading;
  }

  async #restore(record: EndpointRecord, revision: number): Promise<Loaded> {
    const revisions = await this.#platform.database.asSystem((tx) =>
      tx
        .select()
        .from(endpointRevision)
        .where(eq(endpointRevision.endpointId, record.id))
        .orderBy(desc(endpointRevision.revision)),
    );
    const own = revisions.find((candidate) => candidate.revision === revision);
    if (!own) throw new PlatformError('NOT_FOUND', `Revision ${revision} of the endpoint not found.`);
    const versions = [...new Set(revisions.map((candidate) => String(candidate.modelVersion)))];
    const call = this.#call(record.ownerId, record.workspaceId, record.zone);
    return this.#open(
      `${record.id}/${revision}`,
      record.name,
      record.zone,
      record.workspaceId,
      own.model,
      versions,
      call,
    );
  }

  async #open(
    handle: string,
    name: string,
    zone: string,
    workspaceId: string,
    model: DeployableModel,
    versions: readonly string[],
    call: Call,
  ): Promise<Loaded> {
    const { plugins, vault } = this.#platform;
    const serving = plugins.get('serving');
    // The vault compares the digest: bytes that are not the registered model are never loaded.
    const bytes = await vault.get(model.artifactKey, model.digest, { workspaceId, zone: model.zone }, call);
    const loaded = await serving.load({ handle, format: 'onnx', model: bytes }, call);
    const served = createServedModel({
      name,
      version: String(model.version),
      versions,
      loaded,
      serving,
      call: ([caller]) => this.#call(caller?.principal.id ?? 'system', workspaceId, zone, caller?.signal),
      ...(model.servingPlan.entityKeys
        ? { features: { plan: model.servingPlan, online: plugins.get('online-store') } }
        : {}),
    });
    return { handle, device: loaded.device, served };
  }

  async #revisionOf(record: EndpointRecord, version: string): Promise<number> {
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

  #call(principalId: string, workspaceId: string, zone: string, signal?: AbortSignal): Call {
    return this.#platform.plugins.call({ id: principalId }, { workspaceId, zone, ...(signal ? { signal } : {}) });
  }

  #inScope<T>(principal: Principal, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#platform.database.inWorkspace(
      { workspaceId: principal.workspaceId, zones: principal.zones, principalId: principal.id },
      work,
      { readOnly: true },
    );
  }
}
