const TAG = Symbol.for('falaj.PluginError');

/**
 * What went wrong, in the words of the contract. The host counts only UNAVAILABLE and FAILED (and any error that is no
 * PluginError) against the plugin's circuit breaker: the others are answers.
 */
export type PluginErrorCode =
  | 'BAD_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNSUPPORTED'
  | 'UNAVAILABLE'
  | 'CORRUPT'
  | 'CANCELLED'
  | 'FAILED';

export interface PluginErrorOptions {
  /** The same call may succeed later. Default: true for UNAVAILABLE, else false. */
  readonly retryable?: boolean;
  /** Machine-readable facts: what was found, what is allowed. Shown to the caller, so no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The error that a plugin throws. Told apart by tag, for the plugin and the host may hold two copies of this package. */
export class PluginError extends Error {
  readonly [TAG] = true;
  readonly code: PluginErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: PluginErrorCode, message: string, options: PluginErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PluginError';
    this.code = code;
    this.retryable = options.retryable ?? code === 'UNAVAILABLE';
    this.details = options.details ?? {};
  }
}

export function isPluginError(value: unknown): value is PluginError {
  return typeof value === 'object' && value !== null && TAG in value;
}

/** Throws CANCELLED when the caller has given up: call it before and between pieces of work. */
export function throwIfCancelled(call: { readonly signal: AbortSignal }): void {
  if (call.signal.aborted) {
    throw new PluginError('CANCELLED', 'The call was cancelled.', { cause: call.signal.reason });
  }
}
