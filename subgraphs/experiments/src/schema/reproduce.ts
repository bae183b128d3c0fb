import { PlatformError, type Refusal, refused } from '@falaj/runtime';
import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  ExtendedEntityType,
  newId,
  PageArguments,
  parseInput,
} from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import {
  Arg,
  Args,
  Ctx,
  Field,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  registerEnumType,
} from 'type-graphql';
import {
  compareMakings,
  type Making,
  rebuildInput,
  reproduceInput,
  type TrainingSetAnswer,
} from '../domain/reproduce.js';
import { runs } from '../store/governed.js';
import { type ReproductionRow, reproduction, reproductions } from '../store/reproduction-tables.js';
import { notify } from '../store/run-queue.js';
import { run } from '../store/tables.js';
import type { ExperimentsContext, Relation } from './context.js';
import { Run } from './run-types.js';

export const ReproductionState = {
  RUNNING: 'RUNNING',
  REPRODUCED: 'REPRODUCED',
  DIFFERS: 'DIFFERS',
  FAILED: 'FAILED',
} as const;
registerEnumType(ReproductionState, {
  name: 'ReproductionState',
  description: 'What came of making a model version again.',
  valuesConfig: {
    RUNNING: { description: 'It is trained.' },
    REPRODUCED: { description: 'Training set and every score are the same.' },
    DIFFERS: { description: 'Training set or a score differs; see the comparisons.' },
    FAILED: { description: 'The run did not succeed.' },
  },
});

@ObjectType({ description: 'One fact of both makings.' })
export class ReproductionComparison {
  @Attribute(() => String, 'open', '`trainingSetDigest`, `modelDigest`, `codeReference` or `score:<name>`.')
  subject!: string;
  @Attribute(() => String, 'sensitive', 'As registered.') expected!: string | null;
  @Attribute(() => String, 'sensitive', 'As made again.') found!: string | null;
  @Attribute(() => Boolean, 'internal', 'Whether both are known and the same.') same!: boolean;
}

