import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { stopOnSignal } from './stop-on-signal.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const others = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));

afterEach(() => {
  vi.restoreAllMocks();
  for (const signal of SIGNALS)
    for (const listener of process.listeners(signal))
      if (!others.get(signal)?.includes(listener)) process.off(signal, listener);
});

/** Signals without a process to end: what it would end with is recorded. */
function signalled(): { exits: unknown[]; press: () => void; finish: () => void; ended: Promise<void> } {
  const exits: unknown[] = [];
  vi.spyOn(process, 'exit').mockImplementation(((code: unknown) => void exits.push(code)) as never);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const { promise, resolve } = Promise.withResolvers<void>();
  const ended = stopOnSignal(() => promise);
  const press = () => {
    for (const listener of process.listeners('SIGINT'))
      if (!others.get('SIGINT')?.includes(listener)) listener('SIGINT');
  };
  return { exits, press, finish: resolve, ended };
}

it('a signal that comes twice at once stops in order', async () => {
  const { exits, press, finish, ended } = signalled();
  press();
  press();
  finish();
  await ended;
  expect(exits).toEqual([0]);
});

it('a second press ends a stop that hangs', async () => {
  const { exits, press, finish, ended } = signalled();
  press();
  await sleep(1_100);
  press();
  expect(exits).toEqual([1]);
  finish();
  await ended;
});
