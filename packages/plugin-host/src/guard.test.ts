import type { Call } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { createLogger } from '@falaj/runtime';
import { expect, test } from 'vitest';
import { createCall } from './call.js';
import { Guard, type GuardOptions, type Invoke } from './guard.js';
import { kindContracts } from './kind-contracts.js';
import type { PluginCallRecord } from './plugin-config.js';

const call = (signal?: AbortSignal) =>
  createCall({ id: 'u1' }, { workspaceId: 'w1', zone: 'AE', ...(signal ? { signal } : {}) });
const get = kindContracts['artifact-store'].methods.get as (typeof kindContracts)['keys']['methods'][string];
const wrap = kindContracts.keys.methods.wrap as typeof get;

function guarded(invoke: Invoke, more: Partial<GuardOptions> = {}, contract = get) {
  const records: PluginCallRecord[] = [];
  const time = { now: 1_000_000 };
  const guard = new Guard({
    kind: 'artifact-store',
    name: 'under-test',
    invoke,
    log: createLogger('test'),
    clock: () => time.now,
    maxConcurrent: 2,
    onCall: (record) => records.push(record),
    ...more,
  });
  return { guard, time, records, run: guard.method('get', contract) };
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'OK',
    (error) => error.code,
  );

test.each([
  ['BAD_INPUT', 'BAD_USER_INPUT'],
  ['NOT_FOUND', 'NOT_FOUND'],
  ['CONFLICT', 'CONFLICT'],
  ['CORRUPT', 'ARTIFACT_CORRUPT'],
  ['UNAVAILABLE', 'PLUGIN_UNAVAILABLE'],
  ['UNSUPPORTED', 'PLUGIN_FAILED'],
  ['CANCELLED', 'PLUGIN_FAILED'],
  ['FAILED', 'PLUGIN_FAILED'],
] as const)('%s becomes %s and names the plugin', async (theirs, ours) => {
  const { run } = guarded(async () => {
    throw new PluginError(theirs, 'why', { details: { limit: 3 } });
  });
  await expect(run({ key: 'a' }, call())).rejects.toMatchObject({
    code: ours,
    message: 'Plugin artifact-store/under-test, get: why',
    details: { limit: 3, plugin: 'artifact-store/under-test', method: 'get', pluginCode: theirs },
  });
});

test('a foreign error becomes PLUGIN_FAILED without its message', async () => {
  const { run, guard } = guarded(async () => {
    throw new Error('postgres://user:hunter2@db');
  });
  await expect(run({}, call())).rejects.toMatchObject({
    code: 'PLUGIN_FAILED',
    message: expect.not.stringContaining('hunter2'),
    cause: expect.objectContaining({ message: 'postgres://user:hunter2@db' }),
  });
  expect(guard).toMatchObject({ calls: 1, failures: 1 });
});

test('a call that hangs ends at the deadline and its signal aborts', async () => {
  let seen: Call | undefined;
  const { run, records } = guarded(
    (_method, _args, inner) => {
      seen = inner;
      return new Promise(() => {});
    },
    { timeoutMs: 20 },
  );
  await expect(run({}, call())).rejects.toMatchObject({ code: 'PLUGIN_TIMEOUT', details: { timeoutMs: 20 } });
  expect(seen?.signal.aborted).toBe(true);
  expect(records).toMatchObject([
    {
      kind: 'artifact-store',
      plugin: 'under-test',
      principal: 'u1',
      workspace: 'w1',
      zone: 'AE',
      outcome: 'PLUGIN_TIMEOUT',
    },
  ]);
});

test('a caller that gives up is told so, and it does not count against the plugin', async () => {
  const { run, guard } = guarded(() => new Promise(() => {}));
  for (let attempt = 0; attempt < 5; attempt++) {
    const controller = new AbortController();
    const pending = run({}, call(controller.signal));
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'PLUGIN_FAILED', details: { cancelled: true } });
  }
  await expect(run({}, call(AbortSignal.abort()))).rejects.toMatchObject({ details: { cancelled: true } });
  expect(guard.breaker.isOpen).toBe(false);
});

test('only an idempotent method is retried, once, and only on a retryable error', async () => {
  const failing = (retryable: boolean) => {
    const counts = { calls: 0 };
    const invoke: Invoke = async () => {
      counts.calls += 1;
      if (counts.calls === 1) throw new PluginError('UNAVAILABLE', 'busy', { retryable });
      return new Uint8Array(1);
    };
    return { counts, invoke };
  };
  const retried = failing(true);
  expect(await codeOf(guarded(retried.invoke).run({}, call()))).toBe('OK');
  expect(retried.counts.calls).toBe(2);
  const final = failing(false);
  expect(await codeOf(guarded(final.invoke).run({}, call()))).toBe('PLUGIN_UNAVAILABLE');
  const writing = failing(true);
  expect(await codeOf(guarded(writing.invoke, {}, wrap).run({}, call()))).toBe('PLUGIN_UNAVAILABLE');
  expect(writing.counts.calls).toBe(1);
});

