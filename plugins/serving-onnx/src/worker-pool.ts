/** Worker threads of one model. They are ended at unload instead of releasing the session, which leaks in the runtime. */
import { Worker } from 'node:worker_threads';
import { PluginError, type Tensor } from '@falaj/plugin-sdk';
import type { SessionOptions } from './session.js';
import { detach, type WorkerReply } from './worker-messages.js';

// Worker threads load JavaScript, so the built file, also when this module runs from its source.
const ENTRY = new URL('../dist/session-worker.js', import.meta.url);

interface Pending {
  resolve(tensors: readonly Tensor[]): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

export class WorkerPool {
  readonly #threads: (Promise<Thread> | undefined)[];
  readonly #load: number[];
  #lastId = 0;
  #closed = false;
  readonly #model: Uint8Array;
  readonly #options: SessionOptions;

  constructor(model: Uint8Array, options: SessionOptions, size: number) {
    this.#model = model;
    this.#options = options;
    this.#threads = new Array(size).fill(undefined);
    this.#load = new Array(size).fill(0);
  }

  /** Runs on the least busy thread; a thread that died is replaced at the next run. */
  async run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]> {
    if (this.#closed) throw new PluginError('UNAVAILABLE', 'The model was unloaded.');
    const index = this.#load.indexOf(Math.min(...this.#load));
    this.#load[index] = (this.#load[index] as number) + 1;
    try {
      const { worker, pending } = await this.#thread(index);
      const id = ++this.#lastId;
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        const [copies, buffers] = detach(inputs);
        worker.postMessage({ id, inputs: copies, outputs }, buffers);
      });
    } finally {
      this.#load[index] = (this.#load[index] as number) - 1;
    }
  }

  /** Opens every thread; throws what the runtime says when the model does not open. */
  async warm(): Promise<void> {
    await Promise.all(this.#threads.map((_, index) => this.#thread(index)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const threads = await Promise.allSettled(this.#threads);
    await Promise.all(threads.map((thread) => thread.status === 'fulfilled' && thread.value?.worker.terminate()));
  }

  #thread(index: number): Promise<Thread> {
    const thread = this.#threads[index] ?? this.#start(index);
    this.#threads[index] = thread;
    thread.catch(() => {
      this.#threads[index] = undefined;
    });
    return thread;
  }

  #start(index: number): Promise<Thread> {
    const worker = new Worker(ENTRY, {
      workerData: { model: this.#model, options: this.#options },
      // The parent's own flags (conditions, loaders) are not meant for the built file.
      execArgv: [],
    });
    worker.unref();
    const pending = new Map<number, Pending>();
    return new Promise<Thread>((resolve, reject) => {
      pending.set(0, {
        resolve: () => resolve({ worker, pending }),
        reject(error) {
          void worker.terminate();
          reject(error);
        },
      });
      worker.on('message', (reply: WorkerReply) => {
        const waiting = pending.get(reply.id);
        pending.delete(reply.id);
        if ('tensors' in reply) waiting?.resolve(reply.tensors);
        else waiting?.reject(new Error(reply.failure));
      });
      const ended = (reason: unknown) => {
        this.#threads[index] = undefined;
        const error = new PluginError('UNAVAILABLE', 'The thread that ran the model ended.', { cause: reason });
        for (const waiting of pending.values()) waiting.reject(error);
        pending.clear();
      };
      worker.on('error', ended);
      worker.on('exit', ended);
    });
  }
}
