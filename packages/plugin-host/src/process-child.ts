// The program of a plugin's own process: opens one plugin, answers calls over the channel, and never outlives its host.
import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Call, Plugin, PluginHost, PluginLog, TrainProgress } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { type FromPlugin, type OpenRequest, type ToPlugin, toWire } from './plugin-wire.js';

type Instance = Readonly<Record<string, (args: unknown, call?: Call) => Promise<unknown>>>;

let instance: Instance | null = null;
const running = new Map<number, AbortController>();

function tell(message: FromPlugin): void {
  if (process.connected) process.send?.(message);
}

const log: PluginLog = {
  debug: (message, fields = {}) => tell({ type: 'log', level: 'debug', message, fields }),
  info: (message, fields = {}) => tell({ type: 'log', level: 'info', message, fields }),
  warn: (message, fields = {}) => tell({ type: 'log', level: 'warn', message, fields }),
  error: (message, fields = {}) => tell({ type: 'log', level: 'error', message, fields }),
};

async function open({ entry, config, directory, secrets }: OpenRequest): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const host: PluginHost = {
    clock: Date.now,
    log,
    directory,
    secret: (name) => {
      const value = secrets[name];
      if (value === undefined) throw new PluginError('BAD_INPUT', `Secret "${name}" is not granted to this plugin.`);
      return value;
    },
  };
  const module = (await import(entry)) as { default: Plugin };
  instance = (await module.default.open(config, host)) as unknown as Instance;
  tell({ type: 'opened' });
}

async function answer({ id, method, args, call }: ToPlugin & { type: 'call' }): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const invoked = instance?.[method];
    if (!instance || !invoked) throw new PluginError('UNSUPPORTED', `The plugin has no method "${method}".`);
    const full = {
      ...call,
      signal: controller.signal,
      log,
      report: (progress: TrainProgress) => tell({ type: 'report', id, progress }),
    };
    const value = await (method === 'health'
      ? invoked.call(instance, full as never)
      : invoked.call(instance, args, full));
    tell({ type: 'result', id, value });
  } catch (thrown) {
    tell({ type: 'error', id, error: toWire(thrown) });
  } finally {
    running.delete(id);
  }
}

process.on('message', (message: ToPlugin) => {
  switch (message.type) {
    case 'open':
      open(message.open).catch((thrown) => tell({ type: 'error', id: 'open', error: toWire(thrown) }));
      break;
    case 'call':
      void answer(message);
      break;
    case 'cancel':
      running.get(message.id)?.abort(new PluginError('CANCELLED', 'The caller gave up.'));
      break;
    case 'close':
      Promise.resolve(instance?.close?.(undefined))
        .then(() => tell({ type: 'closed' }))
        .catch((thrown) => tell({ type: 'error', id: 'close', error: toWire(thrown) }))
        .finally(() => process.disconnect());
      break;
  }
});

// Ctrl-C reaches the whole process group: the host decides in which order its plugins close.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));

// A plugin that computes without a pause never hears `disconnect`; this thread does not depend on its event loop.
const watchdog = new Worker(
  `const parent = process.ppid;
   setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`,
  { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } },
);
watchdog.unref();
