import { createHash } from 'node:crypto';
import type { ArtifactStoreV1, Call, KeysV1, WrappedKey } from '@falaj/contracts';
import { isPluginError } from '@falaj/plugin-sdk';
import { isPlatformError, PlatformError } from '@falaj/runtime';
import { type EnvelopeHeader, openEnvelope, readHeader, rewrapEnvelope, sealEnvelope } from './envelope.js';

export interface SealedArtifact {
  readonly key: string;
  /** `sha256:<hex>` of the plaintext. */
  readonly digest: string;
  /** Of the plaintext. */
  readonly bytes: number;
}

export interface RewrappedPage {
  /** Where the next page begins; null after the last one. */
  readonly after: string | null;
  /** Artifacts of the place. */
  readonly seen: number;
  readonly rewrapped: number;
  /** Of the place, but not to be opened: left as they are. */
  readonly corrupt: readonly string[];
}

export interface ArtifactPlace {
  readonly workspaceId: string;
  readonly zone: string;
}

/** Stores artifacts encrypted under the workspace's key of the zone; the store never sees a plain byte. */
export interface ArtifactVault {
  put(
    args: ArtifactPlace & {
      readonly key: string;
      /** Highest field class of the content; default `internal`. */
      readonly fieldClass?: string;
      readonly data: Uint8Array;
      readonly contentType: string;
    },
    call: Call,
  ): Promise<SealedArtifact>;
  /** NOT_FOUND when absent; ARTIFACT_CORRUPT, with an alarm, when a byte, the place or the digest differs. */
  get(key: string, expectedDigest: string, place: ArtifactPlace, call: Call): Promise<Uint8Array>;
  /** What `get` would refuse, in its words, or null; no alarm. */
  probe(key: string, expectedDigest: string, place: ArtifactPlace, call: Call): Promise<string | null>;
  /** Moves the artifact under the current version of its key; no payload byte changes. Answers the new key id. */
  rewrap(key: string, place: ArtifactPlace, call: Call): Promise<string>;
  /**
   * Rewraps what of the next `limit` objects of the store belongs to the place and is not under `keyId`. Artifacts stay
   * readable throughout. An artifact's key is written once, or again with the same content, and never while this runs on
   * it: the store has no compare-and-set.
   */
  rewrapPage(
    place: ArtifactPlace,
    page: { readonly keyId: string; readonly after: string | null; readonly limit: number },
    call: Call,
  ): Promise<RewrappedPage>;
  /** Idempotent. */
  remove(key: string, call: Call): Promise<void>;
}

/** Somebody changed, cut, swapped or moved what was sealed, or destroyed its key. */
export interface CorruptArtifact extends ArtifactPlace {
  readonly key: string;
  readonly found: string;
}

const digestOf = (data: Uint8Array): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const keyRefOf = ({ workspaceId, zone }: ArtifactPlace): string => `${workspaceId}/${zone}`;

