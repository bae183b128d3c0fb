/** One row of the table of errors. A code is never reused, and its meaning never changes. */
export interface ErrorCode {
  readonly http: number;
  /** The same request may succeed later without a change. */
  readonly retryable: boolean;
  /** The message may be shown to the caller; otherwise it is replaced and only the trace id is kept. */
  readonly public: boolean;
  readonly since: string;
  readonly meaning: string;
}

const code = (http: number, meaning: string, options: { retryable?: boolean; public?: boolean } = {}): ErrorCode => ({
  http,
  retryable: options.retryable ?? false,
  public: options.public ?? true,
  since: '0.1.0',
  meaning,
});

export const errorCodes = {
  BAD_USER_INPUT: code(
    400,
    'The input is malformed or breaks a rule; the message names the field, what was found and what is allowed.',
  ),
  NOT_FOUND: code(404, 'No such object, or none that the caller may know of.'),
  CONFLICT: code(409, 'The object already exists or changed meanwhile.'),
  PRECONDITION_FAILED: code(412, 'The object is not in a state that allows the operation.'),
  PAYLOAD_TOO_LARGE: code(413, 'The request body or a file is over the limit.'),
  QUERY_TOO_COMPLEX: code(400, 'The GraphQL document is over a limit of depth, aliases, tokens, directives or cost.'),
  PERSISTED_DOCUMENT_REQUIRED: code(403, 'Only registered documents are accepted by this deployment.'),
  RATE_LIMITED: code(429, 'Too many requests of this caller.', { retryable: true }),
  UNAUTHENTICATED: code(401, 'No valid credential accompanies the request.'),
  STEP_UP_REQUIRED: code(
    401,
    'The caller proved who it is too long ago for this; sign in again and repeat the request with the new token.',
  ),
  AUTHORISATION_CHANGED: code(
    403,
    'What the caller may do changed while an event stream was open, and the stream was ended; subscribe again.',
  ),
  FORBIDDEN: code(403, 'The caller may not do this; the message names the rule, never the data.'),
  FORBIDDEN_FILTER: code(403, 'The caller may not filter, sort or group by this field.'),
  RESIDENCY_VIOLATION: code(403, 'Data would be stored or processed outside its allowed zones.'),
  COMPLIANCE_FAILED: code(403, 'A compliance check with a blocking gate did not pass.'),
  BUDGET_EXCEEDED: code(
    403,
    'A budget is exhausted or would be; the message names it, what was spent, and what to do.',
  ),
  MODEL_REFUSED: code(
    422,
    'A model file failed a structural check at intake; the message names the check, what was found and what is allowed.',
  ),
  STAGE_FAILED: code(
    422,
    'A stage of a pipeline did not do its work: its command failed, it ran over its time, or it gave something else than it declares.',
  ),
  STAGE_REFUSED: code(
    403,
    'A rule of a pipeline stage said no: a bound, a gate or a person; the message names the rule, what was found and the limit.',
  ),
  PLUGIN_UNAVAILABLE: code(503, 'The plugin is not loaded, unhealthy or quarantined, or its circuit breaker is open.', {
    retryable: true,
  }),
  PLUGIN_TIMEOUT: code(504, 'The plugin did not answer within its deadline.', { retryable: true }),
  PLUGIN_FAILED: code(502, 'The plugin answered with an error or with output that breaks its contract.'),
  PLUGIN_INCOMPATIBLE: code(500, 'The plugin speaks no contract version of this platform.'),
  PLUGIN_CONFIG_INVALID: code(500, 'The plugin refuses its configuration.'),
  ARTIFACT_CORRUPT: code(500, 'Stored bytes do not decrypt or do not match their digest; they are not used.'),
  DATABASE_UNAVAILABLE: code(503, 'The database cannot be reached.', { retryable: true }),
  AUDIT_UNAVAILABLE: code(
    503,
    'What would be shown or done could not be recorded; nothing is shown, and a change may have been made.',
    { retryable: true },
  ),
  DOWNSTREAM_SERVICE_ERROR: code(502, 'A subgraph could not be reached or answered malformed.', { retryable: true }),
  GATEWAY_TIMEOUT: code(504, 'A subgraph did not answer within the deadline.', { retryable: true }),
  CONFIG_INVALID: code(500, 'The platform configuration is invalid; the message names the path.'),
  INTERNAL: code(500, 'An unexpected fault; quote the trace id.', { public: false }),
} as const satisfies Record<string, ErrorCode>;

export type PlatformErrorCode = keyof typeof errorCodes;
