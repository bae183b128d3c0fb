// One child process with one open plugin. Contains what inline code cannot: endless loops, memory, native crashes.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Call, PluginLog, TrainProgress } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { PROCESS_ENDED } from './plugin-fault.js';
import { type FromPlugin, fromWire, type OpenRequest, type ToPlugin } from './plugin-wire.js';

// From `src` (tests) and from `dist` alike, the child runs the built program.
const PROGRAM = fileURLToPath(new URL('../dist/process-child.js', import.meta.url));

const CANCEL_GRACE_MS = 5_000;
const STDERR_KEPT = 2_000;

/** A plugin's process sees nothing of the platform's environment but these. */
const ENVIRONMENT = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'OMP_NUM_THREADS',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
];

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  report(progress: TrainProgress): void;
}

export class PluginProcess {
  readonly #child: ChildProcess;
  readonly #log: PluginLog;
  readonly #pending = new Map<number, Pending>();
  readonly #opened: Promise<void>;
  /** Resolves with the reason once the process has ended, whoever wanted it. */
  readonly ended: Promise<string>;
  #nextId = 1;
  #settleOpen: { resolve(): void; reject(error: unknown): void } | null = null;
  #stderr = '';
  #end: string | null = null;

  constructor(open: OpenRequest, log: PluginLog) {
    this.#log = log;
    mkdirSync(open.directory, { recursive: true, mode: 0o700 });
    this.#child = fork(PROGRAM, [], {
      cwd: open.directory,
      env: Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_KEPT);
    });
    this.#child.on('message', (message) => this.#receive(message as FromPlugin));
    this.ended = new Promise((resolve) => {
      const end = (reason: string) => {
        if (this.#end !== null) return;
        this.#end = reason;
        this.#fail(reason);
        resolve(reason);
      };
      this.#child.on('error', (error) => end(`its process could not run: ${error.message}`));
      this.#child.on('exit', (code, signal) => {
        const last = this.#stderr.trim().split('\n').at(-1);
        end(`its process ended with ${signal ?? `code ${code}`}${last ? ` (${last})` : ''}`);
      });
    });
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpen = { resolve, reject };
    });
    this.#opened.catch(() => {});
    this.#send({ type: 'open', open });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects with what `open` threw, or UNAVAILABLE when the process ended. */
  opened(): Promise<void> {
    return this.#opened;
  }

  invoke(method: string, args: unknown, call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(gone(this.#end));
        return;
      }
      const id = this.#nextId++;
      const { signal, log: _log, report, ...rest } = call as Call & { report?: Pending['report'] };
      let grace: NodeJS.Timeout | undefined;
      const cancel = () => {
        this.#send({ type: 'cancel', id });
        grace = setTimeout(() => {
          this.#log.warn('Plugin ignored a cancelled call; its process is killed.', { method });
          this.kill();
        }, CANCEL_GRACE_MS);
      };
      const finish = () => {
        clearTimeout(grace);
        signal.removeEventListener('abort', cancel);
        this.#pending.delete(id);
      };
      this.#pending.set(id, {
        resolve: (value) => {
          finish();
          resolve(value);
        },
        reject: (error) => {
          finish();
          reject(error);
        },
        report: (progress) => report?.(progress),
      });
      signal.addEventListener('abort', cancel, { once: true });
      try {
        this.#send({ type: 'call', id, method, args, call: rest });
      } catch (error) {
        this.#pending
          .get(id)
          ?.reject(
            new PluginError('BAD_INPUT', `The arguments of ${method} cannot cross a process border.`, { cause: error }),
          );
      }
    });
  }

  /** Lets the plugin close itself; kills it when it takes longer. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#end !== null) return;
    this.#send({ type: 'close' });
    const timer = setTimeout(() => this.kill(), timeoutMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToPlugin): void {
    // A closed channel is no error here: `exit` follows and fails every running call.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromPlugin): void {
    switch (message.type) {
      case 'opened':
        this.#settleOpen?.resolve();
        break;
      case 'result':
        this.#pending.get(message.id)?.resolve(message.value);
        break;
      case 'error': {
        const error = fromWire(message.error);
        if (message.id === 'open') this.#settleOpen?.reject(error);
        else if (message.id === 'close') this.#log.error('Plugin failed to close.', { error: error.message });
        else this.#pending.get(message.id)?.reject(error);
        break;
      }
      case 'report':
        this.#pending.get(message.id)?.report(message.progress);
        break;
      case 'log':
        this.#log[message.level](message.message, message.fields);
        break;
      case 'closed':
        break;
    }
  }

  #fail(reason: string): void {
    this.#settleOpen?.reject(gone(reason));
    for (const pending of [...this.#pending.values()]) pending.reject(gone(reason));
  }
}

// Not retryable by the guard: the call may be what killed it. The caller's own retry meets a fresh process.
const gone = (reason: string): PluginError =>
  new PluginError('UNAVAILABLE', `The plugin is gone: ${reason}.`, {
    retryable: false,
    details: { [PROCESS_ENDED]: true },
  });