export function createArtifactVault({
  keys,
  store,
  onCorrupt = () => undefined,
}: {
  readonly keys: KeysV1;
  readonly store: ArtifactStoreV1;
  /** Called before the reader hears of it. Must not throw and must not wait. */
  readonly onCorrupt?: (artifact: CorruptArtifact) => void;
}): ArtifactVault {
  const read = async (key: string, call: Call): Promise<Uint8Array> => {
    const envelope = await store.get({ key }, call);
    if (envelope === null) throw new PlatformError('NOT_FOUND', `No artifact "${key}".`, { details: { key } });
    return envelope;
  };
  const wrap = (place: ArtifactPlace, call: Call) => (dataKey: Uint8Array, context: string) =>
    keys.wrap({ keyRef: keyRefOf(place), key: dataKey, context }, call);
  const opening = async <T>(key: string, { keyId }: WrappedKey, open: () => Promise<T>): Promise<T> => {
    try {
      return await open();
    } catch (error) {
      // A key id that was tampered with is malformed or unknown to the key store: still a corrupt artifact.
      const code = isPlatformError(error) || isPluginError(error) ? error.code : null;
      if (code === 'BAD_USER_INPUT' || code === 'BAD_INPUT' || code === 'NOT_FOUND' || code === 'CORRUPT') {
        throw new PlatformError(
          'ARTIFACT_CORRUPT',
          `The data key of artifact "${key}" does not unwrap with "${keyId}"; the artifact is not used.`,
          { cause: error, details: { key, keyId } },
        );
      }
      throw error;
    }
  };
  const unwrap = (key: string, call: Call) => (wrapped: WrappedKey, context: string) =>
    opening(key, wrapped, () => keys.unwrap({ wrapped, context }, call));

  const alarming = async <T>(key: string, { workspaceId, zone }: ArtifactPlace, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isPlatformError(error) && error.code === 'ARTIFACT_CORRUPT') {
        onCorrupt({ key, workspaceId, zone, found: error.message });
      }
      throw error;
    }
  };

  const open = async (key: string, expectedDigest: string, place: ArtifactPlace, call: Call): Promise<Uint8Array> => {
    const data = await openEnvelope(await read(key, call), { ...place, key }, unwrap(key, call));
    const digest = digestOf(data);
    if (digest === expectedDigest) return data;
    throw new PlatformError('ARTIFACT_CORRUPT', `Artifact "${key}" has another digest than recorded; it is not used.`, {
      details: { key, expected: expectedDigest, found: digest },
    });
  };

  const moveUnder = async (key: string, sealed: Uint8Array, place: ArtifactPlace, call: Call) => {
    let keyId = '';
    const envelope = await rewrapEnvelope(sealed, { ...place, key }, async (wrapped, context) => {
      const fresh = await opening(key, wrapped, () => keys.rewrap({ wrapped, context }, call));
      keyId = fresh.keyId;
      return fresh;
    });
    return { envelope, keyId };
  };

  return {
    async put({ key, workspaceId, zone, fieldClass = 'internal', data, contentType }, call) {
      const fields = { workspaceId, key, zone, fieldClass, contentType };
      const envelope = await sealEnvelope(data, fields, wrap({ workspaceId, zone }, call));
      await store.put({ key, data: envelope }, call);
      return { key, digest: digestOf(data), bytes: data.length };
    },
    get: (key, expectedDigest, place, call) => alarming(key, place, () => open(key, expectedDigest, place, call)),
    probe: (key, expectedDigest, place, call) =>
      open(key, expectedDigest, place, call).then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      ),
    async rewrap(key, place, call) {
      const { envelope, keyId } = await moveUnder(key, await read(key, call), place, call);
      await store.put({ key, data: envelope }, call);
      return keyId;
    },
    async rewrapPage(place, { keyId, after, limit }, call) {
      const objects = await store.list({ prefix: '', after, limit }, call);
      let [seen, rewrapped] = [0, 0];
      const corrupt: string[] = [];
      for (const { key } of objects) {
        const envelope = await store.get({ key }, call);
        if (envelope === null) continue;
        // Whose an object is that is no envelope at all, nobody can say; its reader finds out.
        const header = headerOf(envelope, key);
        if (header?.fields.workspaceId !== place.workspaceId || header.fields.zone !== place.zone) continue;
        seen += 1;
        if (header.wrapped.keyId === keyId) continue;
        try {
          const moved = await alarming(key, place, () => moveUnder(key, envelope, place, call));
          const now = await store.get({ key }, call);
          if (now === null || !Buffer.from(envelope).equals(now)) continue;
          await store.put({ key, data: moved.envelope }, call);
          rewrapped += 1;
        } catch (error) {
          if (!isPlatformError(error) || error.code !== 'ARTIFACT_CORRUPT') throw error;
          corrupt.push(key);
        }
      }
      return { after: objects.length < limit ? null : (objects.at(-1)?.key ?? null), seen, rewrapped, corrupt };
    },
    remove: (key, call) => store.remove({ key }, call),
  };
}

function headerOf(envelope: Uint8Array, key: string): EnvelopeHeader | null {
  try {
    return readHeader(envelope, key);
  } catch {
    return null;
  }
}
