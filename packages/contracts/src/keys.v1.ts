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
 * A key reference names workspace and zone (`<workspace>/<zone>`, more after another slash); the first wrap creates it.
 * `context` is bound as associated data: unwrapping under another context fails.
 */
export interface KeysV1 extends PluginInstance {
  wrap(args: { keyRef: string; key: Uint8Array; context: string }, call: Call): Promise<WrappedKey>;
  /** Idempotent. */
  unwrap(args: { wrapped: WrappedKey; context: string }, call: Call): Promise<Uint8Array>;
  /** The same data key under the current version of its reference; `context` as it was bound. Idempotent. */
  rewrap(args: { wrapped: WrappedKey; context: string }, call: Call): Promise<WrappedKey>;
  /** New version of the key for later wraps; earlier versions still unwrap. */
  rotate(args: { keyRef: string }, call: Call): Promise<KeyDescription>;
  /** Idempotent. The current version of the key. */
  describe(args: { keyRef: string }, call: Call): Promise<KeyDescription>;
  /** Versions before `keyId` no longer unwrap: rewrap everything first. NOT_FOUND for an unknown `keyId`. Idempotent. */
  retire(args: { keyId: string }, call: Call): Promise<void>;
  /**
   * Every version is gone for good, in every process at its next call: what they wrapped can never be opened again
   * (crypto-shredding, NIST SP 800-88). A later wrap makes a new key, which opens none of it. Idempotent.
   */
  destroy(args: { keyRef: string }, call: Call): Promise<void>;
}
