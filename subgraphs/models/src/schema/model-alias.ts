import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { removeAliasInput, setAliasInput } from '../domain/alias.js';
import { type AliasChangeRow, type ModelAliasRow, modelAliases, models, modelVersions } from '../store/governed.js';
import { modelNamed } from '../store/lookups.js';
import { type AliasOf, moveAlias, removeAlias } from '../store/writes.js';
import type { ModelsContext, Relation } from './context.js';
import {
  AliasChange,
  ModelAlias,
  ModelVersion,
  RemoveModelAliasInput,
  RemoveModelAliasPayload,
  SetModelAliasInput,
  SetModelAliasPayload,
} from './model-types.js';

@Resolver(() => ModelAlias)
export class ModelAliasResolver {
  @FieldResolver(() => ModelVersion, { nullable: true })
  @Attribute(() => ModelVersion, 'internal', 'Version that it stands for.')
  version(@Root() row: ModelAliasRow, @Ctx() context: ModelsContext): Promise<Relation<ModelVersion> | null> {
    return versionOf(context, row.modelVersionId);
  }

  @Mutation(() => SetModelAliasPayload, {
    description: 'Lets an alias stand for a version, in one step; where it does already, nothing changes.',
  })
  async setModelAlias(
    @Arg('input', () => SetModelAliasInput, { description: 'Alias and version.' }) input: SetModelAliasInput,
    @Ctx() context: ModelsContext,
  ): Promise<SetModelAliasPayload> {
    const { modelName, alias, version } = parseInput(setAliasInput, input);
    const prepare = () => aliasOf(context, modelName, alias);
    const aliasId = await context.mutate(
      {
        action: 'setModelAlias',
        noun: 'ModelAlias',
        verb: 'setAlias',
        row: rowOf(context, modelName, alias),
        details: { modelName, alias, version },
        prepare,
      },
      async (tx, audit, of) => {
        const moved = await moveAlias(tx, of, version);
        audit.subject(moved.aliasId, { modelVersionId: moved.modelVersionId });
        return moved.aliasId;
      },
    );
    return { alias: await context.reads.byId(modelAliases, aliasId) };
  }

  @Mutation(() => RemoveModelAliasPayload, { description: 'Removes an alias; its history stays.' })
  async removeModelAlias(
    @Arg('input', () => RemoveModelAliasInput, { description: 'Alias.' }) input: RemoveModelAliasInput,
    @Ctx() context: ModelsContext,
  ): Promise<RemoveModelAliasPayload> {
    const { modelName, alias } = parseInput(removeAliasInput, input);
    const prepare = () => aliasOf(context, modelName, alias);
    const modelId = await context.mutate(
      {
        action: 'removeModelAlias',
        noun: 'ModelAlias',
        verb: 'removeAlias',
        row: rowOf(context, modelName, alias),
        details: { modelName, alias },
        prepare,
      },
      async (tx, audit, of) => {
        const removed = await removeAlias(tx, of);
        audit.subject(removed.aliasId, { modelVersionId: removed.modelVersionId });
        return of.modelId;
      },
    );
    return { model: await context.reads.byId(models, modelId) };
  }
}

@Resolver(() => AliasChange)
export class AliasChangeResolver {
  @FieldResolver(() => ModelVersion, { nullable: true })
  @Attribute(() => ModelVersion, 'internal', 'Version that it stands for since then, or stood for until then.')
  version(@Root() row: AliasChangeRow, @Ctx() context: ModelsContext): Promise<Relation<ModelVersion> | null> {
    return versionOf(context, row.modelVersionId);
  }
}

async function versionOf(context: ModelsContext, id: string | null): Promise<Relation<ModelVersion> | null> {
  if (id === null) return null;
  return context.load('ModelVersion', id, (ids) =>
    context.reads.byIds(modelVersions, ids),
  ) as Promise<Relation<ModelVersion> | null>;
}

/** What conditions of rules may mention of an alias that may not exist yet. */
const rowOf = (context: ModelsContext, modelName: string, alias: string) => ({
  workspaceId: context.principal.workspaceId,
  modelName,
  alias,
});

async function aliasOf(context: ModelsContext, modelName: string, alias: string): Promise<AliasOf> {
  const { id: modelId } = await modelNamed(context, modelName);
  const { workspaceId, id: byId, name: by } = context.principal;
  return { workspaceId, modelId, modelName, alias, byId, by };
}
