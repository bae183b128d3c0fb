import type { Call, PluginInstance } from './call.js';

export interface WrappedKey {
  /** Key-encryption key and its version, e.g. `workspace-1/AE#2`. */
  readonly keyId: string;
  readonly ciphertext: Uint8Array;
}

export interface KeyDescription {
  readonly keyId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Where the key lives, e.g. `local file` or `vault transit`. */
  readonly protection: string;
}

/**
 * Kind `keys`: wraps data keys with key-encryption keys that never leave it. Fails closed.
 * A key reference names workspace and zone (`<workspace>/<zone>`); the first use creates it.
 * `context` is bound as associated data: unwrapping under another context fails.
 */
export interface KeysV1 extends PluginInstance {
  wrap(args: { keyRef: string; key: Uint8Array; context: string }, call: Call): Promise<WrappedKey>;
  /** Idempotent. */
  unwrap(args: { wrapped: WrappedKey; context: string }, call: Call): Promise<Uint8Array>;
  /** New version of the key for later wraps; earlier versions still unwrap. */
  rotate(args: { keyRef: string }, call: Call): Promise<KeyDescription>;
  /** Idempotent. The current version of the key. */
  describe(args: { keyRef: string }, call: Call): Promise<KeyDescription>;
}
