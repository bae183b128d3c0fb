import { Attribute, PageArguments } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Args, Ctx, Resolver, Root } from 'type-graphql';
import { runs } from '../store/governed.js';
import { runInput } from '../store/run-tables.js';
import { run } from '../store/tables.js';
import type { ExperimentsContext } from './context.js';
import { RunConnection, TrainingSet } from './run-types.js';

@Resolver(() => TrainingSet)
export class TrainingSetRunsResolver {
  @Attribute(() => RunConnection, 'internal', 'Runs that read it, newest first.')
  runs(@Root() set: TrainingSet, @Args(() => PageArguments) page: PageArguments, @Ctx() context: ExperimentsContext) {
    return context.children(runs, runInput.trainingSetId, set.id, page, {
      link: { table: runInput, on: eq(runInput.runId, run.id) },
    });
  }
}
