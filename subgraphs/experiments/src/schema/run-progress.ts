import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import { runs } from '../store/governed.js';
import { latestMetrics } from '../store/metrics.js';
import type { ExperimentsContext } from './context.js';
import { isFinal } from './run.js';
import { shownMetric } from './run-logged.js';
import { RunProgress } from './run-types.js';

@Resolver()
export class RunProgressResolver {
  @Subscription(() => RunProgress, {
    description: 'Follows a run until it is finished: its state, steps and latest metrics at every change.',
    subscribe: ({ args, context }: { args: { runId: string }; context: ExperimentsContext }) =>
      follow(context, args.runId),
  })
  runProgress(
    @Root() progress: RunProgress,
    @Arg('runId', () => ID, { description: 'Run.' }) _runId: string,
    @Ctx() context: ExperimentsContext,
  ): RunProgress {
    context.shown.own('Run', { id: progress.runId }, progress);
    return progress;
  }
}

/** A notice may be lost with its connection: the run is looked at again after this long in any case. */
const POLL_MS = 2_000;

async function changeOrPoll(subscribe: (resolve: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, POLL_MS);
    subscribe(resolve);
  });
  clearTimeout(timer);
}

/** One event at the start and one per change; bursts are answered by the newest state, so a slow reader never queues. */
async function* follow(context: ExperimentsContext, runId: string): AsyncGenerator<RunProgress> {
  let changed = true;
  let shown = '';
  let wake = () => {};
  const note = () => {
    changed = true;
    wake();
  };
  const stop = context.services.onRunChange(runId, note);
  context.request.signal.addEventListener('abort', note);
  try {
    for (;;) {
      if (!changed) await changeOrPoll((resolve) => (wake = resolve));
      if (context.request.signal.aborted) return;
      changed = false;
      const row = await context.reads.required(runs, runId);
      const state = `${row.state}/${row.step}/${row.revision}`;
      if (state === shown) continue;
      shown = state;
      const [metrics] = row.maskedFields.includes('metrics') ? [] : await latestMetrics(context, [runId], null);
      yield {
        runId,
        state: row.state ?? 'QUEUED',
        step: row.step ?? 0,
        totalSteps: row.totalSteps ?? 0,
        metrics: (metrics ?? []).map(shownMetric),
      };
      if (isFinal(row.state)) return;
    }
  } finally {
    stop();
    context.request.signal.removeEventListener('abort', note);
  }
}
