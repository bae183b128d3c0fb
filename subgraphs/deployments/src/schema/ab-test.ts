import { PlatformError, refused } from '@falaj/runtime';
import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { checkDesign } from '../domain/ab-test/design.js';
import { planTest } from '../domain/ab-test/sample-size.js';
import { abTestResult, resultNow } from '../store/ab-test-result.js';
import { runningFacts } from '../store/deploy.js';
import { type AbTestRow, abTests, type EndpointRow, endpoints } from '../store/governed.js';
import { loadRevisions } from '../store/load-revisions.js';
import { abTest } from '../store/rollout-tables.js';
import { assertUnsplit, clearSplit, putSplit } from '../store/rollout-writes.js';
import { activateRevision, lockEndpoint } from '../store/writes.js';
import {
  AbTest,
  AbTestConnection,
  AbTestFilter,
  AbTestPayload,
  AbTestPlan,
  AbTestResult,
  CreateAbTestInput,
  PlanAbTestInput,
  StopAbTestInput,
} from './ab-test-types.js';
import { attributesOf } from './add-revision.js';
import type { DeploymentsContext, Relation } from './context.js';
import { endpointOf } from './endpoint-of.js';
import { Endpoint } from './endpoint-types.js';

const metric = {
  outcome: z.string().min(1).max(200),
  kind: z.enum(['PROPORTION', 'MEAN']),
  better: z.enum(['INCREASE', 'DECREASE']),
};
const method = z.enum(['FIXED_HORIZON', 'ALWAYS_VALID']);
const createInput = z.object({
  endpointId: z.string().min(1),
  name: z.string().min(1).max(200),
  variants: z.array(z.object({ name: z.string(), revision: z.int().positive(), weight: z.int() })).max(20),
  control: z.string().min(1),
  metric: z.object(metric),
  method,
  horizon: z.int(),
  alpha: z.number(),
  power: z.number(),
  minimumEffect: z.number(),
  guardrails: z.array(z.object({ ...metric, margin: z.number() })).max(20),
});
const share = z.number().gt(0).lt(1);
const planInput = z.object({
  kind: metric.kind,
  baseline: z.number(),
  deviation: z.number().positive().nullish(),
  minimumEffect: z.number().positive(),
  method,
  alpha: z.number().gt(0).lt(0.5),
  power: z.number().gt(0.5).lt(1),
  treatmentShare: share,
});
const stopInput = z
  .object({
    abTestId: z.string().min(1),
    decision: z.enum(['PROMOTE', 'KEEP']),
    variant: z.string().nullish(),
    override: z.boolean(),
    reason: z.string().min(1).max(2000),
  })
  .refine(
    ({ decision, variant }) => (decision === 'PROMOTE') === Boolean(variant),
    'PROMOTE needs a variant, KEEP none',
  );

@Resolver(() => AbTest)
export class AbTestResolver {
  @Query(() => AbTest, { nullable: true, description: 'An A/B test by id.' })
  abTest(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: DeploymentsContext) {
    return context.reads.required(abTests, id);
  }

