// The port of durable workflows: types only, so that domain code may be written against it without a database.
// A workflow is an ordinary async function whose every effect goes through its `flow` under a key of its own. What is
// recorded under a key is never run again: after a crash the function runs from its top on another process, the recorded
// steps answer at once from the journal, and work resumes at the first one that has no record.
//
// The rules for `run`: the same input and the same recorded answers lead to the same keys (no clock, no random number,
// no file outside of a step); a key is used once; everything awaited comes from `flow`, for a run whose steps are all
// done and that waits for a signal or a time is taken out of memory. Steps may run side by side (`Promise.all`).

/** What JSON can carry. Step outputs, inputs and payloads pass through JSON on their way to the journal. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Ids are unique within a workspace, chosen by the caller. */
export interface WorkflowRef {
  readonly workspaceId: string;
  readonly id: string;
}

/**
 * - `QUEUED`: waits for a worker or for a place under its concurrency key.
 * - `RUNNING`: held by a process.
 * - `WAITING`: for a signal or a time, in no process's memory.
 * - `SUCCEEDED`, `FAILED`, `CANCELLED`: ended; `retry` reopens the last two.
 */
export type WorkflowState = 'QUEUED' | 'RUNNING' | 'WAITING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface WorkflowError {
  /** A code of `errorCodes`; `INTERNAL` for a fault that the platform did not name. */
  readonly code: string;
  readonly message: string;
  readonly details?: { readonly [key: string]: Json | undefined };
  /** The step that failed, where one did. */
  readonly step?: string;
}

/** How often and how soon a failed step is tried again. Waits double from `backoffMs` up to `maxBackoffMs`. */
export interface StepOptions {
  /** Further attempts after the first; default 0. A killed process costs no retry, but ten in one step fail it. */
  readonly retries?: number;
  /** Default 1000. */
  readonly backoffMs?: number;
  /** Default 60 000. */
  readonly maxBackoffMs?: number;
  /** The longest silence: the step's signal aborts and the attempt fails so long after its start or last `heartbeat()`. Default none. */
  readonly timeoutMs?: number;
  /** Whether this failure may be tried again; default: every fault but a `PlatformError` whose code is not retryable. */
  readonly retryIf?: (error: unknown) => boolean;
}

/** What the effect of a step is given. */
export interface Step {
  /** Aborts at once when the run is cancelled (from any process), the lease is lost, the step times out or the process stops. */
  readonly signal: AbortSignal;
  /** 1 for the first start; a start after a crash counts. */
  readonly attempt: number;
  /** The same over all attempts: hand it to whatever the effect calls, so that a second call is known as such. */
  readonly idempotencyKey: string;
  /** Begins the timeout anew; throws where the step should stop. The lease renews itself without it. */
  heartbeat(): void;
  /** One line in the run's log, seen by `logs`. */
  log(message: string, facts?: { readonly [key: string]: Json | undefined }): void;
}

/** What a workflow function works through. `Transaction` is the engine's: `Tx` of @falaj/database. */
export interface Flow<Transaction> extends WorkflowRef {
  readonly zone: string;
  readonly principalId: string;
  /**
   * An effect outside our database: at least once, recorded once. Its output, or its final failure, is journalled; a
   * failure reaches the caller as PlatformError with `details.step`, and may be caught.
   */
  step<Output>(key: string, effect: (step: Step) => Promise<Output> | Output): Promise<Output>;
  step<Output>(key: string, options: StepOptions, effect: (step: Step) => Promise<Output> | Output): Promise<Output>;
  /**
   * An effect inside our database, exactly once: it and its record are one transaction in the run's workspace and zone,
   * refused where this process no longer holds the run. Keep it short: others wait for its locks.
   */
  commit<Output>(key: string, effect: (transaction: Transaction) => Promise<Output>): Promise<Output>;
  /** The payload of the first signal of this name, whether it came before or comes in a month. A name is waited for once. */
  waitFor<Payload>(signalName: string): Promise<Payload>;
  /** Until this time by the database's clock. Journalled under the key: the first time asked for stands. */
  sleepUntil(key: string, time: Date): Promise<void>;
  /** One line in the run's log; not written again when the function runs again. */
  log(message: string, facts?: { readonly [key: string]: Json | undefined }): void;
  /** What `status` shows of where the run is, e.g. the stages of a pipeline; the last one stands. */
  progress(value: Json): void;
}

/** How a run ended, given to `onEnd`. */
export interface WorkflowEnd<Input, Output> extends WorkflowRef {
  readonly zone: string;
  readonly principalId: string;
  readonly input: Input;
  readonly state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly output?: Output;
  readonly error?: WorkflowError;
  /** The reason given to `cancel`. */
  readonly reason?: string;
}

export interface WorkflowDefinition<Input, Output, Transaction> {
  readonly name: string;
  /** Runs stay with the version they were started under: a changed order of keys is a new version beside the old one. */
  readonly version: number;
  readonly run: (flow: Flow<Transaction>, input: Input) => Promise<Output>;
  /** Commits in the transaction that ends the run, in its workspace and zone: for rows of yours that mirror its state. */
  readonly onEnd?: (transaction: Transaction, end: WorkflowEnd<Input, Output>) => Promise<void>;
}

/** Infers the types of a definition; nothing else. */
export const defineWorkflow = <Input, Output, Transaction>(
  definition: WorkflowDefinition<Input, Output, Transaction>,
): WorkflowDefinition<Input, Output, Transaction> => definition;

