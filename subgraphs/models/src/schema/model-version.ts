import { inheritResidency } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import { Attribute, type Connection, DateTime, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { aliasName, versionSelector } from '../domain/alias.js';
import { takeModel } from '../domain/model-intake.js';
import { modelVersionInput } from '../domain/names.js';
import { lineageOf, RUN_TO_REGISTER, type RunAnswer } from '../domain/registration.js';
import { platformAttestation, saveAttestation } from '../store/attestations.js';
import { type ModelVersionRow, modelAliases, models, modelVersions } from '../store/governed.js';
import { modelNamed, selectedVersion, versionAt } from '../store/lookups.js';
import { modelAlias, modelVersion } from '../store/tables.js';
import { insertVersion } from '../store/writes.js';
import type { ModelsContext, Relation } from './context.js';
import {
  CreateModelVersionInput,
  CreateModelVersionPayload,
  Model,
  ModelVersion,
  ModelVersionConnection,
  ModelVersionFilter,
  Run,
  TrainingSet,
} from './model-types.js';

/** More aliases than anyone sets on one version. */
const MAX_ALIASES = 500;

@Resolver(() => ModelVersion)
export class ModelVersionResolver {
  @Query(() => ModelVersion, { nullable: true, description: 'A model version by id.' })
  modelVersion(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ModelsContext) {
    return context.reads.required(modelVersions, id);
  }

  @Query(() => ModelVersionConnection, { description: 'Model versions, newest first.' })
  modelVersions(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => ModelVersionFilter, { nullable: true, description: 'Restriction.' }) filter:
      | ModelVersionFilter
      | undefined,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(modelVersions, {
      ...page,
      filters: [
        ...(filter?.modelId
          ? [{ field: 'modelId' as const, condition: eq(modelVersion.modelId, filter.modelId) }]
          : []),
        ...(filter?.runId ? [{ field: 'runId' as const, condition: eq(modelVersion.runId, filter.runId) }] : []),
      ],
    });
  }

  @Query(() => ModelVersion, {
    nullable: true,
    description:
      'The version that an alias stands for at present; `latest` and `v<number>` stand for versions by number.',
  })
  async modelVersionByAlias(
    @Arg('model', () => String, { description: 'Name of the model.' }) name: string,
    @Arg('alias', () => String, { description: 'Alias, `latest` or `v<number>`.' }) alias: string,
    @Ctx() context: ModelsContext,
  ): Promise<unknown> {
    const wanted = parseInput(z.object({ alias: versionSelector }), { alias });
    const version = await selectedVersion(context, (await modelNamed(context, name)).id, wanted.alias);
    if (!version)
      throw new PlatformError('NOT_FOUND', `${name} has no version under "${alias}".`, {
        details: { type: 'ModelVersion', model: name, alias },
      });
    return version;
  }

  @Query(() => ModelVersion, {
    nullable: true,
    description: 'The version that an alias stood for at an instant, from its history; null where it stood for none.',
  })
  async modelInProductionAt(
    @Arg('name', () => String, { description: 'Name of the model.' }) name: string,
    @Arg('alias', () => String, { description: 'Alias, e.g. `champion`.' }) alias: string,
    @Arg('at', () => DateTime, { description: 'Instant; one to come answers the present.' }) at: Date,
    @Ctx() context: ModelsContext,
  ): Promise<unknown> {
    const wanted = parseInput(z.object({ alias: aliasName }), { alias });
    return versionAt(context, (await modelNamed(context, name)).id, wanted.alias, at);
  }

  @Attribute(() => Model, 'internal', 'Model that it belongs to.')
  model(@Root() row: ModelVersionRow, @Ctx() context: ModelsContext): Promise<Relation<Model> | null> {
    return context.load('Model', row.modelId, (ids) =>
      context.reads.byIds(models, ids),
    ) as Promise<Relation<Model> | null>;
  }

  @Attribute(() => Run, 'internal', 'Run that trained it.')
  run(@Root() row: ModelVersionRow): Relation<Run> | null {
    return row.runId ? { id: row.runId } : null;
  }

  @Attribute(() => TrainingSet, 'internal', 'Training set that it learned from.')
  trainingSet(@Root() row: ModelVersionRow): Relation<TrainingSet> | null {
    return row.trainingSetId ? { id: row.trainingSetId } : null;
  }

  @Attribute(() => [String], 'internal', 'Aliases that stand for it now, the last set first.')
  async aliases(@Root() row: ModelVersionRow, @Ctx() context: ModelsContext): Promise<string[]> {
    const page = await context.load('ModelVersion.aliases', row.id, (ids) =>
      context.reads.pagesByParent(modelAliases, modelAlias.modelVersionId, ids, MAX_ALIASES),
    );
    return page.edges.flatMap((edge) => edge.node.alias ?? []);
  }

  @Mutation(() => CreateModelVersionPayload, {
    description:
      'Registers the model of a run as the next version, with its lineage. One run is one version of a model.',
  })
  async createModelVersion(
    @Arg('input', () => CreateModelVersionInput, { description: 'What to register.' }) input: CreateModelVersionInput,
    @Ctx() context: ModelsContext,
  ): Promise<CreateModelVersionPayload> {
    const { modelName, runId } = parseInput(modelVersionInput, input);
    const id = newId('mv');
    const prepare = async () => {
      const { id: modelId } = await modelNamed(context, modelName);
      const { run } = await context.platform.graph.query<{ run: RunAnswer | null }>(
        RUN_TO_REGISTER,
        { id: runId },
        context.request,
      );
      const lineage = lineageOf(run, inheritResidency);
      const place = { workspaceId: context.principal.workspaceId, zone: lineage.zone };
      const call = context.pluginCall(lineage.zone);
      const bytes = await context.platform.vault.get(lineage.artifactKey, lineage.digest, place, call);
      const intake = takeModel(bytes, lineage.signature).report;
      const attested = await platformAttestation(context, lineage.zone, lineage.digest, modelName);
      return { modelId, lineage, intake, attested };
    };
    await context.mutate(
      {
        action: 'createModelVersion',
        noun: 'ModelVersion',
        verb: 'create',
        subjectId: id,
        details: { modelName, runId },
        prepare,
      },
      async (tx, audit, { modelId, lineage, intake, attested }) => {
        const version = await insertVersion(tx, {
          id,
          ...context.ownership,
          ...lineage,
          modelId,
          modelName,
          intake,
          format: intake.format,
        });
        await saveAttestation(tx, context, { id, zone: lineage.zone }, attested);
        audit.subject(id, { version, digest: lineage.digest, signer: attested.signerId });
      },
    );
    return { modelVersion: await context.reads.byId(modelVersions, id) };
  }
}
