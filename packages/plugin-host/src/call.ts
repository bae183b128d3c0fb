import { randomUUID } from 'node:crypto';
import type { Call, PluginLog } from '@falaj/contracts';
import { createLogger, currentTraceparent } from '@falaj/runtime';

export interface CallOptions {
  readonly workspaceId: string;
  /** Zone in which the result will be stored or processed. */
  readonly zone: string;
  /** Default: a fresh one, so that only the host's own retry repeats the call. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

const log: PluginLog = createLogger('plugin');

/** What accompanies a plugin call. The guard narrows its signal and names the plugin in its log. */
export function createCall(principal: { readonly id: string }, options: CallOptions): Call {
  return {
    signal: options.signal ?? new AbortController().signal,
    log,
    principal: principal.id,
    workspace: options.workspaceId,
    zone: options.zone,
    traceparent: currentTraceparent(),
    idempotencyKey: options.idempotencyKey ?? randomUUID(),
  };
}
