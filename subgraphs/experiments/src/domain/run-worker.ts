// One worker per process: claims a run, keeps its lease, trains, saves. Storage and plugins come by ports.

import type { TrainProgress } from '@falaj/contracts';
import { isPlatformError, type Logger, publicError } from '@falaj/runtime';
import type { TrainedModel } from './training-run.js';

export interface WorkerPorts<Run extends { readonly id: string }> {
  claim(): Promise<Run | null>;
  renew(run: Run): Promise<{ held: boolean; cancelRequested: boolean }>;
  progress(
    run: Run,
    batch: { step: number; totalSteps: number; points: { key: string; step: number; value: number; loggedAt: Date }[] },
  ): Promise<void>;
  train(run: Run, signal: AbortSignal, report: (progress: TrainProgress) => void): Promise<TrainedModel>;
  succeed(run: Run, trained: TrainedModel): Promise<void>;
  fail(run: Run, state: 'FAILED' | 'CANCELLED', error: string | null): Promise<void>;
  release(run: Run): Promise<void>;
  /** Resolves when there may be work, at the latest after a poll interval. */
  wait(signal: AbortSignal): Promise<void>;
}

const RENEW_MS = 4_000;
const FLUSH_MS = 200;

export function startRunWorker<Run extends { readonly id: string }>(
  ports: WorkerPorts<Run>,
  log: Logger,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const run = await ports.claim();
        if (run) await work(run);
        else await ports.wait(stopping.signal);
      } catch (error) {
        log.error('the run worker stumbled', { error: error instanceof Error ? error.message : String(error) });
        await ports.wait(stopping.signal);
      }
    }
  })();

  async function work(run: Run): Promise<void> {
    const abort = new AbortController();
    let reason: 'CANCELLED' | 'LOST' | 'STOPPING' | undefined;
    const give = (why: typeof reason) => {
      reason ??= why;
      abort.abort();
    };
    const onStop = () => give('STOPPING');
    stopping.signal.addEventListener('abort', onStop);
    const lease = setInterval(() => {
      ports.renew(run).then(
        ({ held, cancelRequested }) => {
          if (!held) give('LOST');
          else if (cancelRequested) give('CANCELLED');
        },
        (error: unknown) => log.warn('a lease could not be renewed', { run: run.id, error: String(error) }),
      );
    }, RENEW_MS);
    const recorder = record(run, () => give('LOST'));
    try {
      const trained = await ports.train(run, abort.signal, recorder.report);
      await recorder.flush();
      await ports.succeed(run, trained);
    } catch (error) {
      await recorder.flush().catch(() => undefined);
      if (reason === 'STOPPING') await ports.release(run);
      else if (reason === 'LOST') log.warn('a run was lost to another process', { run: run.id });
      else if (reason === 'CANCELLED') await ports.fail(run, 'CANCELLED', null);
      else {
        if (!isPlatformError(error))
          log.error('a run failed unexpectedly', {
            run: run.id,
            error: error instanceof Error ? error.stack : String(error),
          });
        await ports.fail(run, 'FAILED', publicError(error).message);
      }
    } finally {
      clearInterval(lease);
      stopping.signal.removeEventListener('abort', onStop);
    }
  }

  /** Collects progress so that a fast trainer costs a few writes a second, not one per step. */
  function record(run: Run, lost: () => void) {
    let points: { key: string; step: number; value: number; loggedAt: Date }[] = [];
    let last: TrainProgress | undefined;
    let timer: NodeJS.Timeout | undefined;
    let writing = Promise.resolve();
    const flush = (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      writing = writing
        .catch(() => undefined)
        .then(async () => {
          const batch = points;
          if (!last || batch.length === 0) return;
          points = [];
          try {
            await ports.progress(run, { step: last.step, totalSteps: last.totalSteps, points: batch });
          } catch (error) {
            // They go with the next batch: a database that was away for a moment must not cost the model.
            points = [...batch, ...points];
            throw error;
          }
        });
      return writing;
    };
    return {
      flush,
      report(progress: TrainProgress): void {
        last = progress;
        const loggedAt = new Date();
        for (const [key, value] of Object.entries(progress.metrics))
          points.push({ key, step: progress.step, value, loggedAt });
        timer ??= setTimeout(() => {
          flush().catch((error: unknown) => {
            log.warn('progress could not be saved', { run: run.id, error: String(error) });
            if (isPlatformError(error) && error.code === 'CONFLICT') lost();
          });
        }, FLUSH_MS);
      },
    };
  }

  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
