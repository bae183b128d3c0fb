import { createHash } from 'node:crypto';
import type { ArtifactStoreV1, Call, KeysV1, WrappedKey } from '@falaj/contracts';
import { isPluginError } from '@falaj/plugin-sdk';
import { isPlatformError, PlatformError } from '@falaj/runtime';
import { openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.js';

export interface SealedArtifact {
  readonly key: string;
  /** `sha256:<hex>` of the plaintext. */
  readonly digest: string;
  /** Of the plaintext. */
  readonly bytes: number;
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
  /** NOT_FOUND when absent; ARTIFACT_CORRUPT when a byte, the place or the digest differs. */
  get(key: string, expectedDigest: string, place: ArtifactPlace, call: Call): Promise<Uint8Array>;
  /** Moves the artifact under the current version of its key. Answers the new key id. */
  rewrap(key: string, place: ArtifactPlace, call: Call): Promise<string>;
  /** Idempotent. */
  remove(key: string, call: Call): Promise<void>;
}

const digestOf = (data: Uint8Array): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const keyRefOf = ({ workspaceId, zone }: ArtifactPlace): string => `${workspaceId}/${zone}`;

export function createArtifactVault({
  keys,
  store,
}: {
  readonly keys: KeysV1;
  readonly store: ArtifactStoreV1;
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

  return {
    async put({ key, workspaceId, zone, fieldClass = 'internal', data, contentType }, call) {
      const fields = { workspaceId, key, zone, fieldClass, contentType };
      const envelope = await sealEnvelope(data, fields, wrap({ workspaceId, zone }, call));
      await store.put({ key, data: envelope }, call);
      return { key, digest: digestOf(data), bytes: data.length };
    },
    async get(key, expectedDigest, place, call) {
      const data = await openEnvelope(await read(key, call), { ...place, key }, unwrap(key, call));
      const digest = digestOf(data);
      if (digest !== expectedDigest) {
        throw new PlatformError(
          'ARTIFACT_CORRUPT',
          `Artifact "${key}" has another digest than recorded; it is not used.`,
          {
            details: { key, expected: expectedDigest, found: digest },
          },
        );
      }
      return data;
    },
    async rewrap(key, place, call) {
      let keyId = '';
      const envelope = await rewrapEnvelope(await read(key, call), { ...place, key }, async (wrapped, context) => {
        const fresh = await opening(key, wrapped, () => keys.rewrap({ wrapped, context }, call));
        keyId = fresh.keyId;
        return fresh;
      });
      await store.put({ key, data: envelope }, call);
      return keyId;
    },
    remove: (key, call) => store.remove({ key }, call),
  };
}
