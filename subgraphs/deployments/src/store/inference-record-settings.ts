// What this process knows of every endpoint's log: its settings with the key of its digests, replaced when they change.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { clientOf, type Tx } from '@falaj/database';
import type { Platform } from '@falaj/subgraph-kit';
import { SubjectKeys, type SubjectPlace } from '@falaj/subgraph-kit';
import { and, eq, type InferSelectModel } from 'drizzle-orm';
import type { DeployableModel } from '../domain/deployable-model.js';
import type { Digest } from '../domain/inference-log/record.js';
import { type InputLayout, layoutOf } from '../domain/inference-log/redaction.js';
import { digestUnder } from '../domain/inference-log/subject-digest.js';
import { inferenceLog } from './inference-record-tables.js';
import { endpointRevision } from './tables.js';

const CHANNEL = 'deployments_inference_log';
/** Digests that are kept of an endpoint. */
const MOST_REMEMBERED = 20_000;

export type LogSettings = InferSelectModel<typeof inferenceLog>;

interface Known {
  readonly settings: LogSettings;
  readonly digest: Digest;
  readonly layouts: Map<number, InputLayout>;
}

export const keyContext = (endpointId: string): string => `inference-log/${endpointId}`;

export class InferenceLogSettings {
  readonly #platform: Platform;
  readonly #known = new Map<string, Known>();
  #stopListening: (() => Promise<void>) | undefined;

  readonly subjects: SubjectKeys;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.subjects = new SubjectKeys(platform.database, platform.plugins);
  }

  async start(): Promise<void> {
    const fail = (error: unknown) =>
      this.#platform.log.error('the settings of an inference log could not be read', { error: String(error) });
    this.#stopListening = await this.#platform.database.listen(CHANNEL, (endpointId) => {
      // An empty notice follows a broken connection: anything may have been missed.
      void this.refresh(endpointId || undefined).catch(fail);
    });
    await this.subjects.start();
    await this.refresh();
  }

  async stop(): Promise<void> {
    await this.subjects.stop();
    await this.#stopListening?.();
  }

  /** Settings of an endpoint whose inferences are logged. */
  active(endpointId: string): LogSettings | undefined {
    const settings = this.#known.get(endpointId)?.settings;
    return settings?.enabled ? settings : undefined;
  }

  /** Reads the keys of all subjects of a batch at once; what `digestFor` asks for next is at hand then. */
  async readKeys(
    batch: readonly { readonly endpoint: SubjectPlace & { readonly id: string }; readonly subject: string | null }[],
  ): Promise<void> {
    const places = new Map<string, { place: SubjectPlace; subjects: string[] }>();
    for (const { endpoint, subject } of batch) {
      if (subject === null || !this.#known.get(endpoint.id)?.digest) continue;
      const name = `${endpoint.workspaceId}\n${endpoint.zone}`;
      const own = places.get(name) ?? { place: endpoint, subjects: [] };
      own.subjects.push(subject);
      places.set(name, own);
    }
    for (const { place, subjects } of places.values()) {
      await this.subjects.of(place, subjects).catch((error: unknown) => this.#withoutKeys(error));
    }
  }

  /** How personal values are written of an inference; null where a key cannot be had: then they are masked. */
  async digestFor(endpointId: string, subject: string | null): Promise<Digest> {
    const known = this.#known.get(endpointId);
    if (!known?.digest || subject === null) return known?.digest ?? null;
    try {
      const key = (await this.subjects.of(known.settings, [subject])).get(subject);
      return key ? digestUnder(known.digest, key) : null;
    } catch (error) {
      this.#withoutKeys(error);
      return null;
    }
  }

  /** The subject as the records of an endpoint name it, by its key. */
  pseudonymOf(endpointId: string, subject: string, key: KeyObject): string | null {
    const digest = this.#known.get(endpointId)?.digest ?? null;
    return digestUnder(digest, key)?.('subject', subject) ?? null;
  }

  #withoutKeys(error: unknown): void {
    this.#platform.log.error('the keys of subjects could not be had: personal values are masked', {
      error: String(error),
    });
  }

  /** How the inputs of a revision are written down. */
  async layout(endpointId: string, revision: number): Promise<InputLayout> {
    const known = this.#known.get(endpointId);
    const found = known?.layouts.get(revision);
    if (found) return found;
    const [row] = await this.#platform.database.asSystem((tx) =>
      tx
        .select({ model: endpointRevision.model })
        .from(endpointRevision)
        .where(and(eq(endpointRevision.endpointId, endpointId), eq(endpointRevision.revision, revision))),
    );
    // Of a model that is not known nothing is known to be harmless.
    const model: Pick<DeployableModel, 'servingPlan' | 'categories'> =
      row?.model ?? ({ servingPlan: {}, categories: ['unknown'] } as never);
    const layout = layoutOf(model, known?.settings ?? { classes: {}, viewCategories: {} });
    if (row) known?.layouts.set(revision, layout);
    return layout;
  }

  /** Tells every process, in the change's own transaction. */
  async announce(tx: Tx, endpointId: string): Promise<void> {
    await clientOf(tx).query('select pg_notify($1, $2)', [CHANNEL, endpointId]);
  }

  async refresh(endpointId?: string): Promise<void> {
    const { database } = this.#platform;
    const rows = await database.asSystem((tx) =>
      tx
        .select()
        .from(inferenceLog)
        .where(endpointId === undefined ? undefined : eq(inferenceLog.endpointId, endpointId)),
    );
    for (const settings of rows) {
      this.#known.set(settings.endpointId, { settings, digest: await this.#digest(settings), layouts: new Map() });
    }
  }

  /** Null where the key cannot be had: then what would be a digest is masked. */
  async #digest({ endpointId, workspaceId, zone, wrappedKey, ownerId }: LogSettings): Promise<Digest> {
    try {
      const { plugins } = this.#platform;
      const wrapped = { keyId: wrappedKey.keyId, ciphertext: Buffer.from(wrappedKey.ciphertext, 'base64') };
      const call = plugins.call({ id: ownerId }, { workspaceId, zone });
      // As an object of the library: making one of bytes costs seven times the digest itself.
      const key = createSecretKey(await plugins.get('keys').unwrap({ wrapped, context: keyContext(endpointId) }, call));
      // Subjects and entities come again and again.
      const remembered = new Map<string, string>();
      return (column, value) => {
        const text = `${column}\n${value}`;
        const known = remembered.get(text);
        if (known !== undefined) return known;
        if (remembered.size >= MOST_REMEMBERED) remembered.clear();
        const digest = `hmac:${createHmac('sha256', key).update(text).digest('hex').slice(0, 32)}`;
        remembered.set(text, digest);
        return digest;
      };
    } catch (error) {
      this.#platform.log.error('the key of an inference log could not be had: personal values are masked', {
        endpoint: endpointId,
        error: String(error),
      });
      return null;
    }
  }
}
