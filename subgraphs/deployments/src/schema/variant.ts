import { Attribute, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { Arg, Args, Ctx, Mutation, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { checkVariants } from '../domain/rollout/assignment.js';
import { runningFacts } from '../store/deploy.js';
import { type EndpointRow, endpoints, revisionActivations, trafficSplits } from '../store/governed.js';
import { loadRevisions } from '../store/load-revisions.js';
import { revisionActivation, trafficSplit } from '../store/rollout-tables.js';
import { assertUnsplit, clearSplit, lastGoodRevision, putSplit, splitOf } from '../store/rollout-writes.js';
import { activateRevision, endpointRecord, endStudies, lockEndpoint } from '../store/writes.js';
import { addRevisionTo, attributesOf } from './add-revision.js';
import type { DeploymentsContext, Relation } from './context.js';
import { Endpoint, EndpointPayload } from './endpoint-types.js';
import {
  RevisionActivationConnection,
  RollbackEndpointInput,
  SplitTrafficInput,
  StageRevisionInput,
  StageRevisionPayload,
  TrafficSplit,
} from './variant-types.js';

const splitInput = z.object({
  endpointId: z.string().min(1),
  variants: z
    .array(
      z.object({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9 and -'),
        revision: z.int().positive(),
        weight: z.int().min(0).max(10_000),
      }),
    )
    .max(20),
});

const rollbackInput = z.object({
  endpointId: z.string().min(1),
  toRevision: z.int().positive().nullish(),
  reason: z.string().min(1).max(2000),
});

@Resolver(() => Endpoint)
export class VariantResolver {
  @Attribute(
    () => TrafficSplit,
    'internal',
    'How its traffic is split; null where all of it goes to the live revision.',
  )
  trafficSplit(@Root() row: EndpointRow, @Ctx() context: DeploymentsContext): Promise<Relation<unknown>> {
    return context.load('TrafficSplit by endpoint', row.id, (ids) =>
      context.reads.byColumn(trafficSplits, trafficSplit.endpointId, ids),
    );
  }

  @Attribute(() => RevisionActivationConnection, 'internal', 'Which revisions were live, newest first.')
  liveHistory(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(revisionActivations, revisionActivation.endpointId, row.id, page);
  }

  @Mutation(() => StageRevisionPayload, {
    description:
      'Makes a revision of a model version under the same checks as createEndpoint. It answers nobody until it gets a share of the traffic.',
  })
  async stageRevision(
    @Arg('input', () => StageRevisionInput, { description: 'What to stage.' }) input: StageRevisionInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<StageRevisionPayload> {
    const revision = await addRevisionTo(context, 'stageRevision', input, async () => undefined);
    return { endpoint: await context.reads.byId(endpoints, input.endpointId), revision };
  }

  @Mutation(() => EndpointPayload, {
    description: 'Divides the traffic over revisions by weight; the same subject always gets the same variant.',
  })
  async splitTraffic(
    @Arg('input', () => SplitTrafficInput, { description: 'The split.' }) input: SplitTrafficInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<EndpointPayload> {
    const { endpointId, variants } = parseInput(splitInput, input);
    const { routes } = context.services;
    const row = await context.reads.required(endpoints, endpointId);
    await context.mutate(
      {
        action: 'splitTraffic',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { variants },
        prepare: async () => {
          if (variants.length > 0) checkVariants(variants);
          await loadRevisions(
            context,
            endpointId,
            variants.map(({ revision }) => revision),
          );
        },
      },
      async (tx) => {
        const record = await lockEndpoint(tx, endpointId);
        const split = await splitOf(tx, endpointId);
        if (split?.kind !== 'MANUAL') await assertUnsplit(tx, endpointId);
        // The salt stays, so that new weights move as few subjects as they can.
        const salt = split?.salt ?? endpointId;
        if (variants.length === 0) await clearSplit(tx, endpointId);
        else
          await putSplit(tx, context.ownership, record, {
            kind: 'MANUAL',
            studyId: null,
            salt,
            variants,
            exposureKey: null,
          });
        await routes.announce(tx, endpointId);
      },
    );
    await routes.refresh(endpointId);
    return { endpoint: await context.reads.byId(endpoints, endpointId) };
  }

  @Mutation(() => EndpointPayload, {
    description:
      'Sends all traffic back to the last good revision in one call; a running rollout or A/B test ends. No request fails meanwhile.',
  })
  async rollbackEndpoint(
    @Arg('input', () => RollbackEndpointInput, { description: 'Where to, and why.' }) input: RollbackEndpointInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<EndpointPayload> {
    const { endpointId, toRevision, reason } = parseInput(rollbackInput, input);
    const { host, routes } = context.services;
    const row = await context.reads.required(endpoints, endpointId);
    await context.mutate(
      {
        action: 'rollbackEndpoint',
        noun: 'Endpoint',
        verb: 'rollback',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { reason },
        // Normally at hand, for past live revisions stay loaded; while one is loaded nobody waits for the endpoint.
        prepare: async () => {
          const record = await context.transaction((tx) => endpointRecord(tx, endpointId));
          const target = toRevision ?? (await context.transaction((tx) => lastGoodRevision(tx, record)));
          return { target, loaded: await host.load(record, target) };
        },
      },
      async (tx, audit, ready) => {
        const record = await lockEndpoint(tx, endpointId);
        const target = toRevision ?? (await lastGoodRevision(tx, record));
        await endStudies(tx, endpointId, `Rolled back: ${reason}`);
        if (target !== record.revision) {
          const loaded = target === ready.target ? ready.loaded : await host.load(record, target);
          await activateRevision(tx, record, target, runningFacts(loaded), 'ROLLED_BACK', context.principal.id);
        }
        await routes.announce(tx, endpointId);
        audit.subject(endpointId, { from: record.revision, to: target });
      },
    );
    await routes.refresh(endpointId);
    return { endpoint: await context.reads.byId(endpoints, endpointId) };
  }
}
