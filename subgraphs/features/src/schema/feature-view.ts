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
} from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Float, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { defineFeatureView, featureViewInput } from '../domain/feature-view.js';
import { dataSources, entities, type FeatureViewRow, featureViews, trainingSets } from '../store/governed.js';
import { requiredSource, requiredView, specOf } from '../store/lookups.js';
import { pluginEngine } from '../store/plugin-engine.js';
import { featureView, trainingSet, trainingSetView } from '../store/tables.js';
import { insertFeatureView, nextViewVersion, saveBuild } from '../store/writes.js';
import type { FeaturesContext, Relation } from './context.js';
import { DataSource } from './data-source.js';
import { Entity } from './entity.js';
import { FeatureType, FeatureViewState } from './enums.js';
import { CreateFeatureViewInput, FeatureViewFilter } from './inputs.js';
import { isReaderAbroad } from './regulated-values.js';
import { TrainingSetConnection } from './training-set.js';
import { shownStatistics } from './value-classes.js';

@ObjectType({ description: 'One feature of a view.' })
export class Feature {
  @Attribute(() => String, 'open', 'Unique in the view.') name!: string;
  @Attribute(() => String, 'internal', 'What it means.') description!: string;
  @Attribute(() => FeatureType, 'internal', 'Type of its values.') type!: string;
  @Attribute(() => String, 'internal', 'Source column.') column!: string | null;
  @Attribute(() => String, 'internal', 'Aggregate over the window; null = the column itself.') aggregate!:
    | string
    | null;
  @Attribute(() => Int, 'internal', 'Length of the window in seconds.') windowSeconds!: number | null;
  @Attribute(() => String, 'internal', 'Class of its values: that of the most guarded column they are made of.')
  fieldClass!: string;
}

@ObjectType({ description: 'What the values of a feature look like over all built rows.' })
export class FeatureStatistics {
  @Attribute(() => String, 'open', 'Feature.') feature!: string;
  @Attribute(() => Int, 'sensitive', 'Rows with a value.') count!: number | null;
  @Attribute(() => Int, 'sensitive', 'Rows without.') nulls!: number | null;
  @Attribute(() => Float, 'sensitive', 'Mean.') mean!: number | null;
  @Attribute(() => Float, 'sensitive', 'Smallest value.') min!: number | null;
  @Attribute(() => Float, 'sensitive', 'Largest value.') max!: number | null;
}

@EntityType('FeatureView', 'A version of a set of features of one entity, with event time and known time.')
export class FeatureView {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Name, shared by its versions.') name!: string;
  @Attribute(() => Int, 'internal', 'Version, counted from 1.') version!: number;
  @Attribute(() => String, 'internal', 'What it holds.') description!: string;
  @Attribute(() => Int, 'internal', 'Age in seconds beyond which a value is not used; null = no limit.') ttlSeconds!:
    | number
    | null;
  @Attribute(() => [Feature], 'internal', 'Its features.') features!: Feature[];
  @Attribute(() => JSONObject, 'sensitive', 'Keys, event time and known time as defined.') definition!: Record<
    string,
    unknown
  >;
  @Attribute(() => [String], 'internal', 'Categories of data, inherited from the source.') categories!: string[];
  @Attribute(() => FeatureViewState, 'internal', 'Whether its rows were built.') state!: string;
  @Attribute(() => Int, 'internal', 'Feature rows: one per key and instant at which a value changed.') rows!:
    | number
    | null;
  @Attribute(() => Int, 'internal', 'Distinct keys.') keys!: number | null;
  @Attribute(() => String, 'sensitive', 'Digest over definition and source: equal means equal rows.') digest!:
    | string
    | null;
  @Attribute(() => DateTime, 'internal', 'First event.') firstEventTime!: Date | null;
  @Attribute(() => DateTime, 'internal', 'Last event.') lastEventTime!: Date | null;
  @Attribute(() => String, 'internal', 'Zone in which its rows are stored.') zone!: string;
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const FeatureViewConnection = connectionOf(() => FeatureView, 'FeatureView');

@ObjectType({ description: 'Result of createFeatureView and buildFeatureView.' })
export class FeatureViewPayload {
  @Attribute(() => FeatureView, 'open', 'The view.', { nullable: true }) featureView!: unknown;
}

@Resolver(() => FeatureView)
export class FeatureViewResolver {
  @Query(() => FeatureView, { nullable: true, description: 'A feature view by id.' })
  featureView(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: FeaturesContext) {
    return context.reads.required(featureViews, id);
  }

