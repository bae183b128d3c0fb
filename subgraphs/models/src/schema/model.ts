import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq, ilike } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { modelInput } from '../domain/names.js';
import { aliasChanges, type ModelRow, modelAliases, models, modelVersions } from '../store/governed.js';
import { isLatest, modelNamed } from '../store/lookups.js';
import { aliasChange, model, modelAlias, modelVersion } from '../store/tables.js';
import { insertModel } from '../store/writes.js';
import { beginning, type ModelsContext } from './context.js';
import {
  AliasChangeConnection,
  CreateModelInput,
  CreateModelPayload,
  Model,
  ModelAlias,
  ModelConnection,
  ModelFilter,
  ModelVersion,
  ModelVersionConnection,
} from './model-types.js';

/** More aliases than anyone sets on one model. */
const MAX_ALIASES = 500;

@Resolver(() => Model)
export class ModelResolver {
  @Query(() => Model, { nullable: true, description: 'A model by id.' })
  model(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ModelsContext) {
    return context.reads.required(models, id);
  }

  @Query(() => Model, { nullable: true, description: 'A model by name.' })
  modelByName(@Arg('name', () => String, { description: 'Its name.' }) name: string, @Ctx() context: ModelsContext) {
    return modelNamed(context, name);
  }

  @Query(() => ModelConnection, { description: 'Models, newest first.' })
  models(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => ModelFilter, { nullable: true, description: 'Restriction.' }) filter: ModelFilter | undefined,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(models, {
      ...page,
      filters: filter?.nameContains
        ? [{ field: 'name', condition: ilike(model.name, `%${filter.nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`) }]
        : [],
    });
  }

  @Attribute(() => ModelVersionConnection, 'internal', 'Its versions, newest first.')
  versions(@Root() row: ModelRow, @Args(() => PageArguments) page: PageArguments, @Ctx() context: ModelsContext) {
    const first = beginning(page, '`modelVersions(filter: {modelId})`');
    return context.load(`Model.versions:${first}`, row.id, (ids) =>
      context.reads.pagesByParent(modelVersions, modelVersion.modelId, ids, first),
    );
  }

  @Attribute(() => ModelVersion, 'internal', 'Its highest version in your zones.')
  async latestVersion(@Root() row: ModelRow, @Ctx() context: ModelsContext): Promise<unknown> {
    const page = await context.load('Model.latestVersion', row.id, (ids) =>
      context.reads.pagesByParent(modelVersions, modelVersion.modelId, ids, 1, { where: isLatest }),
    );
    return page.edges[0]?.node ?? null;
  }

  @Attribute(() => [ModelAlias], 'internal', 'Its aliases, the last set first.')
  async aliases(@Root() row: ModelRow, @Ctx() context: ModelsContext): Promise<unknown[]> {
    const page = await context.load('Model.aliases', row.id, (ids) =>
      context.reads.pagesByParent(modelAliases, modelAlias.modelId, ids, MAX_ALIASES),
    );
    return page.edges.map((edge) => edge.node);
  }

  @Attribute(() => AliasChangeConnection, 'internal', 'Moves of its aliases, the last first.')
  aliasHistory(
    @Root() row: ModelRow,
    @Args(() => PageArguments) page: PageArguments,
    @Arg('alias', () => String, { nullable: true, description: 'Moves of this alias only.' }) alias: string | undefined,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    const ofModel = eq(aliasChange.modelId, row.id);
    return context.reads.page(aliasChanges, {
      ...page,
      where: (alias ? and(ofModel, eq(aliasChange.alias, alias)) : undefined) ?? ofModel,
    });
  }

  @Mutation(() => CreateModelPayload, { description: 'Creates a model without versions.' })
  async createModel(
    @Arg('input', () => CreateModelInput, { description: 'What to create.' }) input: CreateModelInput,
    @Ctx() context: ModelsContext,
  ): Promise<CreateModelPayload> {
    const wanted = parseInput(modelInput, input);
    const id = newId('mod');
    await context.mutate(
      { action: 'createModel', noun: 'Model', verb: 'create', subjectId: id, details: { name: wanted.name } },
      (tx) => insertModel(tx, { id, ...context.ownership, ...wanted }),
    );
    return { model: await context.reads.byId(models, id) };
  }
}
