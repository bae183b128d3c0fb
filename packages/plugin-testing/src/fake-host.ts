import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Call,
  PluginError,
  type PluginHost,
  type PluginLog,
  type TrainerCall,
  type TrainProgress,
} from '@falaj/plugin-sdk';

export interface LogRecord {
  readonly level: keyof PluginLog;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface FakeHost extends PluginHost {
  /** Every line that the plugin logged. */
  readonly records: readonly LogRecord[];
  /** Moves the clock forward, milliseconds. */
  advance(ms: number): void;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/** A host for tests: a clock that only moves when told, a recorded log, a folder of its own. */
export async function createFakeHost(
  options: { readonly now?: number; readonly secrets?: Readonly<Record<string, string>> } = {},
): Promise<FakeHost> {
  const directory = await mkdtemp(path.join(tmpdir(), 'falaj-plugin-'));
  const records: LogRecord[] = [];
  let now = options.now ?? Date.UTC(2026, 0, 1);
  return {
    clock: () => now,
    advance: (ms) => {
      now += ms;
    },
    directory,
    records,
    log: recordingLog(records),
    secret: (name) => {
      const value = options.secrets?.[name];
      if (value === undefined) throw new PluginError('BAD_INPUT', `Secret "${name}" is not granted to this plugin.`);
      return value;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

const recordingLog = (records: LogRecord[]): PluginLog => {
  const at =
    (level: keyof PluginLog) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      records.push({ level, message, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};

let calls = 0;

/** A call as the host would make it; every field can be chosen. */
export function fakeCall(overrides: Partial<Call> & { report?: (progress: TrainProgress) => void } = {}): TrainerCall {
  calls += 1;
  return {
    signal: new AbortController().signal,
    log: recordingLog([]),
    principal: 'kit',
    workspace: 'kit-workspace',
    zone: 'AE',
    traceparent: '',
    idempotencyKey: `kit-${calls}`,
    report: () => {},
    ...overrides,
  };
}
