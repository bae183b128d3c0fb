import { refused } from '@falaj/runtime';
import { Attribute, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { type EndpointRow, endpoints, type ShadowRow, shadows } from '../store/governed.js';
import { loadRevisions } from '../store/load-revisions.js';
import { shadow } from '../store/rollout-tables.js';
import { shadowReport } from '../store/shadow-report.js';
import { lockEndpoint } from '../store/writes.js';
import { attributesOf } from './add-revision.js';
import type { DeploymentsContext, Relation } from './context.js';
import { endpointOf } from './endpoint-of.js';
import { Endpoint } from './endpoint-types.js';
import { Shadow, ShadowConnection, ShadowPayload, ShadowReport, StartShadowInput } from './shadow-types.js';

const startInput = z.object({
  endpointId: z.string().min(1),
  revision: z.int().positive(),
  sampleRate: z.int().min(1).max(10_000),
  threshold: z.number(),
});

@Resolver(() => Shadow)
export class ShadowResolver {
  @Query(() => Shadow, { nullable: true, description: 'A shadow by id.' })
  shadow(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: DeploymentsContext) {
    return context.reads.required(shadows, id);
  }

  @Attribute(() => Endpoint, 'internal', 'Endpoint whose requests are copied.')
  endpoint(@Root() row: ShadowRow, @Ctx() context: DeploymentsContext): Promise<Relation<unknown>> {
    return endpointOf(context, row.endpointId);
  }

  @Attribute(() => ShadowReport, 'internal', 'How its answers differ from those that were given.')
  report(@Root() row: ShadowRow, @Ctx() context: DeploymentsContext): Promise<ShadowReport> {
    return context.transaction((tx) => shadowReport(tx, row.id));
  }

  @Mutation(() => ShadowPayload, {
    description: 'Copies requests of an endpoint to a revision; its answers are compared and thrown away.',
  })
  async startShadow(
    @Arg('input', () => StartShadowInput, { description: 'What to copy where.' }) input: StartShadowInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<ShadowPayload> {
    const { endpointId, ...wanted } = parseInput(startInput, input);
    const { routes } = context.services;
    const row = await context.reads.required(endpoints, endpointId);
    const id = newId('shd');
    await context.mutate(
      {
        action: 'startShadow',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { shadowId: id, ...wanted },
        prepare: () => loadRevisions(context, endpointId, [wanted.revision]),
      },
      async (tx) => {
        const record = await lockEndpoint(tx, endpointId);
        const active = and(eq(shadow.endpointId, endpointId), eq(shadow.state, 'ACTIVE'));
        const [other] = await tx.select({ id: shadow.id }).from(shadow).where(active);
        if (other)
          throw refused({
            rule: 'ONE_SHADOW',
            found: `shadow ${other.id} of this endpoint`,
            limit: 'one shadow at a time',
            whatToDo: 'stop it first by stopShadow',
          });
        await tx
          .insert(shadow)
          .values({ ...context.ownership, ...wanted, id, zone: record.zone, endpointId, state: 'ACTIVE' });
        await routes.announce(tx, endpointId);
      },
    );
    await routes.refresh(endpointId);
    return { shadow: await context.reads.byId(shadows, id) };
  }

  @Mutation(() => ShadowPayload, { description: 'Stops copying requests to a shadow; its report stays.' })
  async stopShadow(
    @Arg('id', () => ID, { description: 'Shadow.' }) id: string,
    @Ctx() context: DeploymentsContext,
  ): Promise<ShadowPayload> {
    const row = await context.reads.required(shadows, id);
    const endpoint = await context.reads.required(endpoints, row.endpointId ?? '');
    const endpointId = endpoint.id ?? '';
    await context.mutate(
      {
        action: 'stopShadow',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, endpoint),
        subjectId: endpointId,
        details: { shadowId: id },
      },
      async (tx) => {
        await tx
          .update(shadow)
          .set({ state: 'STOPPED', stoppedAt: new Date() })
          .where(and(eq(shadow.id, id), eq(shadow.state, 'ACTIVE')));
        await context.services.routes.announce(tx, endpointId);
      },
    );
    await context.services.routes.refresh(endpointId);
    return { shadow: await context.reads.byId(shadows, id) };
  }
}

@Resolver(() => Endpoint)
export class EndpointShadowsResolver {
  @Attribute(() => ShadowConnection, 'internal', 'Its shadows, newest first.')
  shadows(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(shadows, shadow.endpointId, row.id, page);
  }
}
