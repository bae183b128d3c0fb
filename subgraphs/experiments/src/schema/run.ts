import { assertZoneAmong } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import {
  Attribute,
  assertBudget,
  type Connection,
  computePool,
  JSONObject,
  newId,
  PageArguments,
  parseInput,
  permitColumns,
} from '@falaj/subgraph-kit';
import { eq, isNotNull, sql } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { terminalStates } from '../domain/run.js';
import { trainingParameters } from '../domain/run-log.js';
import { type TrainingSetFacts, trainingRunInput } from '../domain/training-run.js';
import { experiments, type RunRow, runs } from '../store/governed.js';
import { saveInputs, saveParameters } from '../store/run-log.js';
import { type PlacedSet, permitRun } from '../store/run-place.js';
import { notify } from '../store/run-queue.js';
import { runInput } from '../store/run-tables.js';

import { notArchived, requestCancel } from '../store/run-writes.js';
import { run } from '../store/tables.js';
import type { ExperimentsContext, Relation } from './context.js';
import { Experiment } from './experiment.js';
import {
  FeatureImportance,
  FeatureViewReference,
  Run,
  RunConnection,
  RunFilter,
  RunPayload,
  StartTrainingRunInput,
  TrainerInfo,
  TrainingSet,
} from './run-types.js';

export { RunConnection } from './run-types.js';

const TRAINING_SET = /* GraphQL */ `
  query TrainingSetForRun($id: ID!) {
    trainingSet(id: $id) {
      digest
      artifactKey
      artifactDigest
      servingPlan
      columns { name role type }
      zone
      categories
      allowedZones
      labelSource { zone categories }
      featureViews { id name version source { zone categories } }
    }
  }
`;

const readSet = (id: string) =>
  sql`exists (select 1 from ${runInput} where ${runInput.runId} = ${run.id} and ${runInput.trainingSetId} = ${id})`;

@Resolver(() => Run)
export class RunResolver {
  @Query(() => Run, { nullable: true, description: 'A run by id.' })
  run(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ExperimentsContext) {
    return context.reads.required(runs, id);
  }

