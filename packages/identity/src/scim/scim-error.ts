import { errorCodes, isPlatformError, PlatformError, publicError } from '@falaj/runtime';

/** `scimType` of RFC 7644, table 9. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue';

export const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** A request that cannot be taken, told with the type that SCIM clients know. */
export const badRequest = (scimType: ScimType, detail: string): PlatformError =>
  new PlatformError('BAD_USER_INPUT', detail, { details: { scimType } });

export interface ScimAnswer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any error in the shape of RFC 7644, section 3.12. Nothing of an unexpected fault is told. */
export function errorAnswer(error: unknown): ScimAnswer {
  const fault = isPlatformError(error) ? error : new PlatformError('INTERNAL', 'unexpected', { cause: error });
  const { code, message, details, retryAfterMs } = publicError(fault);
  const status = errorCodes[code].http;
  const scimType = details.scimType ?? (code === 'CONFLICT' ? 'uniqueness' : undefined);
  return {
    status,
    body: { schemas: [ERROR_SCHEMA], status: String(status), ...(scimType ? { scimType } : {}), detail: message },
    headers: {
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
    },
  };
}
