// What host and plugin process say to each other, and how an error crosses: structured cloning drops codes and classes.
import type { Call, PluginLog, TrainProgress } from '@falaj/contracts';
import { isPluginError, PluginError, type PluginErrorCode } from '@falaj/plugin-sdk';

export interface OpenRequest {
  /** File URL of the plugin's module. */
  readonly entry: string;
  readonly kind: string;
  readonly config: unknown;
  readonly directory: string;
  /** Only the secrets that the operator granted to this plugin. */
  readonly secrets: Readonly<Record<string, string>>;
}

export type WireCall = Omit<Call, 'signal' | 'log'>;

export type ToPlugin =
  | { readonly type: 'open'; readonly open: OpenRequest }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: string;
      readonly args: unknown;
      readonly call: WireCall;
    }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close' };

export type FromPlugin =
  | { readonly type: 'opened' }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number | 'open' | 'close'; readonly error: WireError }
  | { readonly type: 'report'; readonly id: number; readonly progress: TrainProgress }
  | {
      readonly type: 'log';
      readonly level: keyof PluginLog;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'closed' };

export interface WireError {
  readonly code: PluginErrorCode | null;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export function toWire(thrown: unknown): WireError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return {
    code: isPluginError(thrown) ? thrown.code : null,
    name: error.name,
    message: error.message,
    stack: error.stack ?? '',
    retryable: isPluginError(thrown) && thrown.retryable,
    details: isPluginError(thrown) ? thrown.details : {},
  };
}

export function fromWire(wire: WireError): Error {
  const error = wire.code
    ? new PluginError(wire.code, wire.message, { retryable: wire.retryable, details: wire.details })
    : new Error(wire.message);
  error.name = wire.name;
  error.stack = wire.stack;
  return error;
}
