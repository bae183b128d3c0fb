import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  newId,
  PageArguments,
  parseInput,
} from '@falaj/subgraph-kit';
import { Arg, Args, Ctx, Field, ID, InputType, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { type ExperimentRow, experiments, runs } from '../store/governed.js';
import { notArchived } from '../store/run-writes.js';
import { experiment, run } from '../store/tables.js';
import type { ExperimentsContext } from './context.js';
import { RunConnection } from './run.js';

@EntityType('Experiment', 'A question that runs answer.')
export class Experiment {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => String, 'internal', 'What it asks.') description!: string;
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

const ExperimentConnection = connectionOf(() => Experiment, 'Experiment');

@InputType({ description: 'A new experiment.' })
export class CreateExperimentInput {
  @Field(() => String, { description: 'Unique in the workspace.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it asks.' }) description?: string;
}

@ObjectType({ description: 'Result of createExperiment.' })
export class CreateExperimentPayload {
  @Attribute(() => Experiment, 'open', 'The new experiment.', { nullable: true }) experiment!: unknown;
}

const createInput = z.object({
  name: z.string().regex(/^[\w][\w .-]{0,199}$/, 'expected 1 to 200 letters, digits, spaces, dots, dashes'),
  description: z.string().max(4000).default(''),
});

@Resolver(() => Experiment)
export class ExperimentResolver {
  @Query(() => Experiment, { nullable: true, description: 'An experiment by id.' })
  experiment(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ExperimentsContext) {
    return context.reads.required(experiments, id);
  }

  @Query(() => ExperimentConnection, { description: 'Experiments, newest first.' })
  experiments(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(experiments, page);
  }

  @Attribute(() => RunConnection, 'internal', 'Its runs without the archived, newest first.')
  runs(
    @Root() parent: ExperimentRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ExperimentsContext,
  ) {
    return context.children(runs, run.experimentId, parent.id, page, { where: notArchived });
  }

  @Mutation(() => CreateExperimentPayload, { description: 'Creates an experiment.' })
  async createExperiment(
    @Arg('input', () => CreateExperimentInput, { description: 'What to create.' }) input: CreateExperimentInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<CreateExperimentPayload> {
    const wanted = parseInput(createInput, input);
    const id = newId('exp');
    await context.mutate(
      { action: 'createExperiment', noun: 'Experiment', verb: 'create', subjectId: id, details: { name: wanted.name } },
      async (tx) => {
        await tx.insert(experiment).values({ id, ...context.ownership, ...wanted });
      },
    );
    return { experiment: await context.reads.byId(experiments, id) };
  }
}
