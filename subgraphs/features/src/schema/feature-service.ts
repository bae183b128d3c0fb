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
import { Arg, Args, Ctx, ID, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { defineServiceView, featureServiceInput } from '../domain/feature-service.js';
import { featureServices, featureViews } from '../store/governed.js';
import { viewsWithSources } from '../store/lookups.js';
import { insertFeatureService } from '../store/writes.js';
import type { FeaturesContext } from './context.js';
import { RequestFunction } from './enums.js';
import { CreateFeatureServiceInput } from './inputs.js';

@ObjectType({ description: 'A feature of a service and the column that it becomes.' })
export class ServiceFeature {
  @Attribute(() => String, 'open', 'Name in the view.') feature!: string;
  @Attribute(() => String, 'open', 'Column in training sets and model inputs.') column!: string;
}

@ObjectType({ description: 'One exact view version of a service.' })
export class ServiceView {
  @Attribute(() => ID, 'open', 'Id of the view version.') featureViewId!: string;
  @Attribute(() => String, 'open', 'Name of the view.') name!: string;
  @Attribute(() => Int, 'open', 'Version of the view.') version!: number;
  @Attribute(() => [ServiceFeature], 'internal', 'Features taken.') features!: ServiceFeature[];
}

@ObjectType({
  description: 'A feature computed from the time of the request, the same way in training and at inference.',
})
export class RequestFeature {
  @Attribute(() => String, 'open', 'Name of the column.') name!: string;
  @Attribute(() => RequestFunction, 'internal', 'How it is computed.') function!: string;
}

@EntityType(
  'FeatureService',
  'A named set of features, pinned to exact view versions: a model keeps its features when a view moves on.',
)
export class FeatureService {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => String, 'internal', 'What it is for.') description!: string;
  @Attribute(() => [ServiceView], 'internal', 'Views with their features.') views!: ServiceView[];
  @Attribute(() => [RequestFeature], 'internal', 'Features of the request itself.') requestFeatures!: RequestFeature[];
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

const FeatureServiceConnection = connectionOf(() => FeatureService, 'FeatureService');

@ObjectType({ description: 'Result of createFeatureService.' })
export class CreateFeatureServicePayload {
  @Attribute(() => FeatureService, 'open', 'The new service.', { nullable: true }) featureService!: unknown;
}

@Resolver(() => FeatureService)
export class FeatureServiceResolver {
  @Query(() => FeatureService, { nullable: true, description: 'A feature service by id.' })
  featureService(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: FeaturesContext) {
    return context.reads.required(featureServices, id);
  }

  @Query(() => FeatureServiceConnection, { description: 'Feature services, newest first.' })
  featureServices(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: FeaturesContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(featureServices, page);
  }

  @Mutation(() => CreateFeatureServicePayload, { description: 'Creates a feature service.' })
  async createFeatureService(
    @Arg('input', () => CreateFeatureServiceInput, { description: 'What to create.' }) input: CreateFeatureServiceInput,
    @Ctx() context: FeaturesContext,
  ): Promise<CreateFeatureServicePayload> {
    const service = parseInput(featureServiceInput, input);
    for (const view of service.views) await context.reads.required(featureViews, view.featureViewId);
    const id = newId('fs');
    await context.mutate(
      {
        action: 'createFeatureService',
        noun: 'FeatureService',
        verb: 'create',
        subjectId: id,
        details: { name: service.name },
      },
      async (tx) => {
        const found = await viewsWithSources(
          tx,
          service.views.map((view) => view.featureViewId),
        );
        const views = service.views.flatMap((wanted) =>
          found
            .filter(({ view }) => view.id === wanted.featureViewId)
            .slice(0, 1)
            .map(({ view }) => defineServiceView(wanted, view)),
        );
        await insertFeatureService(tx, {
          id,
          ...context.ownership,
          name: service.name,
          description: service.description,
          views,
          requestFeatures: service.requestFeatures,
        });
      },
    );
    return { featureService: await context.reads.byId(featureServices, id) };
  }
}
