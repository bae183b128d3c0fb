// Keeps a plugin's process alive: restarts it after a crash, ever more slowly, and gives up on one that crashes too often.
// A trainer gets a fresh process per job instead: one job can neither starve nor poison another.
import type { Call, PluginLog } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { PluginProcess } from './plugin-process.js';
import type { OpenRequest } from './plugin-wire.js';

/** How the registry reaches an opened plugin, wherever it runs. */
export interface OpenPlugin {
  invoke(method: string, args: unknown, call: Call): Promise<unknown>;
  close(timeoutMs: number): Promise<void>;
  readonly restarts: number;
  readonly quarantined: boolean;
}

const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 10 * 60_000;
const FIRST_DELAY_MS = 100;

/** One long-lived process, restarted after crashes. Resolves once the plugin has opened. */
export async function openInProcess(open: OpenRequest, log: PluginLog, clock: () => number): Promise<OpenPlugin> {
  let closed = false;
  let quarantined = false;
  let restarts = 0;
  let crashes: number[] = [];

  const start = async (): Promise<PluginProcess> => {
    const child = new PluginProcess(open, log);
    void child.ended.then((reason) => {
      if (!closed && child === live) crashed(reason);
    });
    live = child;
    await child.opened();
    return child;
  };

  const crashed = (reason: string): void => {
    const now = clock();
    crashes = [...crashes.filter((at) => at > now - RESTART_WINDOW_MS), now];
    if (crashes.length > MAX_RESTARTS) {
      quarantined = true;
      log.error('Plugin is quarantined: its process ended too often.', { reason, crashes: crashes.length });
      current = rejected(
        `quarantined after ${crashes.length} crashes in 10 minutes; the last: ${reason}. Restart the platform once it is mended`,
      );
      return;
    }
    restarts += 1;
    const delay = FIRST_DELAY_MS * 2 ** (crashes.length - 1);
    log.warn('Plugin process ended; it restarts.', { reason, delayMs: delay });
    // Calls made meanwhile wait for the new process, under their own deadline.
    current = new Promise<void>((resolve) => setTimeout(resolve, delay)).then(() =>
      closed ? Promise.reject(new PluginError('UNAVAILABLE', 'The plugin is closed.')) : start(),
    );
    current.catch(() => {});
  };

  let live: PluginProcess | null = null;
  let current: Promise<PluginProcess>;
  try {
    current = Promise.resolve(await start());
  } catch (error) {
    closed = true;
    (live as PluginProcess | null)?.kill();
    throw error;
  }

  return {
    invoke: async (method, args, call) => (await current).invoke(method, args, call),
    close: async (timeoutMs) => {
      closed = true;
      await live?.close(timeoutMs);
    },
    get restarts() {
      return restarts;
    },
    get quarantined() {
      return quarantined;
    },
  };
}

function rejected(reason: string): Promise<PluginProcess> {
  const promise = Promise.reject(new PluginError('UNAVAILABLE', `The plugin is ${reason}.`, { retryable: false }));
  promise.catch(() => {});
  return promise;
}

/** A process per call: opened once now, to prove that it can be, and then afresh for every job. */
export async function openPerCall(open: OpenRequest, log: PluginLog, closeTimeoutMs: number): Promise<OpenPlugin> {
  const running = new Set<PluginProcess>();
  let closed = false;

  const inFresh = async <T>(work: (child: PluginProcess) => Promise<T>): Promise<T> => {
    if (closed) throw new PluginError('UNAVAILABLE', 'The plugin is closed.', { retryable: false });
    const child = new PluginProcess(open, log);
    running.add(child);
    try {
      await child.opened();
      return await work(child);
    } finally {
      await child.close(closeTimeoutMs);
      running.delete(child);
    }
  };

  try {
    await inFresh(async () => {});
  } catch (error) {
    closed = true;
    throw error;
  }

  return {
    invoke: (method, args, call) => inFresh((child) => child.invoke(method, args, call)),
    close: async (timeoutMs) => {
      closed = true;
      await Promise.all([...running].map((child) => child.close(timeoutMs)));
    },
    restarts: 0,
    quarantined: false,
  };
}
