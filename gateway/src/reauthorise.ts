// An event stream may stay open far longer than what let its caller in: a token expires or is revoked, a role is taken.
import { isPlatformError, PlatformError, type Principal } from '@falaj/runtime';
import type { ExecutionResult } from 'graphql';
import { toGraphQLError } from './client-error.js';
import { untilAborted } from './until-aborted.js';

/** Notices come in crowds, and other parts must hear of them first to forget what they remember. */
const GATHER_MS = 50;

export interface Watch {
  /** Ends the stream without a word: the client has gone, or the server goes. */
  readonly signal: AbortSignal;
  /** Whom the stream was opened for. */
  readonly principal: Principal;
  /** Asks again who it is. */
  authenticate(): Promise<Principal>;
  readonly everyMs: number;
  onChange?: ((listener: () => void) => () => void) | undefined;
}

/**
 * The results of `source` for as long as its caller is who it was and may do what it might. Then one last result with the
 * error, UNAUTHENTICATED or AUTHORISATION_CHANGED, and the end. An error of the look itself ends the stream too.
 */
export async function* whileAuthorised(
  source: AsyncIterable<ExecutionResult>,
  { signal, principal, authenticate, everyMs, onChange }: Watch,
): AsyncGenerator<ExecutionResult> {
  const ended = new AbortController();
  let fault: unknown;
  let looking = false;
  let again = false;
  const look = async (): Promise<void> => {
    again = looking;
    if (looking || ended.signal.aborted) return;
    looking = true;
    try {
      if (rightsOf(await authenticate()) !== rightsOf(principal)) fault = changed();
    } catch (error) {
      fault = isPlatformError(error) ? error : new PlatformError('INTERNAL', 'unexpected', { cause: error });
    }
    looking = false;
    if (fault !== undefined) ended.abort();
    else if (again) await look();
  };
  let gathering: NodeJS.Timeout | undefined;
  const forget = onChange?.(() => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void look();
    }, GATHER_MS);
  });
  const timer = setInterval(() => void look(), everyMs);
  try {
    yield* untilAborted(source, AbortSignal.any([signal, ended.signal]));
    if (fault !== undefined && !signal.aborted) yield { errors: [toGraphQLError(fault)] };
  } finally {
    ended.abort();
    clearInterval(timer);
    clearTimeout(gathering);
    forget?.();
  }
}

const changed = (): PlatformError =>
  new PlatformError('AUTHORISATION_CHANGED', 'Your roles, groups, zones or workspace changed: subscribe again.');

const rightsOf = ({ id, kind, workspaceId, roles, groups = [], zone, zones, resources = [] }: Principal): string =>
  JSON.stringify([id, kind, workspaceId, zone, ...[roles, groups, zones, resources].map((list) => [...list].sort())]);
