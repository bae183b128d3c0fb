import { parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { z } from 'zod';
import { MAX_SUBJECT } from '../inference/index.js';
import { endpoints } from '../store/governed.js';
import { saveOutcomes } from '../store/outcomes.js';
import { RecordAbOutcomesInput, RecordAbOutcomesPayload } from './ab-test-types.js';
import { attributesOf } from './add-revision.js';
import type { DeploymentsContext } from './context.js';

const outcomesInput = z.object({
  endpointId: z.string().min(1),
  outcomes: z
    .array(
      z
        .object({
          subject: z.string().min(1).max(MAX_SUBJECT).nullish(),
          inferenceId: z.string().min(1).max(100).nullish(),
          metric: z.string().min(1).max(200),
          value: z.number(),
          at: z.date().nullish(),
          key: z.string().min(1).max(200).nullish(),
        })
        .refine(
          ({ subject, inferenceId }) => Boolean(subject) !== Boolean(inferenceId),
          'exactly one of subject, inferenceId is needed',
        ),
    )
    .min(1)
    .max(10_000),
});

@Resolver()
export class AbOutcomesResolver {
  @Mutation(() => RecordAbOutcomesPayload, {
    description:
      'Records what became of subjects, for the A/B tests and rollouts of an endpoint. Only outcomes after the exposure count.',
  })
  async recordAbOutcomes(
    @Arg('input', () => RecordAbOutcomesInput, { description: 'Outcomes.' }) input: RecordAbOutcomesInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<RecordAbOutcomesPayload> {
    const { endpointId, outcomes } = parseInput(outcomesInput, input);
    const row = await context.reads.required(endpoints, endpointId);
    const { workspaceId } = context.principal;
    return context.mutate(
      {
        action: 'recordAbOutcomes',
        noun: 'Endpoint',
        verb: 'recordOutcome',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { outcomes: outcomes.length },
      },
      async (tx, audit) => {
        const counts = await saveOutcomes(tx, { id: endpointId, workspaceId, zone: row.zone ?? '' }, outcomes);
        audit.subject(endpointId, counts);
        return counts;
      },
    );
  }
}