export interface StartWorkflow<Input, Transaction> extends WorkflowRef {
  /** A definition, or its name and version. */
  readonly workflow: {
    readonly name: string;
    readonly version: number;
    readonly run?: (flow: never, input: Input) => unknown;
  };
  readonly input: Input;
  readonly zone: string;
  /** On whose behalf: scope of the run's transactions. */
  readonly principalId: string;
  /** Higher runs first among the runs of one workflow; -1000 to 1000, default 0. */
  readonly priority?: number;
  /** At most `concurrencyLimit` runs of the workspace with this key are running at a time, over all processes. */
  readonly concurrencyKey?: string;
  /** Default 1. */
  readonly concurrencyLimit?: number;
  /** Not before this time. */
  readonly startAt?: Date;
  /** With it the run exists exactly if the caller's transaction commits. */
  readonly transaction?: Transaction;
}

export interface WorkflowStep {
  readonly key: string;
  readonly kind: 'STEP' | 'COMMIT' | 'SIGNAL' | 'SLEEP';
  /** `ABORTED`: stopped from outside, by a cancellation, a sibling's failure or an orderly stop; it runs again on resumption. */
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly attempts: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly output: Json;
  readonly error: WorkflowError | null;
}

export interface WorkflowStatus extends WorkflowRef {
  readonly workflow: string;
  readonly version: number;
  readonly zone: string;
  readonly principalId: string;
  readonly state: WorkflowState;
  readonly input: Json;
  readonly output: Json;
  readonly error: WorkflowError | null;
  readonly progress: Json;
  readonly priority: number;
  /** Reason of a cancellation that is asked for or done. */
  readonly cancelReason: string | null;
  /** Signals that are waited for. */
  readonly waitingFor: readonly string[];
  /** How often a process took the run up, and which one holds it. */
  readonly claims: number;
  readonly holder: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly steps: readonly WorkflowStep[];
}

export interface WorkflowLogLine {
  readonly at: Date;
  readonly step: string | null;
  readonly message: string;
  readonly facts: { readonly [key: string]: Json | undefined };
  /** For `after` of the next call. */
  readonly position: number;
}

export interface WorkflowSchedule<Input> {
  readonly workspaceId: string;
  /** Unique in the workspace; the same name again replaces the schedule. */
  readonly name: string;
  /** Five fields (minute first) or six (second first). */
  readonly cron: string;
  /** IANA, e.g. `Asia/Dubai`; default UTC. */
  readonly timeZone?: string;
  readonly workflow: { readonly name: string; readonly version: number };
  readonly input: Input;
  readonly zone: string;
  readonly principalId: string;
  readonly priority?: number;
  readonly concurrencyKey?: string;
  readonly concurrencyLimit?: number;
}

/**
 * Starts, steers and runs workflows. Reads and changes happen in the transaction that is given, else in one of their own
 * in the run's workspace. A ref that names no run is NOT_FOUND.
 */
export interface WorkflowEngine<Transaction> {
  /** Makes this process able to run the workflow. Before `startWorkers`. */
  define<Input, Output>(workflow: WorkflowDefinition<Input, Output, Transaction>): void;
  /** Idempotent by id: `started` is false where the run exists already. The id of another workflow's run is a CONFLICT. */
  start<Input>(request: StartWorkflow<Input, Transaction>): Promise<{ readonly id: string; readonly started: boolean }>;
  /** Delivers once: a second signal of the same name is ignored (`delivered` false), as is one to an ended run. */
  signal(
    ref: WorkflowRef,
    name: string,
    payload: Json,
    transaction?: Transaction,
  ): Promise<{ readonly delivered: boolean }>;
  /** Aborts the running steps wherever they run; ends at once what no process holds. False where the run has ended. */
  cancel(ref: WorkflowRef, reason: string, transaction?: Transaction): Promise<{ readonly cancelled: boolean }>;
  /**
   * Fix and resume: a FAILED or CANCELLED run goes on, recorded outputs stay, failed steps run again. Else
   * PRECONDITION_FAILED. What is forgotten is asked for anew, e.g. the approval that was refused.
   */
  retry(
    ref: WorkflowRef,
    transaction?: Transaction,
    forget?: { readonly steps?: readonly string[]; readonly signals?: readonly string[] },
  ): Promise<void>;
  status(ref: WorkflowRef, transaction?: Transaction): Promise<WorkflowStatus>;
  /** Lines in order, at most `limit` (default 1000), beginning after a position. */
  logs(
    ref: WorkflowRef,
    options?: { after?: number; limit?: number },
    transaction?: Transaction,
  ): Promise<readonly WorkflowLogLine[]>;
  /** Resolves with the status when the run has ended; rejects when the signal aborts. */
  untilEnded(ref: WorkflowRef, signal: AbortSignal): Promise<WorkflowStatus>;
  /** Calls back on any change of any run of this workspace's id; look with `status`. Returns how to stop. */
  onChange(ref: WorkflowRef, callback: () => void): () => void;
  /** Starts a run `<name>@<ISO time>` at each firing, once over all processes; of firings missed while nothing ran, one. */
  schedule<Input>(schedule: WorkflowSchedule<Input>, transaction?: Transaction): Promise<void>;
  unschedule(
    schedule: { readonly workspaceId: string; readonly name: string },
    transaction?: Transaction,
  ): Promise<void>;
  /** Begins to take up runs of the defined workflows, at most `concurrency` (default 4) at a time in this process; nothing where none is defined. */
  startWorkers(options?: { concurrency?: number }): Promise<void>;
  /** Hands held runs over to other processes at once (their steps' signals abort) and closes. */
  stop(): Promise<void>;
}
