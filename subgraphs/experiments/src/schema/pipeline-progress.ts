import { Attribute } from '@falaj/subgraph-kit';
import { Arg, Ctx, ID, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import { endedPipelineStates } from '../domain/pipeline/pipeline-run.js';
import { pipelineRuns, pipelineStages } from '../store/pipeline-governed.js';
import { pipelineStage } from '../store/pipeline-tables.js';
import type { ExperimentsContext } from './context.js';
import { PipelineRunState, PipelineStage } from './pipeline-types.js';

@ObjectType({ description: 'A change of a run of a pipeline, as it happens.' })
export class PipelineRunProgress {
  @Attribute(() => ID, 'open', 'Run.') runId!: string;
  @Attribute(() => PipelineRunState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => [PipelineStage], 'internal', 'Its stages, in the order of the definition.') stages!: unknown[];
}

@Resolver()
export class PipelineRunProgressResolver {
  @Subscription(() => PipelineRunProgress, {
    description: 'Follows a run of a pipeline until it has ended: every stage at every change.',
    subscribe: ({ args, context }: { args: { runId: string }; context: ExperimentsContext }) =>
      follow(context, args.runId),
  })
  pipelineRunProgress(
    @Root() progress: PipelineRunProgress,
    @Arg('runId', () => ID, { description: 'Run.' }) _runId: string,
    @Ctx() _context: ExperimentsContext,
  ): PipelineRunProgress {
    return progress;
  }
}

/** A notice may be lost with its connection: the run is looked at again after this long in any case. */
const POLL_MS = 2_000;
const ALL_STAGES = 200;

/** One event at the start and one per change; bursts are answered by the newest state, so a slow reader never queues. */
async function* follow(context: ExperimentsContext, runId: string): AsyncGenerator<PipelineRunProgress> {
  let changed = Promise.withResolvers<void>();
  const note = () => changed.resolve();
  const stop = context.services.pipelines.onPipelineChange(runId, note);
  context.request.signal.addEventListener('abort', note);
  let shown = '';
  try {
    while (!context.request.signal.aborted) {
      changed = Promise.withResolvers();
      const run = await context.reads.required(pipelineRuns, runId);
      const [page] = await context.reads.pagesByParent(pipelineStages, pipelineStage.runId, [runId], ALL_STAGES);
      const stages = (page?.edges ?? []).map(({ node }) => node).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
      const now = JSON.stringify([run.state, stages.map(({ state, attempts, logTail }) => [state, attempts, logTail])]);
      if (now !== shown) yield { runId, state: run.state ?? 'QUEUED', stages };
      shown = now;
      if (endedPipelineStates.has(run.state ?? '')) return;
      const timer = setTimeout(note, POLL_MS);
      await changed.promise;
      clearTimeout(timer);
    }
  } finally {
    stop();
    context.request.signal.removeEventListener('abort', note);
  }
}
