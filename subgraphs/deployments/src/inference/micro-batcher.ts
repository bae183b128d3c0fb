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

const MAX_COLLECTING_TURNS = 8;

/** A request on its way; plain fields, for one is made per request. */
class Waiting<C> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  readonly context: C;
  readonly signal: AbortSignal | undefined;
  readonly rows: number;
  readonly since = performance.now();
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
  onAbort: (() => void) | undefined = undefined;
  done = false;

  constructor(
    { inputs, outputs, context, signal }: Submission<C>,
    rows: number,
    resolve: (outputs: readonly Tensor[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.context = context;
    this.signal = signal;
    this.rows = rows;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** False when the caller has already been answered. */
  finish(): boolean {
    if (this.done) return false;
    this.done = true;
    if (this.onAbort !== undefined) this.signal?.removeEventListener('abort', this.onAbort);
    return true;
  }
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
  readonly #failure: Sum = { count: 0, ns: 0 };
  readonly #queueTime: Sum = { count: 0, ns: 0 };
  readonly #compute: Sum = { count: 0, ns: 0 };
  readonly #batches = new Map<number, Sum>();

  constructor(options: MicroBatcherOptions<C>) {
    this.#options = options;
  }

  /** Rejects with RATE_LIMITED when the queue is full, with the signal's reason when the caller gives up. */
  submit(submission: Submission<C>): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      const { signal } = submission;
      if (signal?.aborted) return reject(signal.reason);
      const rows = this.#options.batchable ? (submission.inputs[0]?.shape[0] ?? 1) : 1;
      const { maxQueuedRows } = this.#options;
      if (this.#queuedRows > 0 && this.#queuedRows + rows > maxQueuedRows) {
        const message = `The model's queue is full (${maxQueuedRows} rows); try again.`;
        return reject(new PlatformError('RATE_LIMITED', message, { retryAfterMs: 1000 }));
      }
      const waiting = new Waiting(submission, rows, resolve, reject);
      if (signal !== undefined) {
        waiting.onAbort = () => this.#fail(waiting, signal.reason);
        signal.addEventListener('abort', waiting.onAbort);
      }
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
      fail: this.#failure,
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
    this.#collect(0);
  }

  /** Waits while every turn of the event loop brings more; a lone request waits for one turn. */
  #collect(turns: number): void {
    const seen = this.#queue.length;
    setImmediate(() => {
      const growing = this.#queue.length > seen && this.#queuedRows < this.#options.maxBatchRows;
      if (growing && turns < MAX_COLLECTING_TURNS) this.#collect(turns + 1);
      else void this.#pump();
    });
  }

  readonly #pump = async (): Promise<void> => {
    const batch = this.#take();
    if (batch.length > 0) await this.#execute(batch);
    // After the answered callers have gone on: where they submitted again, nobody is worth a turn of the loop.
    process.nextTick(() => {
      if (this.#queue.length > 0 && this.#queue.length >= batch.length) return void this.#pump();
      this.#scheduled = false;
      if (this.#queue.length > 0) this.#schedule();
    });
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
    const first = batch[0] as Waiting<C>;
    let rows = 0;
    for (const waiting of batch) rows += waiting.rows;
    const contexts = batch.map(({ context }) => context);
    const start = performance.now();
    try {
      const inputs = batch.length === 1 ? first.inputs : concatenate(batch, rows);
      const outputs = await this.#options.run(inputs, first.outputs, contexts);
      const now = performance.now();
      this.#count(rows, now - start);
      if (batch.length === 1) this.#answer(first, outputs, now);
      else this.#share(batch, outputs, rows, now);
    } catch (error) {
      // One bad request must not fail its neighbours; a plugin that is down would only be asked once more each.
      if (batch.length === 1 || (isPlatformError(error) && error.retryable)) {
        for (const waiting of batch) this.#fail(waiting, error);
      } else {
        for (const waiting of batch) if (!waiting.done) await this.#execute([waiting]);
      }
    }
  }

  #share(batch: readonly Waiting<C>[], outputs: readonly Tensor[], rows: number, now: number): void {
    const wrong = outputs.find(({ shape }) => shape[0] !== rows);
    if (wrong !== undefined) {
      const message = `Output "${wrong.name}" has shape [${wrong.shape}] for a batch of ${rows} rows.`;
      throw new PlatformError('PLUGIN_FAILED', message);
    }
    let from = 0;
    for (const waiting of batch) {
      const to = from + waiting.rows;
      this.#answer(waiting, slice(outputs, from, to, rows), now);
      from = to;
    }
  }

  #answer(waiting: Waiting<C>, outputs: readonly Tensor[], now: number): void {
    if (!waiting.finish()) return;
    add(this.#success, now - waiting.since);
    waiting.resolve(outputs);
  }

  #fail(waiting: Waiting<C>, error: unknown): void {
    if (!waiting.finish()) return;
    add(this.#failure, performance.now() - waiting.since);
    waiting.reject(error);
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
  sum.ns += ms * 1e6;
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

/** Rows `from` to `to` of every output, as views. */
function slice(outputs: readonly Tensor[], from: number, to: number, rows: number): Tensor[] {
  const part = new Array<Tensor>(outputs.length);
  for (let i = 0; i < outputs.length; i++) {
    const { name, datatype, shape, data } = outputs[i] as Tensor;
    const width = data.length / rows;
    const cut = ArrayBuffer.isView(data)
      ? data.subarray(from * width, to * width)
      : data.slice(from * width, to * width);
    const sizes = shape.length === 2 ? [to - from, shape[1] as number] : [to - from, ...shape.slice(1)];
    part[i] = { name, datatype, shape: sizes, data: cut };
  }
  return part;
}
