import { errorCodes, type PlatformErrorCode } from './error-codes.js';

const TAG = Symbol.for('falaj.PlatformError');

export interface PlatformErrorOptions {
  /** Machine-readable facts: the field, the found value, the limit, the rule. Public when the code is. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
}

/** The only error that crosses a module border. Told apart by tag, for two copies of a package must agree. */
export class PlatformError extends Error {
  readonly [TAG] = true;
  readonly code: PlatformErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: PlatformErrorCode, message: string, options: PlatformErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PlatformError';
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }

  get http(): number {
    return errorCodes[this.code].http;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

export function isPlatformError(value: unknown): value is PlatformError {
  return typeof value === 'object' && value !== null && TAG in value;
}

/** What a caller may see of any thrown value: unknown faults are masked, their cause stays in the log. */
export function publicError(value: unknown): {
  code: PlatformErrorCode;
  message: string;
  retryable: boolean;
  details: Readonly<Record<string, unknown>>;
  retryAfterMs?: number;
} {
  if (isPlatformError(value) && errorCodes[value.code].public) {
    return {
      code: value.code,
      message: value.message,
      retryable: errorCodes[value.code].retryable,
      details: value.details,
      ...(value.retryAfterMs === undefined ? {} : { retryAfterMs: value.retryAfterMs }),
    };
  }
  const code = isPlatformError(value) ? value.code : 'INTERNAL';
  return { code, message: errorCodes[code].meaning, retryable: errorCodes[code].retryable, details: {} };
}
