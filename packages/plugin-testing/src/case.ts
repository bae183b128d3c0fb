import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { isPluginError, type Kind, type Kinds, type PluginErrorCode } from '@falaj/plugin-sdk';
import type { FakeHost } from './fake-host.js';

/** What a case works with: fresh for every case, cleared away after it. */
export interface Bench<K extends Kind> {
  /** Opens the plugin on this case's host; a second time means: after a restart. */
  open(): Promise<Kinds[K]>;
  readonly host: FakeHost;
  /** Unique per case, for stores that outlive it: use it in workspaces, keys and names. */
  readonly unique: string;
  readonly options: ConformanceOptions;
}

export interface ConformanceOptions {
  /** The plugin's configuration. */
  readonly config?: unknown;
  readonly secrets?: Readonly<Record<string, string>>;
  /** `offline-store`: a folder that the configuration allows; the kit writes its source files there. */
  readonly sourceFolder?: string;
}

/** One promise of a contract. The id is permanent: it never changes its meaning and is never used again. */
export interface CaseDefinition<K extends Kind> {
  readonly id: string;
  readonly title: string;
  /** Runs only where the plugin claims this capability. */
  readonly needs?: string;
  run(bench: Bench<K>): Promise<void>;
}

export const uniqueName = (): string => `kit-${randomUUID().slice(0, 8)}`;

/** The promise must reject with a PluginError of one of these codes. */
export async function refuses(
  promise: Promise<unknown>,
  codes: readonly PluginErrorCode[],
  what: string,
): Promise<void> {
  let answer: unknown;
  try {
    answer = await promise;
  } catch (error) {
    assert.ok(isPluginError(error), `${what}: a PluginError is expected, found ${describe(error)}`);
    assert.ok(
      codes.includes(error.code),
      `${what}: ${codes.join(' or ')} is expected, found ${error.code}: ${error.message}`,
    );
    return;
  }
  assert.fail(`${what}: a refusal is expected, found an answer: ${describe(answer)}`);
}

/** Any rejection will do, for a cancelled call may fail in any way. */
export async function rejects(promise: Promise<unknown>, what: string): Promise<void> {
  const outcome = await Promise.race([
    promise.then(
      () => 'answered',
      () => 'rejected',
    ),
    new Promise<string>((resolve) => setTimeout(resolve, 10_000, 'still running after 10 s').unref()),
  ]);
  assert.equal(outcome, 'rejected', what);
}

const describe = (value: unknown): string =>
  value instanceof Error ? `${value.name}: ${value.message}` : JSON.stringify(value)?.slice(0, 200);

/** The two promises that every kind makes. */
export function commonCases<K extends Kind>(
  prefix: string,
  ask: (instance: Kinds[K], signal: AbortSignal) => Promise<unknown>,
  call: (overrides: { signal: AbortSignal }) => Parameters<Kinds[K]['health']>[0],
): readonly CaseDefinition<K>[] {
  return [
    {
      id: `${prefix}-01`,
      title: 'it opens with the given configuration, is healthy, and closes',
      async run({ open }) {
        const instance = await open();
        const health = await instance.health(call({ signal: new AbortController().signal }));
        assert.deepEqual(health.ok, true, health.detail);
        await instance.close();
      },
    },
    {
      id: `${prefix}-02`,
      title: 'a call that is already cancelled rejects',
      async run({ open }) {
        await rejects(ask(await open(), AbortSignal.abort()), 'a cancelled call must reject');
      },
    },
  ];
}
