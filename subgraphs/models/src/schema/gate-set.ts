import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq, isNull } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Query, Resolver, Root } from 'type-graphql';
import { digestOf } from '../domain/canonical.js';
import { type CurrentGates, gateSetInput, protectionInput } from '../domain/gate-set.js';
import { currentGates, insertGateSet, insertProtection, protectedAliases } from '../store/gates.js';
import { modelNamed } from '../store/lookups.js';
import { aliasProtections, type GateSetRow, gateSets } from '../store/promotion-governed.js';
import { gateSet } from '../store/promotion-tables.js';
import type { ModelsContext } from './context.js';
import {
  GateSet,
  GateSetConnection,
  Gates,
  SetGateSetInput,
  SetGateSetPayload,
  SetProtectedAliasesInput,
  SetProtectedAliasesPayload,
} from './gate-types.js';

export const shownGates = ({ scope, revision, digest, definition }: CurrentGates): Gates => ({
  scope,
  revision,
  digest,
  ...definition,
});

@Resolver(() => GateSet)
export class GateSetResolver {
  @Query(() => Gates, { description: 'The gates that count for a model now, or for every model without its own.' })
  async gates(
    @Arg('modelName', () => String, { nullable: true, description: 'Model.' }) modelName: string | undefined,
    @Ctx() context: ModelsContext,
  ): Promise<Gates> {
    const modelId = modelName ? (await modelNamed(context, modelName)).id : null;
    return shownGates(await context.transaction((tx) => currentGates(tx, modelId)));
  }

  @Query(() => GateSetConnection, { description: 'Revisions of gates, newest first.' })
  gateSets(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('modelName', () => String, {
      nullable: true,
      description: 'Of this model; absent for the default of the workspace.',
    })
    modelName: string | undefined,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    const condition = modelName ? eq(gateSet.modelName, modelName) : isNull(gateSet.modelName);
    return context.reads.page(gateSets, { ...page, filters: [{ field: 'modelName', condition }] });
  }

  @Query(() => [String], { description: 'Aliases that move by promotion only.' })
  async protectedAliases(@Ctx() context: ModelsContext): Promise<readonly string[]> {
    return context.transaction(protectedAliases);
  }

  @Mutation(() => SetGateSetPayload, {
    description: 'Sets what versions must meet from now on; promotions that wait must be requested anew.',
  })
  async setGateSet(
    @Arg('input', () => SetGateSetInput, { description: 'The whole set.' }) input: SetGateSetInput,
    @Ctx() context: ModelsContext,
  ): Promise<SetGateSetPayload> {
    const { modelName = null, ...definition } = parseInput(gateSetInput, withoutNulls(input));
    const id = newId('gts');
    const digest = digestOf(definition);
    await context.mutate(
      {
        action: 'setGateSet',
        noun: 'GateSet',
        verb: 'create',
        row: { workspaceId: context.principal.workspaceId, modelName },
        subjectId: id,
        details: { modelName, digest, definition },
        prepare: async () => (modelName === null ? null : (await modelNamed(context, modelName)).id),
      },
      async (tx, audit, modelId) => {
        const revision = await insertGateSet(tx, { id, ...context.ownership, modelId, modelName, definition, digest });
        audit.subject(id, { revision });
      },
    );
    return { gateSet: await context.reads.byId(gateSets, id) };
  }

  @Mutation(() => SetProtectedAliasesPayload, { description: 'Sets which aliases move by promotion only.' })
  async setProtectedAliases(
    @Arg('input', () => SetProtectedAliasesInput, { description: 'The whole list.' }) input: SetProtectedAliasesInput,
    @Ctx() context: ModelsContext,
  ): Promise<SetProtectedAliasesPayload> {
    const aliases = [...new Set(parseInput(protectionInput, input).aliases)];
    const id = newId('apr');
    await context.mutate(
      { action: 'setProtectedAliases', noun: 'AliasProtection', verb: 'create', subjectId: id, details: { aliases } },
      async (tx, audit) => {
        const before = await protectedAliases(tx);
        const revision = await insertProtection(tx, { id, ...context.ownership, aliases });
        audit.subject(id, { revision, before });
      },
    );
    return { protection: await context.reads.byId(aliasProtections, id) };
  }
}

@Resolver(() => GateSet)
export class GateSetGatesResolver {
  @Attribute(() => Gates, 'internal', 'What it asks.')
  gates(@Root() row: GateSetRow): Gates | null {
    if (!row.definition) return null;
    const scope = row.modelName ? 'MODEL' : 'WORKSPACE';
    return shownGates({ scope, revision: row.revision, digest: row.digest, definition: row.definition });
  }
}

/** An explicit null in an input means its default. */
const withoutNulls = (input: object): object =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
