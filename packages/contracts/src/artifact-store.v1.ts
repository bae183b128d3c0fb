import type { Call, PluginInstance } from './call.js';

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

/**
 * Kind `artifact-store`: bytes by key. It only ever sees ciphertext: the platform seals before `put`.
 * Keys are `[a-zA-Z0-9._/-]{1,512}` without `..` or a leading slash. Errors go to the caller.
 */
export interface ArtifactStoreV1 extends PluginInstance {
  /** Idempotent. All or nothing: a reader sees the whole object or none, also after a crash. */
  put(args: { key: string; data: Uint8Array }, call: Call): Promise<StoredObject>;
  /** Idempotent. Null when there is no such key. */
  get(args: { key: string }, call: Call): Promise<Uint8Array | null>;
  /** Idempotent: removing what is not there is no error. */
  remove(args: { key: string }, call: Call): Promise<void>;
  /** Keys with the prefix, ascending, after `after`. */
  list(args: { prefix: string; after: string | null; limit: number }, call: Call): Promise<readonly StoredObject[]>;
}
