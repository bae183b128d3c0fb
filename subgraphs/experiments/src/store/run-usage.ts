// What a run used, told to governance, which charges it. Once for each time that it was trained, by the clock on the wall; a run that is taken over is charged for both.
import { computePool, type Platform } from '@falaj/subgraph-kit';
import type { RunRecord } from './run-queue.js';

const RECORD_USAGE = /* GraphQL */ `
  mutation UsageOfRun($input: RecordUsageInput!) {
    recordUsage(input: $input) { created }
  }
`;
const LIMIT_MS = 10_000;

/** As the run's owner. A report that cannot be made is logged and lost: a finished model is worth more than its bill. */
export async function recordRunUsage(
  { graph, log }: Pick<Platform, 'graph' | 'log'>,
  run: RunRecord,
  startedAt: Date,
  endedAt = new Date(),
): Promise<void> {
  const seconds = (endedAt.getTime() - startedAt.getTime()) / 1_000;
  if (seconds <= 0) return;
  try {
    await graph.query(
      RECORD_USAGE,
      {
        input: {
          key: `run:${run.id}:${startedAt.getTime()}:wall`,
          pool: computePool(),
          subjectType: 'Run',
          subjectId: run.id,
          unit: 'WALL_SECOND',
          quantity: seconds,
          startedAt,
          endedAt,
        },
      },
      { principal: run.request.principal, requestId: run.id, traceparent: '', signal: AbortSignal.timeout(LIMIT_MS) },
    );
  } catch (error) {
    log.warn('the usage of a run could not be recorded', { run: run.id, seconds, error: String(error) });
  }
}
