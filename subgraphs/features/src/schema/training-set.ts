import type { FeatureViewSpec } from '@falaj/contracts';
import { assertResidency, assertZoneAmong, inheritResidency } from '@falaj/policy';
import { refused } from '@falaj/runtime';
import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  JSONObject,
  newId,
  PageArguments,
  parseInput,
  permitColumns,
  permitTransfer,
} from '@falaj/subgraph-kit';
import { ilike } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { isOfPersons } from '../domain/subject-rows.js';
import { featurePlan, type TrainingSetManifest, trainingSetInput, trainingSetSpec } from '../domain/training-set.js';
import { dataSources, featureServices, featureViews, type TrainingSetRow, trainingSets } from '../store/governed.js';
import {
  plannedView,
  redactionsOfSets,
  requiredService,
  requiredSource,
  sourceRef,
  specOf,
  viewIdsOfSets,
  viewsWithSources,
} from '../store/lookups.js';
import { pluginEngine } from '../store/plugin-engine.js';
import { trainingSet } from '../store/tables.js';
import { insertTrainingSet } from '../store/writes.js';
import type { FeaturesContext, Relation } from './context.js';
import { DataSource } from './data-source.js';
import { FeatureType, TrainingColumnRole } from './enums.js';
import { FeatureService } from './feature-service.js';
import { FeatureView } from './feature-view.js';
import { CreateTrainingSetInput, NameFilter } from './inputs.js';

@ObjectType({ description: 'A column of a training set.' })
export class TrainingColumn {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => TrainingColumnRole, 'internal', 'What it is for.') role!: string;
  @Attribute(() => FeatureType, 'internal', 'Type of its values.') type!: string;
  @Attribute(() => Int, 'internal', 'Rows where it is null.') nulls!: number;
}

@ObjectType({
  description: 'What an erasure took out of a training set. Runs on the set as it was cannot be repeated.',
})
export class TrainingSetRedaction {
  @Attribute(() => ID, 'open', 'The erasure.') erasureId!: string;
  @Attribute(() => Int, 'internal', 'Rows that were taken out.') rowsRemoved!: number;
  @Attribute(() => String, 'sensitive', 'Digest of the set before.') digestBefore!: string;
  @Attribute(() => DateTime, 'internal', 'When.') redactedAt!: Date;
}

@EntityType(
  'TrainingSet',
  'Entity rows with a label, joined to features as they were known at each row; kept, digested, repeatable.',
)
export class TrainingSet {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => Int, 'internal', 'Rows: one per entity row.') rows!: number;
  @Attribute(() => String, 'sensitive', 'SHA-256 over the values in row order: the same request gives the same digest.')
  digest!: string;
  @Attribute(() => JSONObject, 'sensitive', 'What it was made of: definition, sources with digests, view versions.')
  manifest!: Record<string, unknown>;
  @Attribute(() => [TrainingColumn], 'internal', 'Columns.') columns!: TrainingColumn[];
  @Attribute(() => String, 'platform', 'Where its sealed bytes are kept.') artifactKey!: string;
  @Attribute(() => String, 'platform', 'SHA-256 of its bytes.') artifactDigest!: string;
  @Attribute(() => JSONObject, 'sensitive', 'How inference makes the same feature columns.') servingPlan!: Record<
    string,
    unknown
  >;
  @Attribute(() => [String], 'internal', 'Categories of data, inherited from every source.') categories!: string[];
  @Attribute(() => [String], 'internal', 'Zones in which it, and any model trained on it, may be stored and processed.')
  allowedZones!: string[];
  @Attribute(() => DateTime, 'internal', 'First entity row.') firstEventTime!: Date | null;
  @Attribute(() => DateTime, 'internal', 'Last entity row.') lastEventTime!: Date | null;
  @Attribute(() => String, 'internal', 'Zone in which it is stored.') zone!: string;
  @Attribute(() => [ID], 'internal', 'Transfer instruments that it rests on; none where the law allows its zone.')
  transferInstruments!: string[];
  @Attribute(() => DateTime, 'internal', 'When the first of them ends; null where it rests on none.')
  permittedUntil!: Date | null;
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const TrainingSetConnection = connectionOf(() => TrainingSet, 'TrainingSet');

