import type { TrainProgress } from '@falaj/contracts';
import { createLogger, PlatformError } from '@falaj/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRunWorker, type WorkerPorts } from './run-worker.js';
import type { TrainedModel } from './training-run.js';

interface Job {
  readonly id: string;
}
type Train = WorkerPorts<Job>['train'];

const trained = { evaluation: {} } as unknown as TrainedModel;
const log = createLogger('test');
const progress = (step: number): TrainProgress => ({ step, totalSteps: 3, metrics: { loss: 1 / step } });

/** Trains until it is told to stop. */
const untilAborted: Train = (_run, signal) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

function worker(train: Train, changes: Partial<WorkerPorts<Job>> = {}) {
  const jobs: Job[] = [{ id: 'r' }];
  const saved: { step: number; points: number[] }[] = [];
  const ends: string[] = [];
  const ports: WorkerPorts<Job> = {
    claim: async () => jobs.shift() ?? null,
    renew: async () => ({ held: true, cancelRequested: false }),
    progress: async (_run, batch) => void saved.push({ step: batch.step, points: batch.points.map((p) => p.step) }),
    train,
    succeed: async () => void ends.push('succeeded'),
    fail: async (_run, state, error) => void ends.push(`${state}: ${error}`),
    release: async () => void ends.push('released'),
    wait: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    ...changes,
  };
  return { worker: startRunWorker(ports, log), saved, ends };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the run worker', () => {
  it('saves progress in batches, the last before the end', async () => {
    const {
      worker: own,
      saved,
      ends,
    } = worker(async (_run, _signal, report) => {
      for (const step of [1, 2]) report(progress(step));
      await vi.advanceTimersByTimeAsync(250);
      report(progress(3));
      return trained;
    });
    await vi.waitFor(() => expect(ends).toEqual(['succeeded']));
    expect(saved).toEqual([
      { step: 2, points: [1, 2] },
      { step: 3, points: [3] },
    ]);
    await own.stop();
  });

  it('stops training and saves nothing more when its lease is lost', async () => {
    const { worker: own, ends } = worker(untilAborted, {
      renew: async () => ({ held: false, cancelRequested: false }),
    });
    await vi.advanceTimersByTimeAsync(5_000);
    await own.stop();
    expect(ends).toEqual([]);
  });

  it('stops training when progress finds the run taken over', async () => {
    const { worker: own, ends } = worker(
      (run, signal, report) => {
        report(progress(1));
        return untilAborted(run, signal, report);
      },
      {
        progress: async () => {
          throw new PlatformError('CONFLICT', 'taken over');
        },
      },
    );
    await vi.advanceTimersByTimeAsync(300);
    await own.stop();
    expect(ends).toEqual([]);
  });

  it('stops training when asked to cancel', async () => {
    const { worker: own, ends } = worker(untilAborted, { renew: async () => ({ held: true, cancelRequested: true }) });
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitFor(() => expect(ends).toEqual(['CANCELLED: null']));
    await own.stop();
  });

  it('keeps training while a renewal only fails to arrive', async () => {
    let failures = 0;
    const { worker: own, ends } = worker(untilAborted, {
      renew: async () => {
        failures++;
        throw new Error('database away');
      },
    });
    await vi.advanceTimersByTimeAsync(9_000);
    expect([failures, ends]).toEqual([2, []]);
    await own.stop();
  });

  it('gives the run back at an orderly stop', async () => {
    const { worker: own, ends } = worker(untilAborted);
    await vi.advanceTimersByTimeAsync(10);
    await own.stop();
    expect(ends).toEqual(['released']);
  });

  it('records a platform error as it is, and tells nothing of another', async () => {
    const failing = async (error: Error) => {
      const { worker: own, ends } = worker(async () => {
        throw error;
      });
      await vi.waitFor(() => expect(ends).toHaveLength(1));
      await own.stop();
      return ends[0];
    };
    expect(await failing(new PlatformError('PRECONDITION_FAILED', 'too few rows'))).toBe('FAILED: too few rows');
    expect(await failing(new Error('password=hunter2'))).not.toContain('hunter2');
  });

  it('sends points again that could not be saved, and does not lose the model for them', async () => {
    let away = true;
    const sent: number[][] = [];
    const { worker: own, ends } = worker(
      async (_run, _signal, report) => {
        report(progress(1));
        await vi.advanceTimersByTimeAsync(250);
        away = false;
        report(progress(2));
        return trained;
      },
      {
        progress: async (_run, batch) => {
          if (away) throw new PlatformError('DATABASE_UNAVAILABLE', 'away');
          sent.push(batch.points.map((point) => point.step));
        },
      },
    );
    await vi.waitFor(() => expect(ends).toHaveLength(1));
    expect(ends).toEqual(['succeeded']);
    expect(sent).toEqual([[1, 2]]);
    await own.stop();
  });

  it('goes on to the next run after a claim that failed', async () => {
    let claims = 0;
    const { worker: own, ends } = worker(async () => trained, {
      claim: async () => {
        claims++;
        if (claims === 1) throw new Error('database away');
        return claims === 2 ? { id: 'r' } : null;
      },
      wait: (signal) =>
        new Promise((resolve) => {
          setTimeout(resolve, 2_000);
          signal.addEventListener('abort', () => resolve());
        }),
    });
    await vi.advanceTimersByTimeAsync(2_100);
    expect(ends).toEqual(['succeeded']);
    await own.stop();
  });
});
