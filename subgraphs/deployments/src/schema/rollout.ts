import { refused } from '@falaj/runtime';
import { Attribute, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { checkPlan } from '../domain/rollout/canary.js';
import { runningFacts } from '../store/deploy.js';
import { type EndpointRow, endpoints, type RolloutRow, rollouts } from '../store/governed.js';
import { loadRevisions } from '../store/load-revisions.js';
import { stepOf } from '../store/rollout-controller.js';
import { rollout } from '../store/rollout-tables.js';
import { assertUnsplit, clearSplit, putSplit } from '../store/rollout-writes.js';
import { activateRevision, endpointRecord, lockEndpoint, revisionOf } from '../store/writes.js';
import { attributesOf } from './add-revision.js';
import type { DeploymentsContext } from './context.js';
import { Endpoint } from './endpoint-types.js';
import {
  PromoteRolloutInput,
  Rollout,
  RolloutConnection,
  RolloutPayload,
  RolloutStep,
  StartRolloutInput,
} from './rollout-types.js';

const limit = z.number().min(0);
const startInput = z.object({
  endpointId: z.string().min(1),
  candidateRevision: z.int().positive(),
  steps: z
    .array(z.object({ weight: z.int(), minimumSeconds: z.int().min(0).max(2_592_000), minimumSamples: z.int().min(0) }))
    .max(50),
  guardrails: z
    .array(
      z.discriminatedUnion('metric', [
        z.object({ metric: z.literal('ERROR_RATE'), limit }),
        z.object({ metric: z.literal('LATENCY_P95'), limit: z.number().min(1) }),
        z.object({ metric: z.literal('SCORE_SHIFT'), limit: limit.max(1) }),
        z.object({
          metric: z.literal('BUSINESS_METRIC'),
          limit,
          outcome: z.string().min(1).max(200),
          kind: z.enum(['PROPORTION', 'MEAN']),
          better: z.enum(['INCREASE', 'DECREASE']),
        }),
      ]),
    )
    .max(20),
  alpha: z.number(),
  stepTimeoutSeconds: z.int().max(2_592_000),
});
const promoteInput = z.object({ rolloutId: z.string().min(1), reason: z.string().min(1).max(2000) });

@Resolver(() => Rollout)
export class RolloutResolver {
  @Query(() => Rollout, { nullable: true, description: 'A rollout by id.' })
  rollout(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: DeploymentsContext) {
    return context.reads.required(rollouts, id);
  }

  @Attribute(() => [RolloutStep], 'internal', 'Its steps.')
  steps(@Root() row: RolloutRow): readonly RolloutStep[] | null {
    return row.plan?.steps ?? null;
  }

  @Mutation(() => RolloutPayload, {
    description:
      'Starts a canary. The platform steps it up and promotes it while the guardrails hold, and rolls it back by itself as soon as one is proved broken.',
  })
  async startRollout(
    @Arg('input', () => StartRolloutInput, { description: 'The plan.' }) input: StartRolloutInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<RolloutPayload> {
    const { endpointId, candidateRevision, ...plan } = parseInput(startInput, input);
    checkPlan(plan);
    const { routes } = context.services;
    const row = await context.reads.required(endpoints, endpointId);
    const id = newId('rol');
    await context.mutate(
      {
        action: 'startRollout',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { rolloutId: id, candidateRevision, plan },
        prepare: () => loadRevisions(context, endpointId, [candidateRevision]),
      },
      async (tx) => {
        const record = await lockEndpoint(tx, endpointId);
        await assertUnsplit(tx, endpointId);
        await revisionOf(tx, endpointId, candidateRevision);
        if (candidateRevision === record.revision)
          throw refused({
            rule: 'ROLLOUT_OF_ANOTHER_REVISION',
            found: `revision ${candidateRevision}, which is live already`,
            limit: 'a revision that is not live',
            whatToDo: 'make one by stageRevision',
          });
        const own = { id, candidateRevision, baselineRevision: record.revision, plan };
        await tx.insert(rollout).values({
          ...context.ownership,
          ...own,
          zone: record.zone,
          endpointId,
          state: 'RUNNING',
          stepStartedAt: new Date(),
          reason: 'It has just begun.',
        });
        const [variants, exposureKey] = stepOf(own, 0);
        await putSplit(tx, context.ownership, record, {
          kind: 'ROLLOUT',
          studyId: id,
          salt: id,
          variants,
          exposureKey,
        });
        await routes.announce(tx, endpointId);
      },
    );
    await routes.refresh(endpointId);
    return { rollout: await context.reads.byId(rollouts, id) };
  }

  @Mutation(() => RolloutPayload, {
    description: 'Makes the candidate of a running rollout live at once, whatever its guardrails say.',
  })
  async promoteRollout(
    @Arg('input', () => PromoteRolloutInput, { description: 'Which, and why.' }) input: PromoteRolloutInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<RolloutPayload> {
    const { rolloutId, reason } = parseInput(promoteInput, input);
    const { host, routes } = context.services;
    const row = await context.reads.required(rollouts, rolloutId);
    const endpoint = await context.reads.required(endpoints, row.endpointId ?? '');
    const endpointId = endpoint.id ?? '';
    await context.mutate(
      {
        action: 'promoteRollout',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, endpoint),
        subjectId: endpointId,
        details: { rolloutId, reason },
        prepare: async () => {
          const record = await context.transaction((tx) => endpointRecord(tx, endpointId));
          return host.load(record, row.candidateRevision ?? 0);
        },
      },
      async (tx, _audit, loaded) => {
        const record = await lockEndpoint(tx, endpointId);
        const [own] = await tx.select().from(rollout).where(eq(rollout.id, rolloutId)).for('update');
        if (own?.state !== 'RUNNING')
          throw refused({
            rule: 'PROMOTE_WHAT_RUNS',
            found: `a rollout that is ${own?.state}`,
            limit: 'RUNNING',
            whatToDo: 'start another rollout; this one has ended',
          });
        await tx
          .update(rollout)
          .set({ state: 'PROMOTED', reason, decidedAt: new Date(), leaseOwner: null, leaseUntil: null })
          .where(eq(rollout.id, rolloutId));
        await clearSplit(tx, endpointId);
        await activateRevision(
          tx,
          record,
          own.candidateRevision,
          runningFacts(loaded),
          'PROMOTED',
          context.principal.id,
        );
        await routes.announce(tx, endpointId);
      },
    );
    await routes.refresh(endpointId);
    return { rollout: await context.reads.byId(rollouts, rolloutId) };
  }
}

@Resolver(() => Endpoint)
export class EndpointRolloutsResolver {
  @Attribute(() => RolloutConnection, 'internal', 'Its rollouts, newest first.')
  rollouts(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(rollouts, rollout.endpointId, row.id, page);
  }
}