@ObjectType({ description: 'Result of createTrainingSet.' })
export class CreateTrainingSetPayload {
  @Attribute(() => TrainingSet, 'open', 'The new training set.', { nullable: true }) trainingSet!: unknown;
}

@Resolver(() => TrainingSet)
export class TrainingSetResolver {
  @Query(() => TrainingSet, { nullable: true, description: 'A training set by id.' })
  trainingSet(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: FeaturesContext) {
    return context.reads.required(trainingSets, id);
  }

  @Query(() => TrainingSetConnection, { description: 'Training sets, newest first.' })
  trainingSets(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => NameFilter, { nullable: true, description: 'Restriction.' }) filter: NameFilter | undefined,
    @Ctx() context: FeaturesContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(trainingSets, {
      ...page,
      filters: filter?.nameContains
        ? [
            {
              field: 'name',
              condition: ilike(trainingSet.name, `%${filter.nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`),
            },
          ]
        : [],
    });
  }

  @Attribute(() => FeatureService, 'internal', 'Features that were joined.')
  featureService(
    @Root() set: TrainingSetRow,
    @Ctx() context: FeaturesContext,
  ): Promise<Relation<FeatureService> | null> {
    return context.load('FeatureService', set.featureServiceId, (ids) =>
      context.reads.byIds(featureServices, ids),
    ) as Promise<Relation<FeatureService> | null>;
  }

  @Attribute(() => DataSource, 'internal', 'Source of the entity rows and the label.')
  labelSource(@Root() set: TrainingSetRow, @Ctx() context: FeaturesContext): Promise<Relation<DataSource> | null> {
    return context.load('DataSource', set.labelSourceId, (ids) =>
      context.reads.byIds(dataSources, ids),
    ) as Promise<Relation<DataSource> | null>;
  }

  @Attribute(() => [FeatureView], 'internal', 'Exact view versions that were joined.')
  async featureViews(@Root() set: TrainingSetRow, @Ctx() context: FeaturesContext): Promise<Relation<FeatureView>[]> {
    const ids = await context.load('TrainingSet.featureViewIds', set.id, (sets) =>
      context.transaction((tx) => viewIdsOfSets(tx, sets)),
    );
    const views = await Promise.all(
      ids.map((id) => context.load('FeatureView', id, (keys) => context.reads.byIds(featureViews, keys))),
    );
    return views.filter((view) => view !== null) as unknown as Relation<FeatureView>[];
  }

  @Attribute(() => [TrainingSetRedaction], 'internal', 'What erasures took out of it, oldest first.')
  redactions(@Root() set: TrainingSetRow, @Ctx() context: FeaturesContext): Promise<TrainingSetRedaction[]> {
    return context.load('TrainingSet.redactions', set.id, (sets) =>
      context.transaction((tx) => redactionsOfSets(tx, sets)),
    );
  }

  @Mutation(() => CreateTrainingSetPayload, {
    description: 'Joins features to entity rows as they were known at each row, and keeps the result. All or nothing.',
  })
  async createTrainingSet(
    @Arg('input', () => CreateTrainingSetInput, { description: 'What to create.' }) input: CreateTrainingSetInput,
    @Ctx() context: FeaturesContext,
  ): Promise<CreateTrainingSetPayload> {
    const wanted = parseInput(trainingSetInput, input);
    await context.reads.required(dataSources, wanted.labelSourceId);
    await context.reads.required(featureServices, wanted.featureServiceId);
    const id = newId('ts');
    let undo = async (): Promise<void> => undefined;
    const prepare = async () => {
      const built = await build(context, id, wanted);
      undo = () => built.engine.removeArtifact(built.row.artifactKey);
      return built;
    };
    const spec = {
      action: 'createTrainingSet',
      noun: 'TrainingSet',
      verb: 'create',
      subjectId: id,
      details: { name: wanted.name },
      prepare,
    };
    const made = context.mutate(spec, async (tx, audit, { row, featureViewIds, engine }) => {
      if (isOfPersons(row.manifest.spec)) await engine.holdErased(tx);
      await insertTrainingSet(tx, { id, ...context.ownership, name: wanted.name, ...row }, featureViewIds);
      const { digest, rows, zone, transferInstruments, permittedUntil } = row;
      audit.subject(id, { digest, rows, zone, ...(permittedUntil ? { transferInstruments, permittedUntil } : {}) });
    });
    await made.catch(async (error: unknown) => {
      await undo();
      throw error;
    });
    return { trainingSet: await context.reads.byId(trainingSets, id) };
  }
}

