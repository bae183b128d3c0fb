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
import { Arg, Args, Ctx, ID, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { entityInput } from '../domain/entity.js';
import { type EntityRow, entities, featureViews } from '../store/governed.js';
import { featureView } from '../store/tables.js';
import { insertEntity } from '../store/writes.js';
import type { FeaturesContext } from './context.js';
import { FeatureViewConnection } from './feature-view.js';
import { CreateEntityInput } from './inputs.js';

@EntityType('Entity', 'Something that features describe, such as an airport, identified by its keys.')
export class Entity {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => String, 'internal', 'What it is.') description!: string;
  @Attribute(() => [String], 'internal', 'Names of the keys, in order.') keys!: string[];
  @Attribute(
    () => String,
    'internal',
    'The key that names a data subject (a person), so that their rows can be found and erased; null = none does.',
  )
  subjectKey!: string | null;
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

const EntityConnection = connectionOf(() => Entity, 'Entity');

@ObjectType({ description: 'Result of createEntity.' })
export class CreateEntityPayload {
  @Attribute(() => Entity, 'open', 'The new entity.', { nullable: true }) entity!: unknown;
}

@Resolver(() => Entity)
export class EntityResolver {
  @Query(() => Entity, { nullable: true, description: 'An entity by id.' })
  entity(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: FeaturesContext) {
    return context.reads.required(entities, id);
  }

  @Query(() => EntityConnection, { description: 'Entities, newest first.' })
  entities(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: FeaturesContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(entities, page);
  }

  @Attribute(() => FeatureViewConnection, 'internal', 'Views that describe it, newest first.')
  featureViews(
    @Root() entity: EntityRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: FeaturesContext,
  ) {
    return context.children(featureViews, featureView.entityId, entity.id, page);
  }

  @Mutation(() => CreateEntityPayload, { description: 'Creates an entity.' })
  async createEntity(
    @Arg('input', () => CreateEntityInput, { description: 'What to create.' }) input: CreateEntityInput,
    @Ctx() context: FeaturesContext,
  ): Promise<CreateEntityPayload> {
    const entity = parseInput(entityInput, input);
    const id = newId('ent');
    await context.mutate(
      { action: 'createEntity', noun: 'Entity', verb: 'create', subjectId: id, details: { name: entity.name } },
      (tx) => insertEntity(tx, { id, ...context.ownership, ...entity }),
    );
    return { entity: await context.reads.byId(entities, id) };
  }
}
