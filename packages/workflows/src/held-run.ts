// A run in this process: the workflow function goes through `flow`, which answers from the journal what is recorded and
// performs what is not. An interrupted function is dropped where it stands: its promises never settle, so that no catch
// block of its own takes a lost lease or an orderly stop for a failure of the step.
import type { Tx } from '@falaj/database';
import {
  type Flow,
  isPlatformError,
  type Logger,
  PlatformError,
  type Step,
  type StepOptions,
  type WorkflowDefinition,
  withSpan,
} from '@falaj/runtime';
import { pause, runAttempt } from './attempt.js';
import { CancelRequested, type EndOfRun, type Journal, LeaseLost, type Taken } from './journal.js';
import { openRunLog } from './run-log.js';
import { type StepKind, type StepRecord, toJson, toPlatformError, toWorkflowError } from './run-record.js';
import { openWaits } from './waits.js';

export type AnyWorkflow = WorkflowDefinition<never, unknown, Tx>;
export type Interruption = 'CANCELLED' | 'LOST' | 'STOPPING' | 'SUSPENDED';
export type Outcome = EndOfRun | Exclude<Interruption, 'CANCELLED'>;

/** A step that was begun so often more than it failed took its process with it. */
const MOST_CRASHES = 10;
const never = new Promise<never>(() => {});

export interface HeldRun {
  /** Runs the function until it ends or is interrupted, and its effects have heeded their signal. */
  readonly outcome: Promise<Outcome>;
  interrupt(why: Interruption): void;
  /** A signal may have come. */
  look(): void;
}