@EntityType('Reproduction', 'A model version made again from its manifest, seed and trainer, and compared.')
export class Reproduction {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Version.') modelVersionId!: string;
  @Attribute(() => ReproductionState, 'internal', 'What came of it.') state!: string;
  @Attribute(() => ID, 'internal', 'Run that trained the version.') originalRunId!: string;
  @Attribute(() => ID, 'internal', 'Run that trains it again.') runId!: string;
  @Attribute(() => ID, 'internal', 'Training set that the version learned from.') trainingSetId!: string;
  @Attribute(() => ID, 'internal', 'The set as rebuilt.') rebuiltTrainingSetId!: string;
  @Attribute(() => [ReproductionComparison], 'internal', 'Each comparison; the training set’s stands at once.')
  comparisons!: ReproductionComparison[];
  @Attribute(() => String, 'internal', 'Why it failed.') error!: string | null;
  @Attribute(() => DateTime, 'internal', 'When it was compared.') finishedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Zone in which it runs.') zone!: string;
  @Attribute(() => String, 'pii', 'Who asked for it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was asked for.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ExtendedEntityType('ModelVersion', 'A registered model, owned by subgraph models.')
export class ModelVersion {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
}

export const ReproductionConnection = connectionOf(() => Reproduction, 'Reproduction');

@InputType({ description: 'A model version to make again.' })
export class ReproduceModelVersionInput {
  @Field(() => ID, { description: 'Version; one that a run of this platform trained.' }) modelVersionId!: string;
}

@ObjectType({ description: 'Result of reproduceModelVersion.' })
export class ReproduceModelVersionPayload {
  @Attribute(() => Reproduction, 'open', 'The reproduction; follow it by its run.', { nullable: true })
  reproduction!: unknown;
}

const VERSION = /* GraphQL */ `
  query VersionToReproduce($id: ID!) {
    modelVersion(id: $id) {
      id
      digest
      trainingSetDigest
      codeReference
      evaluation
      run { id }
      trainingSet { id name digest manifest labelSource { id } featureService { id } }
    }
  }
`;
const REBUILD = /* GraphQL */ `
  mutation RebuildTrainingSet($input: CreateTrainingSetInput!) {
    createTrainingSet(input: $input) { trainingSet { id digest } }
  }
`;
const TRAIN = /* GraphQL */ `
  mutation TrainAgain($input: StartTrainingRunInput!) {
    startTrainingRun(input: $input) { run { id } }
  }
`;

interface VersionAnswer {
  readonly modelVersion: {
    readonly id: string;
    readonly digest: string | null;
    readonly trainingSetDigest: string | null;
    readonly codeReference: string | null;
    readonly evaluation: { readonly scores?: Readonly<Record<string, number | null>> } | null;
    readonly run: { readonly id: string } | null;
    readonly trainingSet: TrainingSetAnswer | null;
  } | null;
}

@Resolver(() => Reproduction)
export class ReproductionResolver {
  @Query(() => Reproduction, { nullable: true, description: 'A reproduction by id.' })
  reproduction(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ExperimentsContext) {
    return context.reads.required(reproductions, id);
  }

  @Attribute(() => Run, 'internal', 'Run that trains it again.')
  async run(@Root() row: ReproductionRow, @Ctx() context: ExperimentsContext): Promise<Relation<Run> | null> {
    return context.load('Run', row.runId, (ids) => context.reads.byIds(runs, ids)) as Promise<Relation<Run> | null>;
  }

  @Mutation(() => ReproduceModelVersionPayload, {
    description:
      'Makes a model version again: rebuilds its training set from the manifest, trains with the same request and seed, and compares digests and scores. The training is queued.',
  })
  async reproduceModelVersion(
    @Arg('input', () => ReproduceModelVersionInput, { description: 'Version.' }) input: ReproduceModelVersionInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<ReproduceModelVersionPayload> {
    const { modelVersionId } = parseInput(reproduceInput, input);
    const id = newId('rpr');
    await context.mutate(
      {
        action: 'reproduceModelVersion',
        noun: 'Reproduction',
        verb: 'create',
        subjectId: id,
        details: { modelVersionId },
        prepare: () => begin(context, id, modelVersionId),
      },
      async (tx, audit, { expected, comparisons, ...begun }) => {
        await tx.insert(reproduction).values({
          id,
          ...context.ownership,
          modelVersionId,
          state: 'RUNNING',
          expected,
          comparisons: [...comparisons],
          ...begun,
        });
        // The run may have ended before this record stood.
        await notify(tx, begun.runId);
        audit.subject(id, { ...begun });
      },
    );
    return { reproduction: await context.reads.byId(reproductions, id) };
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionReproductionsResolver {
  @Attribute(() => ReproductionConnection, 'internal', 'Attempts to make it again, newest first.')
  reproductions(
    @Root() version: ModelVersion,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    return context.children(reproductions, reproduction.modelVersionId, version.id, page);
  }
}

const notTrainedHere: Refusal = {
  rule: 'REPRODUCTION_LINEAGE',
  found: 'a version from outside, or of a run that its user logged',
  limit: 'a version that a training run of this platform made',
  whatToDo: 'train it on the platform by startTrainingRun',
};

/** Rebuilds the set and queues the training, both through the graph as the caller, each with its own audit record. */
async function begin(context: ExperimentsContext, id: string, modelVersionId: string) {
  const { graph } = context.platform;
  const { modelVersion } = await graph.query<VersionAnswer>(VERSION, { id: modelVersionId }, context.request);
  if (!modelVersion)
    throw new PlatformError('NOT_FOUND', 'ModelVersion not found.', { details: { type: 'ModelVersion' } });
  const { run: trained, trainingSet } = modelVersion;
  if (!trained || !trainingSet) throw refused(notTrainedHere);
  await context.reads.required(runs, trained.id);
  const [original] = await context.transaction((tx) => tx.select().from(run).where(eq(run.id, trained.id)));
  if (!original?.request) throw refused(notTrainedHere);
  const expected: Making = {
    trainingSetDigest: modelVersion.trainingSetDigest,
    modelDigest: modelVersion.digest,
    codeReference: modelVersion.codeReference,
    scores: modelVersion.evaluation?.scores ?? {},
  };
  const { createTrainingSet } = await graph.query<{
    createTrainingSet: { trainingSet: { id: string; digest: string | null } | null };
  }>(REBUILD, { input: rebuildInput(trainingSet, id) }, context.request);
  const rebuilt = createTrainingSet.trainingSet;
  if (!rebuilt) throw new PlatformError('FORBIDDEN', 'You may not read the training set that was rebuilt.');
  const { principal: _, ...request } = original.request;
  const { startTrainingRun } = await graph.query<{ startTrainingRun: { run: { id: string } | null } }>(
    TRAIN,
    {
      input: {
        ...request,
        // GraphQL names of the enum are upper case.
        task: request.task.toUpperCase(),
        name: `again: ${original.name}`.slice(0, 200),
        trainingSetId: rebuilt.id,
      },
    },
    context.request,
  );
  if (!startTrainingRun.run) throw new PlatformError('FORBIDDEN', 'You may not read the run that was started.');
  return {
    expected,
    comparisons: compareMakings(
      { ...expected, modelDigest: null, codeReference: null, scores: {} },
      { trainingSetDigest: rebuilt.digest, modelDigest: null, codeReference: null, scores: {} },
    ).slice(0, 1),
    zone: original.zone,
    originalRunId: original.id,
    runId: startTrainingRun.run.id,
    trainingSetId: trainingSet.id,
    rebuiltTrainingSetId: rebuilt.id,
  };
}
