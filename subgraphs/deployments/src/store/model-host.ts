// The models that this process holds: loaded once per revision, verified against the registered digest. Which of them
// answers whom is decided in endpoint-routes.ts.
import { randomUUID } from 'node:crypto';
import type { Call } from '@falaj/contracts';
import { type Logger, PlatformError } from '@falaj/runtime';
import { type Platform, SubjectKeys, sealedOnlineStore } from '@falaj/subgraph-kit';
import { desc, eq, type InferSelectModel } from 'drizzle-orm';
import type { DeployableModel } from '../domain/deployable-model.js';
import { createServedModel, type ServedModel } from '../inference/index.js';
import { assertMayBegin } from './placement.js';
import { type endpoint, endpointRevision } from './tables.js';

export type EndpointRecord = InferSelectModel<typeof endpoint>;

/** A revision that nothing routes to any more stays loaded this long, for the requests that already hold it. */
const LINGER_MS = 15_000;

export interface LoadedModel {
  readonly handle: string;
  readonly device: string;
  readonly model: DeployableModel;
  readonly served: ServedModel;
}

/** What loading needs to know of an endpoint. */
export interface HostedEndpoint {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly workspaceId: string;
}

export class ModelHost {
  readonly #platform: Platform;
  readonly #log: Logger;
  /** By endpoint, then by revision. */
  readonly #loaded = new Map<string, Map<number, Promise<LoadedModel>>>();

  /** Keys of the persons in online rows; what is destroyed elsewhere is forgotten at once only by those that listen. */
  readonly #subjects: SubjectKeys;

  constructor(platform: Platform, subjects = new SubjectKeys(platform.database, platform.plugins)) {
    this.#platform = platform;
    this.#subjects = subjects;
    this.#log = platform.log;
  }

  /** The model of a revision, loaded where it is not yet. */
  load(record: HostedEndpoint & { readonly ownerId: string }, revision: number): Promise<LoadedModel> {
    const own = this.#of(record.id);
    let loading = own.get(revision);
    if (!loading) {
      loading = this.#restore(record, revision);
      own.set(revision, loading);
      loading.catch(() => own.delete(revision));
    }
    return loading;
  }

  /** Loads a model before its revision is committed, under a handle of its own: adopt it afterwards, or discard it. */
  async trial(target: HostedEndpoint, model: DeployableModel, call: Call): Promise<LoadedModel> {
    return this.#open(`${target.id}/${randomUUID()}`, target, model, [String(model.version)], call);
  }

  /** The trial became a revision. */
  adopt(endpointId: string, revision: number, loaded: LoadedModel): void {
    const own = this.#of(endpointId);
    // The notice of the change may have been quicker.
    if (own.has(revision)) this.discard(loaded);
    else own.set(revision, Promise.resolve(loaded));
  }

  discard(loaded: LoadedModel): void {
    this.#unload(Promise.resolve(loaded), 0);
  }

  /** Forgets all revisions of an endpoint but these, after requests had time to finish. */
  keepOnly(endpointId: string, revisions: ReadonlySet<number>, afterMs: number = LINGER_MS): void {
    const own = this.#of(endpointId);
    for (const [revision, loaded] of own) {
      if (revisions.has(revision)) continue;
      own.delete(revision);
      this.#unload(loaded, afterMs);
    }
    if (own.size === 0) this.#loaded.delete(endpointId);
  }

  #of(endpointId: string): Map<number, Promise<LoadedModel>> {
    let own = this.#loaded.get(endpointId);
    if (!own) {
      own = new Map();
      this.#loaded.set(endpointId, own);
    }
    return own;
  }

  #unload(loaded: Promise<LoadedModel>, afterMs: number): void {
    const unload = async (): Promise<void> => {
      const { handle } = await loaded;
      await this.#platform.plugins.get('serving').unload({ handle }, this.#call('system', '', ''));
    };
    setTimeout(
      () =>
        unload().catch((error: unknown) => this.#log.warn('a model could not be unloaded', { error: String(error) })),
      afterMs,
    ).unref();
  }

  async #restore(record: HostedEndpoint & { readonly ownerId: string }, revision: number): Promise<LoadedModel> {
    const revisions = await this.#platform.database.asSystem((tx) =>
      tx
        .select()
        .from(endpointRevision)
        .where(eq(endpointRevision.endpointId, record.id))
        .orderBy(desc(endpointRevision.revision)),
    );
    const own = revisions.find((candidate) => candidate.revision === revision);
    if (!own) throw new PlatformError('NOT_FOUND', `Revision ${revision} of the endpoint not found.`);
    assertMayBegin(own);
    const versions = [...new Set(revisions.map((candidate) => String(candidate.modelVersion)))];
    const call = this.#call(record.ownerId, record.workspaceId, record.zone);
    return this.#open(`${record.id}/${randomUUID()}`, record, own.model, versions, call);
  }

  async #open(
    handle: string,
    { name, zone, workspaceId }: HostedEndpoint,
    model: DeployableModel,
    versions: readonly string[],
    call: Call,
  ): Promise<LoadedModel> {
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
        ? {
            features: {
              plan: model.servingPlan,
              online: sealedOnlineStore(plugins.get('online-store'), this.#subjects),
            },
          }
        : {}),
    });
    return { handle, device: loaded.device, model, served };
  }

  #call(principalId: string, workspaceId: string, zone: string, signal?: AbortSignal): Call {
    return this.#platform.plugins.call({ id: principalId }, { workspaceId, zone, ...(signal ? { signal } : {}) });
  }
}
