/**
 * Adaptive micro-batching: what arrives while a run is in flight, or in the same turn of the event loop, runs together.
 * There is no waiting window: an idle model answers at once.
 */
import type { Tensor, TensorData } from '@falaj/contracts';
import { isPlatformError, PlatformError } from '@falaj/runtime';

export interface Submission<C> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  readonly context: C;
  readonly signal: AbortSignal | undefined;
}

export interface MicroBatcherOptions<C> {
  /** Runs one batch. `contexts` are those of the callers in it. */
  readonly run: (
    inputs: readonly Tensor[],
    outputs: readonly string[],
    contexts: readonly C[],
  ) => Promise<readonly Tensor[]>;
  /** False where the model's first dimension is no batch: then every request runs alone. */
  readonly batchable: boolean;
  readonly maxBatchRows: number;
  readonly maxQueuedRows: number;
}

export interface BatcherStatistics {
  /** Rows answered, as the protocol counts inferences. */
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: DurationSum;
  readonly fail: DurationSum;
  readonly queue: DurationSum;
  readonly compute: DurationSum;
  /** Executions and their compute time by rows. */
  readonly batches: ReadonlyMap<number, DurationSum>;
  readonly queuedRows: number;
  readonly lastInference: number;
}

export interface DurationSum {
  readonly count: number;
  readonly ns: number;
}

interface Waiting<C> extends Submission<C> {
  readonly rows: number;
  readonly since: number;
  readonly settle: (error: unknown, outputs?: readonly Tensor[]) => void;
  done: boolean;
}

type Sum = { count: number; ns: number };

export class MicroBatcher<C> {
  readonly #options: MicroBatcherOptions<C>;
  #queue: Waiting<C>[] = [];
  #queuedRows = 0;
  #scheduled = false;
  #inferences = 0;
  #executions = 0;
  #lastInference = 0;
  readonly #success: Sum = { count: 0, ns: 0 };
  readonly #fail: Sum = { count: 0, ns: 0 };
  readonly #queueTime: Sum = { count: 0, ns: 0 };
  readonly #compute: Sum = { count: 0, ns: 0 };
  readonly #batches = new Map<number, Sum>();

  constructor(options: MicroBatcherOptions<C>) {
    this.#options = options;
  }

  /** Rejects with RATE_LIMITED when the queue is full, with the signal's reason when the caller gives up. */
  submit(submission: Submission<C>): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      const { inputs, outputs, context, signal } = submission;
      if (signal?.aborted) return reject(signal.reason);
      const rows = this.#options.batchable ? (inputs[0]?.shape[0] ?? 1) : 1;
      const { maxQueuedRows } = this.#options;
      if (this.#queuedRows > 0 && this.#queuedRows + rows > maxQueuedRows) {
        return reject(
          new PlatformError('RATE_LIMITED', `The model's queue is full (${maxQueuedRows} rows); try again.`, {
            retryAfterMs: 1000,
          }),
        );
      }
      const onAbort = () => waiting.settle(signal?.reason);
      const waiting: Waiting<C> = {
        inputs,
        outputs,
        context,
        signal,
        rows,
        since: performance.now(),
        done: false,
        settle: (error, answer) => {
          if (waiting.done) return;
          waiting.done = true;
          signal?.removeEventListener('abort', onAbort);
          add(answer === undefined ? this.#fail : this.#success, performance.now() - waiting.since);
          if (answer === undefined) reject(error);
          else resolve(answer);
        },
      };
      signal?.addEventListener('abort', onAbort);
      this.#queue.push(waiting);
      this.#queuedRows += rows;
      this.#schedule();
    });
  }

  statistics(): BatcherStatistics {
    return {
      inferenceCount: this.#inferences,
      executionCount: this.#executions,
      success: this.#success,
      fail: this.#fail,
      queue: this.#queueTime,
      compute: this.#compute,
      batches: this.#batches,
      queuedRows: this.#queuedRows,
      lastInference: this.#lastInference,
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#pump);
  }

  readonly #pump = async (): Promise<void> => {
    const batch = this.#take();
    if (batch.length > 0) await this.#execute(batch);
    this.#scheduled = false;
    if (this.#queue.length > 0) this.#schedule();
  };

  /** The head of the queue and what fits with it; the order of the others stays. */
  #take(): Waiting<C>[] {
    const batch: Waiting<C>[] = [];
    const rest: Waiting<C>[] = [];
    const now = performance.now();
    let rows = 0;
    let index = 0;
    for (; index < this.#queue.length; index++) {
      const waiting = this.#queue[index] as Waiting<C>;
      const head = batch[0];
      if (waiting.done) this.#queuedRows -= waiting.rows;
      else if (
        head === undefined ||
        (this.#options.batchable && rows + waiting.rows <= this.#options.maxBatchRows && fit(head, waiting))
      ) {
        batch.push(waiting);
        rows += waiting.rows;
        this.#queuedRows -= waiting.rows;
        add(this.#queueTime, now - waiting.since);
      } else rest.push(waiting);
      if (head !== undefined && (!this.#options.batchable || rows >= this.#options.maxBatchRows)) {
        index++;
        break;
      }
    }
    this.#queue = index < this.#queue.length ? rest.concat(this.#queue.slice(index)) : rest;
    return batch;
  }

  async #execute(batch: readonly Waiting<C>[]): Promise<void> {
    const [first] = batch as readonly [Waiting<C>];
    const rows = batch.reduce((sum, waiting) => sum + waiting.rows, 0);
    const start = performance.now();
    try {
      const inputs = batch.length === 1 ? first.inputs : concatenate(batch, rows);
      const outputs = await this.#options.run(
        inputs,
        first.outputs,
        batch.map(({ context }) => context),
      );
      this.#count(rows, performance.now() - start);
      if (batch.length === 1) first.settle(undefined, outputs);
      else share(batch, outputs, rows);
    } catch (error) {
      // One bad request must not fail its neighbours; a plugin that is down would only be asked once more each.
      if (batch.length === 1 || (isPlatformError(error) && error.retryable)) {
        for (const waiting of batch) waiting.settle(error);
      } else {
        for (const waiting of batch) if (!waiting.done) await this.#execute([waiting]);
      }
    }
  }

  #count(rows: number, ms: number): void {
    this.#inferences += rows;
    this.#executions++;
    this.#lastInference = Date.now();
    add(this.#compute, ms);
    let sum = this.#batches.get(rows);
    if (sum === undefined) {
      sum = { count: 0, ns: 0 };
      this.#batches.set(rows, sum);
    }
    add(sum, ms);
  }
}