  @Query(() => AbTestConnection, { description: 'A/B tests of all endpoints, newest first.' })
  abTests(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => AbTestFilter, { nullable: true, description: 'Restriction.' }) filter:
      | AbTestFilter
      | undefined,
    @Ctx() context: DeploymentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(abTests, {
      ...page,
      filters: [
        ...(filter?.state ? [{ field: 'state' as const, condition: eq(abTest.state, filter.state as never) }] : []),
        ...(filter?.zone ? [{ field: 'zone' as const, condition: eq(abTest.zone, filter.zone) }] : []),
        ...(filter?.name ? [{ field: 'name' as const, condition: eq(abTest.name, filter.name) }] : []),
      ],
    });
  }

  @Attribute(() => Endpoint, 'internal', 'Endpoint on whose traffic it runs.')
  endpoint(@Root() row: AbTestRow, @Ctx() context: DeploymentsContext): Promise<Relation<unknown>> {
    return endpointOf(context, row.endpointId);
  }

  @Query(() => AbTestPlan, { nullable: true, description: 'How many subjects an A/B test needs.' })
  planAbTest(
    @Arg('input', () => PlanAbTestInput, { description: 'What is known.' }) input: PlanAbTestInput,
  ): AbTestPlan {
    const { control, treatment } = planTest(parseInput(planInput, input));
    return { control, treatment, total: control + treatment };
  }

  @Attribute(
    () => AbTestResult,
    'internal',
    'What may be said now; of a stopped test, what was said when it was stopped.',
  )
  result(@Root() row: AbTestRow, @Ctx() context: DeploymentsContext) {
    // A rule of its own may withhold the design; without it nothing can be said.
    if (row.result || !row.design) return row.result;
    return context.transaction((tx) => abTestResult(tx, row));
  }

  @Mutation(() => AbTestPayload, {
    description: 'Starts an A/B test: each subject sticks to a variant, and its first exposure is recorded.',
  })
  async createAbTest(
    @Arg('input', () => CreateAbTestInput, { description: 'The design.' }) input: CreateAbTestInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<AbTestPayload> {
    const { endpointId, name, ...design } = parseInput(createInput, input);
    checkDesign(design);
    const { routes } = context.services;
    const row = await context.reads.required(endpoints, endpointId);
    const id = newId('abt');
    await context.mutate(
      {
        action: 'createAbTest',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { abTestId: id, name, design },
        prepare: () => {
          const revisions = design.variants.map(({ revision }) => revision);
          return loadRevisions(context, endpointId, revisions);
        },
      },
      async (tx) => {
        const record = await lockEndpoint(tx, endpointId);
        await assertUnsplit(tx, endpointId);
        await tx
          .insert(abTest)
          .values({ ...context.ownership, id, zone: record.zone, endpointId, name, state: 'RUNNING', design });
        await putSplit(tx, context.ownership, record, {
          kind: 'AB_TEST',
          studyId: id,
          salt: id,
          variants: design.variants,
          exposureKey: id,
        });
        await routes.announce(tx, endpointId);
      },
    );
    await routes.refresh(endpointId);
    return { abTest: await context.reads.byId(abTests, id) };
  }

  @Mutation(() => AbTestPayload, {
    description:
      'Stops an A/B test and keeps its result. A variant is promoted only where the verdict names it the winner, or by override.',
  })
  async stopAbTest(
    @Arg('input', () => StopAbTestInput, { description: 'The decision.' }) input: StopAbTestInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<AbTestPayload> {
    const { abTestId, decision, variant, override, reason } = parseInput(stopInput, input);
    const { host, routes } = context.services;
    const row = await context.reads.required(abTests, abTestId);
    const endpoint = await context.reads.required(endpoints, row.endpointId ?? '');
    const endpointId = endpoint.id ?? '';
    await context.mutate(
      {
        action: 'stopAbTest',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, endpoint),
        subjectId: endpointId,
        details: { abTestId, decision, variant: variant ?? null, override, reason },
        // Seconds of reading for millions of subjects: not while the endpoint is locked against a rollback.
        prepare: () => context.transaction((tx) => resultNow(tx, abTestId)),
      },
      async (tx, audit, result) => {
        const record = await lockEndpoint(tx, endpointId);
        const [own] = await tx.select().from(abTest).where(eq(abTest.id, abTestId)).for('update');
        if (own?.state !== 'RUNNING' || !result)
          throw refused({
            rule: 'DECIDE_WHAT_RUNS',
            found: `an A/B test that is ${own?.state}`,
            limit: 'RUNNING',
            whatToDo: 'start another test; this one was stopped before',
          });
        audit.subject(endpointId, { verdict: result.verdict, winner: result.winner });
        if (decision === 'PROMOTE' && variant) {
          const chosen = own.design.variants.find(({ name }) => name === variant);
          if (!chosen) throw new PlatformError('BAD_USER_INPUT', `The A/B test has no variant ${variant}.`);
          if (result.winner !== variant && !override) {
            const { verdict, winner, reasons } = result;
            throw refused(
              {
                rule: 'PROMOTE_THE_WINNER',
                found: `variant ${variant} where the verdict is ${verdict}: ${reasons.join(' ')}`,
                limit: winner ? `the winner, ${winner}` : 'a winner',
                whatToDo: 'decide KEEP, or promote it with override',
              },
              'PRECONDITION_FAILED',
              { verdict, winner, reasons },
            );
          }
          if (chosen.revision !== record.revision) {
            const loaded = await host.load(record, chosen.revision);
            await activateRevision(tx, record, chosen.revision, runningFacts(loaded), 'PROMOTED', context.principal.id);
          }
        }
        await clearSplit(tx, endpointId);
        await tx
          .update(abTest)
          .set({ state: 'STOPPED', decision, stopReason: reason, stoppedAt: new Date(), result })
          .where(eq(abTest.id, abTestId));
        await routes.announce(tx, endpointId);
      },
    );
    await routes.refresh(endpointId);
    return { abTest: await context.reads.byId(abTests, abTestId) };
  }
}

@Resolver(() => Endpoint)
export class EndpointAbTestsResolver {
  @Attribute(() => AbTestConnection, 'internal', 'Its A/B tests, newest first.')
  abTests(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(abTests, abTest.endpointId, row.id, page);
  }
}