test('the breaker opens on infrastructure faults, rests 60 s, and lets one call probe', async () => {
  let fault: PluginError | null = new PluginError('FAILED', 'disk');
  let reached = 0;
  const { run, guard, time } = guarded(async () => {
    reached += 1;
    if (fault) throw fault;
    return null;
  });
  for (let attempt = 0; attempt < 3; attempt++) expect(await codeOf(run({}, call()))).toBe('PLUGIN_FAILED');
  expect(guard.breaker.isOpen).toBe(true);
  await expect(run({}, call())).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE', retryAfterMs: 60_000 });
  expect(reached).toBe(3);
  time.now += 60_000;
  expect(await codeOf(run({}, call()))).toBe('PLUGIN_FAILED');
  expect(await codeOf(run({}, call()))).toBe('PLUGIN_UNAVAILABLE');
  time.now += 60_000;
  fault = null;
  const [first, second] = [run({}, call()), run({}, call())];
  expect([await codeOf(first), await codeOf(second)]).toEqual(['OK', 'PLUGIN_UNAVAILABLE']);
  expect(guard.breaker.isOpen).toBe(false);
});

test('answers such as NOT_FOUND never open the breaker', async () => {
  for (const code of ['BAD_INPUT', 'NOT_FOUND', 'CONFLICT', 'CORRUPT', 'UNSUPPORTED'] as const) {
    const { run, guard } = guarded(async () => {
      throw new PluginError(code, 'no');
    });
    for (let attempt = 0; attempt < 10; attempt++) await codeOf(run({}, call()));
    expect(guard.breaker.isOpen).toBe(false);
  }
});

test('at most maxConcurrent calls run; others wait their turn, and not for ever', async () => {
  let running = 0;
  let peak = 0;
  const release: (() => void)[] = [];
  const { run } = guarded(async () => {
    running += 1;
    peak = Math.max(peak, running);
    await new Promise<void>((resolve) => release.push(resolve));
    running -= 1;
    return null;
  });
  const pending = Array.from({ length: 6 }, () => codeOf(run({}, call())));
  while (release.length > 0 || running > 0) {
    release.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await Promise.all(pending)).toEqual(Array(6).fill('OK'));
  expect(peak).toBe(2);

  const stuck = guarded(() => new Promise(() => {}), { timeoutMs: 30, maxConcurrent: 1 });
  const crowd = Array.from({ length: 18 }, () => codeOf(stuck.run({}, call())));
  expect(await crowd[17]).toBe('PLUGIN_UNAVAILABLE');
  await Promise.all(crowd);
});

test('an answer of another shape is PLUGIN_FAILED and says what was expected', async () => {
  const { run } = guarded(async () => 'text');
  await expect(run({}, call())).rejects.toMatchObject({
    code: 'PLUGIN_FAILED',
    message: expect.stringContaining('bytes or null are expected'),
  });
});

test('a throwing check is a broken answer, not a crash', async () => {
  const infer = kindContracts.serving.methods.infer as typeof get;
  const { run } = guarded(async () => [{ name: 'y' }], {}, infer);
  expect(await codeOf(run({}, call()))).toBe('PLUGIN_FAILED');
});

test('what sends abroad is handed no data of another zone, and rests for it no more than before', async () => {
  const given: unknown[] = [];
  const invoke: Invoke = async (_method, args) => {
    given.push(args);
    return new Uint8Array();
  };
  const sending = (...egressZones: string[]) => guarded(invoke, { egressZones });
  for (const zones of [['US'], ['AE', 'US']]) {
    const { run, guard } = sending(...zones);
    await expect(run({ key: 'a' }, call())).rejects.toMatchObject({
      code: 'RESIDENCY_VIOLATION',
      details: { rule: 'PLUGIN_EGRESS', targetZone: 'US', allowedZones: ['AE'] },
    });
    for (let turn = 0; turn < 20; turn += 1) await codeOf(run({ key: 'a' }, call()));
    expect(await codeOf(run({ key: 'a' }, call()))).toBe('RESIDENCY_VIOLATION');
    expect(guard.breaker.retryAfterMs()).toBe(0);
  }
  expect(given).toEqual([]);
  for (const { run } of [sending('AE'), sending(), guarded(invoke)])
    expect(await codeOf(run({ key: 'a' }, call()))).toBe('OK');
  const platform = createCall({ id: 'platform' }, { workspaceId: '', zone: '' });
  expect(await codeOf(sending('US').run({ key: 'a' }, platform))).toBe('OK');
});