  @Query(() => RunConnection, { description: 'Runs, newest first.' })
  runs(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => RunFilter, { nullable: true, description: 'Restriction.' }) filter: RunFilter | undefined,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(runs, {
      ...page,
      filters: [
        ...(filter?.experimentId
          ? [{ field: 'experimentId' as const, condition: eq(run.experimentId, filter.experimentId) }]
          : []),
        ...(filter?.state ? [{ field: 'state' as const, condition: eq(run.state, filter.state as never) }] : []),
        ...(filter?.trainingSetId
          ? [{ field: 'trainingSetId' as const, condition: readSet(filter.trainingSetId) }]
          : []),
        ...(filter?.archived ? [{ field: 'archivedAt' as const, condition: isNotNull(run.archivedAt) }] : []),
      ],
      ...(filter?.archived ? {} : { where: notArchived }),
    });
  }

  @Query(() => [TrainerInfo], { description: 'Trainers of this deployment.' })
  trainers(@Ctx() context: ExperimentsContext): TrainerInfo[] {
    return context.platform.plugins
      .list()
      .filter((plugin) => plugin.kind === 'trainer')
      .map((plugin) => ({ ...plugin, capabilities: [...plugin.capabilities] }));
  }

  @Attribute(() => Experiment, 'internal', 'Experiment that it belongs to.')
  experiment(@Root() row: RunRow, @Ctx() context: ExperimentsContext): Promise<Relation<Experiment> | null> {
    return context.load('Experiment', row.experimentId, (ids) =>
      context.reads.byIds(experiments, ids),
    ) as Promise<Relation<Experiment> | null>;
  }

  @Attribute(() => TrainingSet, 'internal', 'Training set that it learned from.')
  trainingSet(@Root() row: RunRow): Relation<TrainingSet> | null {
    return row.trainingSetId ? { id: row.trainingSetId } : null;
  }

  @Attribute(() => JSONObject, 'internal', 'Every parameter of the trainer: as used once it finished, as asked before.')
  parameters(@Root() row: RunRow) {
    return row.result?.parameters ?? row.request?.parameters ?? null;
  }

  @Attribute(() => JSONObject, 'internal', 'Tensors of the exported model.')
  signature(@Root() row: RunRow) {
    return row.result?.signature ?? null;
  }

  @Attribute(() => [String], 'internal', 'Columns that the model takes, in order.')
  columns(@Root() row: RunRow) {
    return row.result?.signature.inputs[0]?.columns ?? null;
  }

  @Attribute(() => JSONObject, 'sensitive', 'How inference makes the columns from the online store and the request.')
  servingPlan(@Root() row: RunRow) {
    return row.trainingSet?.servingPlan ?? null;
  }

  @Attribute(() => [FeatureViewReference], 'internal', 'Exact view versions that it learned from.')
  featureViews(@Root() row: RunRow) {
    return row.trainingSet?.featureViews ?? null;
  }

  @Attribute(() => [FeatureImportance], 'sensitive', 'Contribution per column, largest first.')
  importance(@Root() row: RunRow) {
    if (!row.result) return null;
    return Object.entries(row.result.importance)
      .map(([column, share]) => ({ column, share }))
      .sort((a, b) => b.share - a.share);
  }

  @Mutation(() => RunPayload, { description: 'Queues a training; follow it by `runProgress` or `run`.' })
  async startTrainingRun(
    @Arg('input', () => StartTrainingRunInput, { description: 'What to train.' }) input: StartTrainingRunInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    const request = parseInput(trainingRunInput, input);
    await context.reads.required(experiments, request.experimentId);
    // Names an unknown trainer now rather than in a failed run.
    context.platform.plugins.get('trainer', request.trainer);
    const id = newId('run');
    const prepare = async () => {
      await assertBudget(context, { pool: computePool() });
      const { trainingSet } = await context.platform.graph.query<{ trainingSet: TrainingSetAnswer | null }>(
        TRAINING_SET,
        { id: request.trainingSetId },
        context.request,
      );
      const { facts, placed } = usable(trainingSet);
      const zone = request.zone ?? facts.zone;
      assertZoneAmong({
        targetZone: zone,
        allowedZones: context.principal.zones,
        ruleId: 'WORKSPACE_ZONES',
        operation: 'train',
      });
      return { facts, placed, zone, permit: await permitRun(context, [placed], zone) };
    };
    await context.mutate(
      {
        action: 'startTrainingRun',
        noun: 'Run',
        verb: 'create',
        subjectId: id,
        details: { name: request.name, trainer: request.trainer, trainingSetId: request.trainingSetId },
        prepare,
      },
      async (tx, audit, { facts, placed, zone, permit }) => {
        await tx.insert(run).values({
          id,
          ...context.ownership,
          zone,
          ...permitColumns(permit),
          experimentId: request.experimentId,
          name: request.name,
          state: 'QUEUED',
          trainer: request.trainer,
          request: { ...request, principal: context.principal },
          trainingSetId: request.trainingSetId,
          trainingSet: facts,
          trainingSetDigest: facts.digest,
          allowedZones: [...placed.allowedZones],
          categories: [...placed.categories],
          seed: request.seed,
        });
        const logged = { id, workspaceId: context.principal.workspaceId, zone };
        if (permit) audit.subject(id, { zone, ...permitColumns(permit) });
        await saveInputs(tx, logged, [{ id: request.trainingSetId, digest: facts.digest }]);
        await saveParameters(tx, logged, trainingParameters(request));
        await notify(tx, id);
      },
    );
    return { run: await context.reads.byId(runs, id) };
  }

  @Mutation(() => RunPayload, { description: 'Stops a run that is not finished; what it logged stays.' })
  async cancelRun(
    @Arg('id', () => ID, { description: 'Run.' }) id: string,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    const found = await context.reads.required(runs, id);
    await context.mutate(
      {
        action: 'cancelRun',
        noun: 'Run',
        verb: 'update',
        subjectId: id,
        row: { ...found, workspaceId: context.principal.workspaceId },
      },
      (tx) => requestCancel(tx, id),
    );
    return { run: await context.reads.byId(runs, id) };
  }
}

type TrainingSetAnswer = { readonly [K in keyof TrainingSetFacts]: TrainingSetFacts[K] | null } & {
  readonly [K in keyof PlacedSet]: PlacedSet[K] | null;
};

/** The facts that a run needs; a field that policy withholds from the caller stops the run here, by name. */
function usable(set: TrainingSetAnswer | null): { readonly facts: TrainingSetFacts; readonly placed: PlacedSet } {
  if (!set) throw new PlatformError('NOT_FOUND', 'TrainingSet not found.', { details: { type: 'TrainingSet' } });
  // A source that is out of sight stops nothing: it only cannot be covered by an instrument.
  const { labelSource, ...needed } = set;
  const withheld = Object.entries(needed)
    .filter(([, value]) => value === null)
    .map(([field]) => field);
  if (withheld.length > 0)
    throw new PlatformError(
      'FORBIDDEN',
      `You may not train on this set: ${withheld.join(', ')} is withheld from you.`,
      { details: { withheld } },
    );
  const { categories, allowedZones, ...facts } = needed as TrainingSetFacts & PlacedSet;
  return {
    facts: { ...facts, featureViews: facts.featureViews.map(({ id, name, version }) => ({ id, name, version })) },
    placed: { ...(set as PlacedSet), categories, allowedZones },
  };
}

export const isFinal = (state: string | null): boolean => state !== null && terminalStates.has(state);