/** Reads definitions, joins, seals the result: everything that happens before a row is written. */
async function build(context: FeaturesContext, id: string, wanted: ReturnType<typeof trainingSetInput.parse>) {
  const { source, service, views } = await context.transaction(async (tx) => {
    const service = await requiredService(tx, wanted.featureServiceId);
    return {
      service,
      source: await requiredSource(tx, wanted.labelSourceId),
      views: await viewsWithSources(
        tx,
        service.views.map((view) => view.featureViewId),
      ),
    };
  });
  const origins = [source, ...views.map((view) => view.source)].map((origin) => ({
    dataZone: origin.zone,
    categories: origin.categories,
    workspaceZones: context.principal.zones,
  }));
  const inherited = inheritResidency(origins);
  const targetZone = wanted.zone ?? source.zone;
  const operation = 'store';
  const allowedZones = context.principal.zones;
  assertZoneAmong({ targetZone, allowedZones, ruleId: 'WORKSPACE_ZONES', operation });
  const permitted = await permitTransfer(context, {
    origins: origins.map(({ dataZone, categories }) => ({ zone: dataZone, categories })),
    targetZone,
    operation,
    lawful() {
      for (const origin of origins) assertResidency({ ...origin, targetZone, operation });
    },
  });
  const specs = new Map<string, FeatureViewSpec>(views.map((found) => [found.view.id, specOf(found)]));
  const engine = pluginEngine(context, targetZone);
  const spec = trainingSetSpec(wanted, sourceRef(source), service, specs);
  if (targetZone !== source.zone && isOfPersons(spec))
    throw refused(
      {
        rule: 'PERSONS_IN_THEIR_ZONE',
        found: `rows of data subjects of ${source.zone} to be stored in ${targetZone}`,
        limit: `${source.zone}, in which their erasure finds them`,
        whatToDo: `store it in ${source.zone} and train elsewhere by the zone of the run`,
      },
      'RESIDENCY_VIOLATION',
      { allowedZones: [source.zone] },
    );
  const built = await engine.buildTrainingSet(spec);
  const artifact = await engine.storeArtifact(
    `training-sets/${context.principal.workspaceId}/${id}.parquet`,
    built.data,
    'application/vnd.apache.parquet',
  );
  const manifest: TrainingSetManifest = {
    spec,
    sources: built.sources,
    featureViews: views.map(({ view }) => ({
      id: view.id,
      name: view.name,
      version: view.version,
      digest: view.digest,
    })),
    rows: built.rows,
    digest: built.digest,
  };
  const plan = featurePlan(service, new Map(views.map((found) => [found.view.id, plannedView(found)])));
  return {
    engine,
    featureViewIds: views.map(({ view }) => view.id),
    row: {
      zone: targetZone,
      ...permitColumns(permitted?.permit),
      featureServiceId: service.id,
      labelSourceId: source.id,
      rows: built.rows,
      digest: built.digest,
      manifest,
      columns: [...built.columns],
      artifactKey: artifact.key,
      artifactDigest: artifact.digest,
      servingPlan: plan,
      categories: [...inherited.categories],
      allowedZones: [...inherited.zones],
      firstEventTime: built.firstEventTime === null ? null : new Date(built.firstEventTime),
      lastEventTime: built.lastEventTime === null ? null : new Date(built.lastEventTime),
    },
  };
}
