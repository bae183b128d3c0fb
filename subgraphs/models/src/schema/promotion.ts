import { PlatformError } from '@falaj/runtime';
import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { aliasName } from '../domain/alias.js';
import { decisionInput, promotionRequestInput } from '../domain/approval.js';
import { failedOf } from '../domain/promotion-checks.js';
import { evaluatePromotion } from '../store/evaluate-promotion.js';
import { type ModelVersionRow, modelAliases, modelVersions } from '../store/governed.js';
import { type PromotionRow, promotionDecisions, promotions } from '../store/promotion-governed.js';
import { promotion, promotionDecision } from '../store/promotion-tables.js';
import {
  approvePromotion,
  missingFor,
  type PromotionRecord,
  promotionSubject,
  rejectPromotion,
  requestPromotion,
} from '../store/promotion-writes.js';
import { modelAlias } from '../store/tables.js';
import type { ModelsContext, Relation } from './context.js';
import { shownGates } from './gate-set.js';
import { ModelVersion } from './model-types.js';
import {
  Promotion,
  PromotionConnection,
  PromotionDecision,
  PromotionDecisionInput,
  PromotionEvaluation,
  PromotionFilter,
  PromotionResult,
  RequestPromotionInput,
} from './promotion-types.js';

/** More decisions than any gate set asks for. */
const MAX_DECISIONS = 100;

@Resolver(() => Promotion)
export class PromotionResolver {
  @Query(() => Promotion, { nullable: true, description: 'A promotion by id.' })
  promotion(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ModelsContext) {
    return context.reads.required(promotions, id);
  }