export function holdRun(
  definition: AnyWorkflow,
  { run, steps, clockOffsetMs }: Taken,
  journal: Journal,
  log: Logger,
): HeldRun {
  const recorded = new Map(steps.map((step) => [`${step.kind} ${step.key}`, step]));
  const used = new Set<string>();
  const active = new Set<Promise<unknown>>();
  const abort = new AbortController();
  const interrupted = Promise.withResolvers<Interruption>();
  const lines = openRunLog(journal, log);
  let over = false;

  const interrupt = (why: Interruption): void => {
    if (over) return;
    over = true;
    abort.abort(new Error(`The run was interrupted: ${why}.`));
    interrupted.resolve(why);
  };
  const refused = (error: unknown): boolean => {
    if (error instanceof LeaseLost) interrupt('LOST');
    else if (error instanceof CancelRequested) interrupt('CANCELLED');
    return over;
  };
  const waits = openWaits({
    journal,
    idle: () => !over && active.size === 0,
    now: () => Date.now() + clockOffsetMs,
    suspended: () => interrupt('SUSPENDED'),
    failed: (error) => {
      if (!refused(error)) log.warn('a waiting run could not be let go', { run: run.id, reason: String(error) });
    },
  });

  /** Work that must be over before the run may be let go. */
  async function operate<T>(work: () => Promise<T>): Promise<T> {
    if (over) return never;
    waits.busy();
    const going = work();
    active.add(going);
    try {
      const result = await going;
      return over ? never : result;
    } catch (error) {
      if (refused(error)) return never;
      throw error;
    } finally {
      active.delete(going);
      if (active.size === 0) waits.quiet();
    }
  }

  function claimKey(kind: StepKind, key: string): StepRecord | undefined {
    if (typeof key !== 'string' || key === '' || key.length > 500)
      throw misuse(`A step's key is a text of 1 to 500 characters; found ${JSON.stringify(key)}.`);
    const name = kind === 'SIGNAL' ? `SIGNAL ${key}` : key;
    if (used.has(name)) throw misuse(`${kind} "${key}" is used twice: each effect needs a key of its own.`);
    used.add(name);
    const other = kind === 'SIGNAL' ? undefined : [...KINDS].find((k) => k !== kind && recorded.has(`${k} ${key}`));
    if (other)
      throw misuse(
        `"${key}" is journalled as ${other} and now asked for as ${kind}: give the changed workflow a new version.`,
      );
    return recorded.get(`${kind} ${key}`);
  }

  const replay = <T>(entry: StepRecord): T => {
    if (entry.state === 'FAILED' && entry.error) throw toPlatformError(entry.error);
    return entry.output as T;
  };
  const isFinal = (entry: StepRecord | undefined): entry is StepRecord =>
    entry?.state === 'SUCCEEDED' || entry?.state === 'FAILED';

  async function performStep<T>(key: string, options: StepOptions, effect: (step: Step) => Promise<T> | T): Promise<T> {
    const { retries = 0, backoffMs = 1_000, maxBackoffMs = 60_000, retryIf = mayTryAgain } = options;
    for (;;) {
      const { attempts, failures } = await journal.begin(key);
      try {
        if (attempts - failures > MOST_CRASHES)
          throw misuse(
            `Its process ended ${MOST_CRASHES} times while step "${key}" ran: see that the step leaves its process alive.`,
          );
        const output = await withSpan('workflow.step', { 'workflow.name': definition.name, 'workflow.step': key }, () =>
          runAttempt(
            {
              key,
              attempt: attempts,
              idempotencyKey: `${run.workspace_id}/${run.id}/${key}`,
              timeoutMs: options.timeoutMs,
              interrupted: abort.signal,
              log: (message, facts) => lines.line(message, facts, { key, attempt: attempts }),
            },
            effect,
          ),
        );
        const written = toJson(output, `The output of step "${key}"`);
        await journal.succeed('STEP', key, written);
        return JSON.parse(written) as T;
      } catch (error) {
        if (error instanceof LeaseLost || abort.signal.aborted) throw error;
        const failure = toWorkflowError(error, key);
        const final = failures >= retries || !retryIf(error);
        await journal.fail('STEP', key, failure, final);
        if (final) throw toPlatformError(failure);
        lines.line(`attempt ${attempts} failed: ${failure.message}`, {}, { key, attempt: attempts });
        await pause(Math.min(backoffMs * 2 ** failures, maxBackoffMs), abort.signal);
      }
    }
  }

  async function performCommit<T>(key: string, effect: (tx: Tx) => Promise<T>): Promise<T> {
    let written = 'null';
    try {
      await journal.commit(key, async (tx) => {
        written = toJson(await effect(tx), `The output of commit "${key}"`);
        return written;
      });
    } catch (error) {
      if (error instanceof LeaseLost || error instanceof CancelRequested || abort.signal.aborted) throw error;
      const failure = toWorkflowError(error, key);
      await journal.fail('COMMIT', key, failure, true);
      throw toPlatformError(failure);
    }
    return JSON.parse(written) as T;
  }

  const flow: Flow<Tx> = {
    workspaceId: run.workspace_id,
    id: run.id,
    zone: run.zone,
    principalId: run.principal_id,
    async step<T>(key: string, second: unknown, third?: (step: Step) => Promise<T> | T): Promise<T> {
      const effect = (third ?? second) as (step: Step) => Promise<T> | T;
      const entry = claimKey('STEP', key);
      if (isFinal(entry)) return replay(entry);
      return operate(() => performStep(key, third ? (second as StepOptions) : {}, effect));
    },
    async commit(key, effect) {
      const entry = claimKey('COMMIT', key);
      if (isFinal(entry)) return replay(entry);
      return operate(() => performCommit(key, effect));
    },
    async waitFor<T>(signalName: string): Promise<T> {
      const entry = claimKey('SIGNAL', signalName);
      if (entry) return replay(entry);
      return over ? never : ((await waits.signal(signalName)) as T);
    },
    async sleepUntil(key, time) {
      const entry = claimKey('SLEEP', key);
      const until = entry?.ended_at ?? time;
      if (!entry) await operate(() => journal.succeed('SLEEP', key, 'null', time));
      await (over ? never : waits.until(until));
    },
    log: (message, facts) => lines.line(message, facts),
    progress: (value) => lines.progress(value),
  };

  async function execute(): Promise<Outcome> {
    const body = (async () => definition.run(flow, run.input as never))().then(
      (output): EndOfRun => ended('SUCCEEDED', output),
      (error: unknown): EndOfRun => failed(error),
    );
    const first = await Promise.race([body, interrupted.promise]);
    over = true;
    waits.close();
    // A sibling of the step that failed still runs; it has no one to answer any more.
    abort.abort(new Error('The run is over.'));
    await Promise.allSettled(active);
    if (first !== 'LOST') await lines.flush();
    return first === 'CANCELLED' ? { state: 'CANCELLED', output: 'null', error: null } : first;
  }

  function ended(state: 'SUCCEEDED', output: unknown): EndOfRun {
    try {
      return { state, output: toJson(output, 'The output of the run'), error: null };
    } catch (error) {
      return failed(error);
    }
  }

  function failed(error: unknown): EndOfRun {
    if (!isPlatformError(error))
      log.error('a workflow failed unexpectedly', {
        run: run.id,
        error: error instanceof Error ? error.stack : String(error),
      });
    return { state: 'FAILED', output: 'null', error: toWorkflowError(error) };
  }

  return { outcome: execute(), interrupt, look: () => void waits.look() };
}

const KINDS: ReadonlySet<StepKind> = new Set<StepKind>(['STEP', 'COMMIT', 'SLEEP']);

const misuse = (message: string): PlatformError => new PlatformError('PRECONDITION_FAILED', message);

const mayTryAgain = (error: unknown): boolean => !isPlatformError(error) || error.retryable;
