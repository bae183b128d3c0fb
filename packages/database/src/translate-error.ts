import { isPlatformError, PlatformError, type PlatformErrorCode } from '@falaj/runtime';

interface DriverError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly severity?: string;
}

/** Exact SQLSTATEs first, then their two-letter classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const bySqlState: Readonly<Record<string, readonly [PlatformErrorCode, string]>> = {
  '23505': ['CONFLICT', 'An object with the same identity already exists.'],
  '23P01': ['CONFLICT', 'The object overlaps an existing one.'],
  '23503': ['BAD_USER_INPUT', 'The input refers to an object that does not exist, or the object is still referred to.'],
  '40001': ['CONFLICT', 'The object changed meanwhile; read it again and repeat.'],
  '40P01': ['CONFLICT', 'The object changed meanwhile; read it again and repeat.'],
  '55P03': ['CONFLICT', 'The object is being changed by another request; repeat shortly.'],
  '57014': ['DATABASE_UNAVAILABLE', 'The statement ran longer than the statement timeout and was cancelled.'],
  '42501': ['FORBIDDEN', 'The row is outside the workspace and zones of the request, or the role may not do this.'],
  '25P04': ['DATABASE_UNAVAILABLE', 'The transaction ran longer than its timeout and was ended.'],
  '25P03': ['DATABASE_UNAVAILABLE', 'The transaction stood idle longer than its timeout and was ended.'],
  '28P01': ['CONFIG_INVALID', 'The database refuses the login: check user and password in FALAJ_DATABASE_URL.'],
  '28000': ['CONFIG_INVALID', 'The database refuses the login: check user and host rules for FALAJ_DATABASE_URL.'],
  '3D000': ['CONFIG_INVALID', 'The database named in FALAJ_DATABASE_URL does not exist.'],
  FJ001: ['PRECONDITION_FAILED', 'The record is append-only: it can be neither changed nor deleted.'],
  '22': ['BAD_USER_INPUT', 'A value has the wrong form, type or range for its field.'],
  '23': ['BAD_USER_INPUT', 'A value breaks a rule of the stored object.'],
  '08': ['DATABASE_UNAVAILABLE', 'The database cannot be reached.'],
  '53': ['DATABASE_UNAVAILABLE', 'The database is out of connections, memory or disk.'],
  '57': ['DATABASE_UNAVAILABLE', 'The database is stopping or starting.'],
  '58': ['DATABASE_UNAVAILABLE', 'The database reports a fault of its storage.'],
};

const connectionFaults = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const driverFaults =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed)/;

function connectionLost(error: DriverError): boolean {
  if (driverFaults.test(error.message)) return true;
  if (error.code === 'ENOENT') return error.syscall === 'connect';
  return connectionFaults.has(error.code ?? '') && error.syscall !== undefined && error.severity === undefined;
}

const isServerError = (error: DriverError): boolean =>
  error.severity !== undefined && /^[0-9A-Z]{5}$/.test(error.code ?? '');

/** The driver's error inside wrappers such as drizzle's, or undefined where the fault is not the database's. */
function driverError(error: unknown): DriverError | undefined {
  for (let at = error; at instanceof Error && !isPlatformError(at); at = at.cause) {
    if (isServerError(at as DriverError) || connectionLost(at as DriverError)) return at as DriverError;
  }
  return undefined;
}

export function isConnectionLost(error: unknown): boolean {
  const found = driverError(error);
  return found !== undefined && (connectionLost(found) || found.severity === 'FATAL');
}

/**
 * The platform's word for a fault of the database. Messages are generic on purpose: constraint names and key values
 * would tell one workspace about another's rows; they stay in `cause` for the log.
 */
export function translateDatabaseError(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const found = driverError(error);
  if (found === undefined)
    return new PlatformError('INTERNAL', 'An unexpected fault beside the database.', { cause: error });
  if (!isServerError(found))
    return new PlatformError('DATABASE_UNAVAILABLE', 'The database cannot be reached.', { cause: error });
  const state = found.code ?? '';
  const [code, message] = bySqlState[state] ??
    bySqlState[state.slice(0, 2)] ?? ['INTERNAL', `The database refused a statement (SQLSTATE ${state}).`];
  return new PlatformError(code, message, { cause: error });
}

/** Translates faults of the database and leaves every other error, such as a plugin's, as it is. */
export function translated(error: unknown): unknown {
  return driverError(error) === undefined ? error : translateDatabaseError(error);
}
