import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Mutation, Resolver, Root } from 'type-graphql';
import { directMove, removeAliasInput, rollbackAliasInput, setAliasInput } from '../domain/alias.js';
import { rollbackAlias, rollbackTarget } from '../store/alias-rollback.js';
import { protectedAliases } from '../store/gates.js';
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
  RollbackModelAliasInput,
  SetModelAliasInput,
  SetModelAliasPayload,
} from './model-types.js';

@Resolver(() => ModelAlias)
export class ModelAliasResolver {
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
    const { modelName, alias, version, ...asked } = parseInput(setAliasInput, input);
    const prepare = () => directAlias(context, modelName, alias, asked);
    const aliasId = await context.mutate(
      {
        action: 'setModelAlias',
        noun: 'ModelAlias',
        verb: asked.breakGlass ? 'breakGlass' : 'setAlias',
        row: rowOf(context, modelName, alias),
        details: { modelName, alias, version, ...asked },
        prepare,
      },
      async (tx, audit, { of, why }) => {
        const moved = await moveAlias(tx, of, version, why);
        audit.subject(moved.aliasId, { modelVersionId: moved.modelVersionId, cause: why.cause });
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
    const { modelName, alias, ...asked } = parseInput(removeAliasInput, input);
    const prepare = () => directAlias(context, modelName, alias, asked);
    const modelId = await context.mutate(
      {
        action: 'removeModelAlias',
        noun: 'ModelAlias',
        verb: asked.breakGlass ? 'breakGlass' : 'removeAlias',
        row: rowOf(context, modelName, alias),
        details: { modelName, alias, ...asked },
        prepare,
      },
      async (tx, audit, { of, why }) => {
        const removed = await removeAlias(tx, of, why);
        audit.subject(removed.aliasId, { modelVersionId: removed.modelVersionId, cause: why.cause });
        return of.modelId;
      },
    );
    return { model: await context.reads.byId(models, modelId) };
  }

  @Mutation(() => SetModelAliasPayload, {
    description:
      'Lets an alias stand again for a version that it stood for before; its bytes are verified first. No gate stands in the way: the version passed when it went live.',
  })
  async rollbackModelAlias(
    @Arg('input', () => RollbackModelAliasInput, { description: 'Alias.' }) input: RollbackModelAliasInput,
    @Ctx() context: ModelsContext,
  ): Promise<SetModelAliasPayload> {
    const { modelName, alias, version, reason } = parseInput(rollbackAliasInput, input);
    const isProtected = (await context.transaction(protectedAliases)).includes(alias);
    const aliasId = await context.mutate(
      {
        action: 'rollbackModelAlias',
        noun: 'ModelAlias',
        verb: isProtected ? 'rollbackProtected' : 'rollback',
        row: rowOf(context, modelName, alias),
        details: { modelName, alias, version: version ?? null, reason },
        prepare: async () => {
          const of = await aliasOf(context, modelName, alias);
          const target = await context.transaction((tx) => rollbackTarget(tx, of, version ?? null));
          const { artifactKey, digest, zone, workspaceId } = target.version;
          await context.platform.vault.get(artifactKey, digest, { workspaceId, zone }, context.pluginCall(zone));
          return { of, target };
        },
      },
      async (tx, audit, { of, target }) => {
        const moved = await rollbackAlias(tx, of, target, reason);
        audit.subject(moved.aliasId, { from: target.from, modelVersionId: moved.modelVersionId });
        return moved.aliasId;
      },
    );
    return { alias: await context.reads.byId(modelAliases, aliasId) };
  }
}

@Resolver(() => AliasChange)
export class AliasChangeResolver {
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

/** The alias and why it moves, where a direct move is allowed. */
async function directAlias(
  context: ModelsContext,
  modelName: string,
  alias: string,
  asked: { readonly reason: string | null; readonly breakGlass: boolean },
) {
  const of = await aliasOf(context, modelName, alias);
  const why = directMove(alias, (await context.transaction(protectedAliases)).includes(alias), asked);
  return { of, why };
}

async function aliasOf(context: ModelsContext, modelName: string, alias: string): Promise<AliasOf> {
  const { id: modelId } = await modelNamed(context, modelName);
  const { workspaceId, id: byId, name: by } = context.principal;
  return { workspaceId, modelId, modelName, alias, byId, by };
}
