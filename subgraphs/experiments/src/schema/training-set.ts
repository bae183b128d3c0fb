import { Attribute, PageArguments } from '@falaj/subgraph-kit';
import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { runs } from '../store/governed.js';
import { run } from '../store/tables.js';
import type { ExperimentsContext } from './context.js';
import { RunConnection, TrainingSet } from './run-types.js';

@Resolver(() => TrainingSet)
export class TrainingSetRunsResolver {
  @FieldResolver(() => RunConnection, { nullable: true })
  @Attribute(() => RunConnection, 'internal', 'Runs that learned from it, newest first.')
  runs(@Root() set: TrainingSet, @Args(() => PageArguments) page: PageArguments, @Ctx() context: ExperimentsContext) {
    return context.children(runs, run.trainingSetId, set.id, page);
  }
}