function add(sum: Sum, ms: number): void {
  sum.count++;
  sum.ns += Math.round(ms * 1e6);
}

/** Same inputs in the same order with equal inner dimensions, same outputs asked. */
function fit(a: Submission<unknown>, b: Submission<unknown>): boolean {
  if (a.outputs !== b.outputs && !same(a.outputs, b.outputs)) return false;
  if (a.inputs.length !== b.inputs.length) return false;
  for (let i = 0; i < a.inputs.length; i++) {
    const x = a.inputs[i] as Tensor;
    const y = b.inputs[i] as Tensor;
    if (x.name !== y.name || x.datatype !== y.datatype || x.shape.length !== y.shape.length) return false;
    for (let axis = 1; axis < x.shape.length; axis++) if (x.shape[axis] !== y.shape[axis]) return false;
  }
  return true;
}

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((name, i) => name === b[i]);

function concatenate(batch: readonly Submission<unknown>[], rows: number): Tensor[] {
  return (batch[0] as Submission<unknown>).inputs.map(({ name, datatype, shape, data }, index) => {
    const parts = batch.map(({ inputs }) => (inputs[index] as Tensor).data);
    return { name, datatype, shape: [rows, ...shape.slice(1)], data: joined(data, parts) };
  });
}

function joined(like: TensorData, parts: readonly TensorData[]): TensorData {
  if (!ArrayBuffer.isView(like)) return (parts as readonly (readonly string[])[]).flat();
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new (like.constructor as new (length: number) => Float32Array)(length);
  let at = 0;
  for (const part of parts) {
    all.set(part as Float32Array, at);
    at += part.length;
  }
  return all;
}

function share(batch: readonly Waiting<unknown>[], outputs: readonly Tensor[], rows: number): void {
  const wrong = outputs.find(({ shape }) => shape[0] !== rows);
  if (wrong !== undefined) {
    throw new PlatformError(
      'PLUGIN_FAILED',
      `Output "${wrong.name}" has shape [${wrong.shape}] for a batch of ${rows} rows.`,
    );
  }
  let row = 0;
  for (const waiting of batch) {
    const from = row;
    row += waiting.rows;
    waiting.settle(
      undefined,
      outputs.map(({ name, datatype, shape, data }) => {
        const width = data.length / rows;
        const part = ArrayBuffer.isView(data)
          ? data.subarray(from * width, row * width)
          : data.slice(from * width, row * width);
        return { name, datatype, shape: [waiting.rows, ...shape.slice(1)], data: part };
      }),
    );
  }
}