  @Query(() => PromotionConnection, { description: 'Promotions, newest first.' })
  promotions(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => PromotionFilter, { nullable: true, description: 'Restriction.' }) filter:
      | PromotionFilter
      | undefined,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(promotions, {
      ...page,
      filters: [
        ...(filter?.modelVersionId
          ? [{ field: 'modelVersionId' as const, condition: eq(promotion.modelVersionId, filter.modelVersionId) }]
          : []),
        ...(filter?.state ? [{ field: 'state' as const, condition: eq(promotion.state, filter.state as never) }] : []),
      ],
    });
  }

  @Query(() => PromotionEvaluation, {
    description: 'Judges a version for an alias by what is stored, without storing anything.',
  })
  async evaluatePromotion(
    @Arg('modelVersionId', () => ID, { description: 'Version.' }) modelVersionId: string,
    @Arg('alias', () => String, { description: 'Alias.' }) alias: string,
    @Ctx() context: ModelsContext,
  ): Promise<PromotionEvaluation> {
    const wanted = parseInput(z.object({ alias: aliasName }), { alias });
    await context.reads.required(modelVersions, modelVersionId);
    const { checks, gates } = await evaluatePromotion(context, modelVersionId, wanted.alias);
    return { modelVersionId, alias, gates: shownGates(gates), passed: failedOf(checks).length === 0, checks };
  }

  @Attribute(() => ModelVersion, 'internal', 'Version.')
  async modelVersion(@Root() row: PromotionRow, @Ctx() context: ModelsContext): Promise<Relation<ModelVersion> | null> {
    return context.load('ModelVersion', row.modelVersionId, (ids) =>
      context.reads.byIds(modelVersions, ids),
    ) as Promise<Relation<ModelVersion> | null>;
  }

  @Attribute(() => [PromotionDecision], 'internal', 'Decisions, the last first.')
  async decisions(@Root() row: PromotionRow, @Ctx() context: ModelsContext): Promise<unknown[]> {
    const page = await context.load('Promotion.decisions', row.id, (ids) =>
      context.reads.pagesByParent(promotionDecisions, promotionDecision.promotionId, ids, MAX_DECISIONS),
    );
    return page.edges.map((edge) => edge.node);
  }

  @Mutation(() => PromotionResult, {
    description:
      'Asks that an alias stands for a version. Judged by the gates of the model on stored facts: blocked with every failed check, waiting for approvals, or done.',
  })
  async requestPromotion(
    @Arg('input', () => RequestPromotionInput, { description: 'What is asked.' }) input: RequestPromotionInput,
    @Ctx() context: ModelsContext,
  ): Promise<typeof PromotionResult> {
    const { modelVersionId, alias, reason } = parseInput(promotionRequestInput, input);
    const version = await context.reads.required(modelVersions, modelVersionId);
    const id = newId('pro');
    await context.mutate(
      {
        action: 'requestPromotion',
        noun: 'Promotion',
        verb: 'request',
        row: attributesOf({
          workspaceId: context.principal.workspaceId,
          ownerId: context.principal.id,
          zone: version.zone ?? '',
          modelName: version.modelName ?? '',
          alias,
          state: 'PENDING',
        }),
        subjectId: id,
        details: { modelVersionId, alias, reason },
        prepare: () => evaluatePromotion(context, modelVersionId, alias),
      },
      async (tx, audit, evaluated) => {
        const state = await requestPromotion(tx, context.principal, { id, alias, reason }, evaluated);
        audit.subject(id, { state, gateDigest: evaluated.gates.digest, failed: failedOf(evaluated.checks) });
      },
    );
    return settled(context, id);
  }

  @Mutation(() => PromotionResult, {
    description:
      'Approves a promotion; the last approval that is needed moves the alias, once every check holds again. Nobody who trained, registered or requested may approve.',
  })
  async approvePromotion(
    @Arg('input', () => PromotionDecisionInput, { description: 'Decision.' }) input: PromotionDecisionInput,
    @Ctx() context: ModelsContext,
  ): Promise<typeof PromotionResult> {
    const decision = parseInput(decisionInput, input);
    await context.reads.required(promotions, decision.promotionId);
    const subject = await context.transaction((tx) => promotionSubject(tx, decision.promotionId));
    await context.mutate(
      {
        action: 'approvePromotion',
        noun: 'Promotion',
        verb: 'approve',
        row: attributesOf(subject),
        subjectId: decision.promotionId,
        details: { ...decision },
        prepare: () => evaluatePromotion(context, subject.modelVersionId, subject.alias),
      },
      async (tx, audit, evaluated) => {
        const state = await approvePromotion(tx, context.principal, decision, evaluated);
        audit.subject(decision.promotionId, { state, binding: evaluated.binding });
      },
    );
    return settled(context, decision.promotionId);
  }

  @Mutation(() => PromotionResult, { description: 'Refuses a promotion that waits for approvals.' })
  async rejectPromotion(
    @Arg('input', () => PromotionDecisionInput, { description: 'Decision.' }) input: PromotionDecisionInput,
    @Ctx() context: ModelsContext,
  ): Promise<typeof PromotionResult> {
    const decision = parseInput(decisionInput, input);
    await context.reads.required(promotions, decision.promotionId);
    const subject = await context.transaction((tx) => promotionSubject(tx, decision.promotionId));
    await context.mutate(
      {
        action: 'rejectPromotion',
        noun: 'Promotion',
        verb: 'reject',
        row: attributesOf(subject),
        subjectId: decision.promotionId,
        details: { ...decision },
      },
      async (tx) => {
        await rejectPromotion(tx, context.principal, decision, subject.modelId);
      },
    );
    return settled(context, decision.promotionId);
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionPromotionsResolver {
  @Attribute(() => PromotionConnection, 'internal', 'Its promotions, newest first.')
  promotions(
    @Root() row: ModelVersionRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ModelsContext,
  ) {
    return context.children(promotions, promotion.modelVersionId, row.id, page);
  }
}

/** What conditions of rules may mention. */
const attributesOf = ({
  workspaceId,
  zone,
  modelName,
  alias,
  state,
  ownerId,
}: Pick<PromotionRecord, 'workspaceId' | 'zone' | 'modelName' | 'alias' | 'state' | 'ownerId'>) => ({
  workspaceId,
  zone,
  modelName,
  alias,
  state,
  ownerId,
});

const NEXT: Readonly<Record<string, string>> = {
  REJECTED: 'meet what the reason names and request a new promotion',
  EXPIRED: 'request a new promotion and have it approved in time',
  INVALIDATED: 'request a new promotion; it is judged by what counts now',
};

async function settled(context: ModelsContext, id: string): Promise<typeof PromotionResult> {
  const { state, checks, missing, standing } = await context.transaction(async (tx) => {
    const [row] = await tx.select().from(promotion).where(eq(promotion.id, id));
    if (!row) throw new PlatformError('NOT_FOUND', 'Promotion not found.', { details: { type: 'Promotion' } });
    const [alias] = await tx
      .select({ id: modelAlias.id })
      .from(modelAlias)
      .where(and(eq(modelAlias.modelId, row.modelId), eq(modelAlias.alias, row.alias)));
    return { ...row, missing: await missingFor(tx, id), standing: alias?.id };
  });
  const shown = await context.reads.byId(promotions, id);
  if (state === 'DONE')
    return {
      __typename: 'PromotionDone',
      promotion: shown,
      alias: standing ? await context.reads.byId(modelAliases, standing) : null,
    };
  if (state === 'PENDING') return { __typename: 'PromotionPending', promotion: shown, missing };
  if (state === 'BLOCKED') return { __typename: 'PromotionBlocked', promotion: shown, failed: failedOf(checks) };
  return { __typename: 'PromotionClosed', promotion: shown, whatToDo: NEXT[state] ?? '' };
}