  @Query(() => FeatureViewConnection, { description: 'Feature views, newest first.' })
  featureViews(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => FeatureViewFilter, { nullable: true, description: 'Restriction.' }) filter:
      | FeatureViewFilter
      | undefined,
    @Ctx() context: FeaturesContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(featureViews, {
      ...page,
      filters: [
        ...(filter?.name ? [{ field: 'name' as const, condition: eq(featureView.name, filter.name) }] : []),
        ...(filter?.entityId
          ? [{ field: 'entityId' as const, condition: eq(featureView.entityId, filter.entityId) }]
          : []),
      ],
    });
  }

  @Attribute(() => Entity, 'internal', 'What it describes.')
  entity(@Root() view: FeatureViewRow, @Ctx() context: FeaturesContext): Promise<Relation<Entity> | null> {
    return context.load('Entity', view.entityId, (ids) =>
      context.reads.byIds(entities, ids),
    ) as Promise<Relation<Entity> | null>;
  }

  @Attribute(() => DataSource, 'internal', 'Where its rows come from.')
  source(@Root() view: FeatureViewRow, @Ctx() context: FeaturesContext): Promise<Relation<DataSource> | null> {
    return context.load('DataSource', view.sourceId, (ids) =>
      context.reads.byIds(dataSources, ids),
    ) as Promise<Relation<DataSource> | null>;
  }

  @Attribute(
    () => [FeatureStatistics],
    'sensitive',
    'Statistics per feature. Of personal data only figures of groups are shown to who may not see the values.',
  )
  async statistics(@Root() view: FeatureViewRow, @Ctx() context: FeaturesContext): Promise<FeatureStatistics[] | null> {
    if (!view.statistics) return null;
    const abroad = await isReaderAbroad(context, 'FeatureView', view.id);
    return view.statistics.map((found) => shownStatistics(found, view, context, abroad));
  }

  @Attribute(() => TrainingSetConnection, 'internal', 'Training sets that use it, newest first.')
  trainingSets(
    @Root() view: FeatureViewRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: FeaturesContext,
  ) {
    const link = { table: trainingSetView, on: eq(trainingSetView.trainingSetId, trainingSet.id) };
    return context.children(trainingSets, trainingSetView.featureViewId, view.id, page, { link });
  }

  @Mutation(() => FeatureViewPayload, {
    description: 'Creates a feature view, or the next version of the one with this name.',
  })
  async createFeatureView(
    @Arg('input', () => CreateFeatureViewInput, { description: 'What to create.' }) input: CreateFeatureViewInput,
    @Ctx() context: FeaturesContext,
  ): Promise<FeatureViewPayload> {
    const wanted = parseInput(featureViewInput, input);
    const entity = await context.reads.required(entities, wanted.entityId);
    await context.reads.required(dataSources, wanted.sourceId);
    const id = newId('fv');
    await context.mutate(
      {
        action: 'createFeatureView',
        noun: 'FeatureView',
        verb: 'create',
        subjectId: id,
        details: { name: wanted.name },
      },
      async (tx) => {
        const source = await requiredSource(tx, wanted.sourceId);
        const defined = defineFeatureView(wanted, { name: entity.name ?? '', keys: entity.keys ?? [] }, source.columns);
        await insertFeatureView(tx, {
          id,
          ...context.ownership,
          ...defined,
          name: wanted.name,
          description: wanted.description,
          version: await nextViewVersion(tx, context.principal.workspaceId, wanted.name),
          entityId: wanted.entityId,
          sourceId: wanted.sourceId,
          ttlSeconds: wanted.ttlSeconds ?? null,
          categories: source.categories,
          zone: source.zone,
          state: 'CREATED',
        });
      },
    );
    return { featureView: await context.reads.byId(featureViews, id) };
  }

  @Mutation(() => FeatureViewPayload, {
    description: 'Computes the rows of a view from its source; the same source gives the same digest.',
  })
  async buildFeatureView(
    @Arg('id', () => ID, { description: 'View version.' }) id: string,
    @Ctx() context: FeaturesContext,
  ): Promise<FeatureViewPayload> {
    await context.reads.required(featureViews, id);
    const build = async () => {
      const found = await context.transaction((tx) => requiredView(tx, id));
      return pluginEngine(context, found.view.zone).buildView(specOf(found));
    };
    await context.mutate(
      { action: 'buildFeatureView', noun: 'FeatureView', verb: 'update', subjectId: id, prepare: build },
      async (tx, audit, built) => {
        await saveBuild(tx, id, built);
        audit.subject(id, { rows: built.rows, digest: built.digest });
      },
    );
    return { featureView: await context.reads.byId(featureViews, id) };
  }
}
