import { isPlatformError, type PlatformErrorCode, publicError } from '@falaj/runtime';

/** What an error looks like on the data plane, where the protocol asks for another status than the graph's. */
export class HttpFault extends Error {
  readonly status: number;
  readonly code: PlatformErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** The connection cannot be reused: the rest of the body was not read. */
  readonly closes: boolean;

  constructor(
    status: number,
    code: PlatformErrorCode,
    message: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly closes?: boolean } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
    this.closes = options.closes ?? false;
  }
}

/** A model that is not ready is 503 here, as KServe answers it: 412 is about preconditions of the request. */
export function faultOf(error: unknown): HttpFault {
  if (error instanceof HttpFault) return error;
  const { code, message, retryAfterMs } = publicError(error);
  const status = code === 'PRECONDITION_FAILED' ? 503 : isPlatformError(error) ? error.http : 500;
  const headers: Record<string, string> = {};
  if (code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer';
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  return new HttpFault(status, code, message, { headers });
}
