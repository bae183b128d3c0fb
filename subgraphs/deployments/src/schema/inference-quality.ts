// Labels that come late, and what they say of the answers.
import { PlatformError } from '@falaj/runtime';
import { Attribute, DateTime, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Int, Mutation, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { type EndpointRow, endpoints } from '../store/governed.js';
import { recordLabels } from '../store/inference-labels.js';
import { inferenceQuality } from '../store/inference-quality.js';
import { attributesOf } from './add-revision.js';
import type { DeploymentsContext } from './context.js';
import { Endpoint } from './endpoint-types.js';
import {
  InferenceQuality,
  QualityGrouping,
  RecordLabelsInput,
  RecordLabelsPayload,
} from './inference-quality-types.js';

const labelsInput = z.object({
  endpointId: z.string().min(1),
  labels: z
    .array(
      z.object({
        inferenceId: z.string().min(1).max(100),
        row: z.int().min(0).max(1_000_000),
        value: z.number(),
        at: z.date().nullish(),
      }),
    )
    .min(1)
    .max(10_000),
});

const DAY_SECONDS = 86_400;
const MOST_BUCKETS = 1_000;

@Resolver(() => Endpoint)
export class EndpointQualityResolver {
  @Attribute(
    () => [InferenceQuality],
    'internal',
    'How good its answers were over time, oldest first; only answers that were written down and labelled count.',
  )
  quality(
    @Root() row: EndpointRow,
    @Arg('from', () => DateTime, { description: 'Begin of the first span.' }) from: Date,
    @Arg('to', () => DateTime, { nullable: true, description: 'End; default now.' }) to: Date | undefined,
    @Arg('bucketSeconds', () => Int, { defaultValue: DAY_SECONDS, description: 'Length of a span; default a day.' })
    bucketSeconds: number,
    @Arg('by', () => QualityGrouping, { defaultValue: 'VERSION', description: 'What counts together.' })
    by: 'VERSION' | 'VARIANT',
    @Ctx() context: DeploymentsContext,
  ): Promise<InferenceQuality[]> {
    const end = to ?? new Date();
    const spans = Math.ceil((end.getTime() - from.getTime()) / 1_000 / bucketSeconds);
    if (!(bucketSeconds >= 1 && spans >= 1 && spans <= MOST_BUCKETS))
      throw new PlatformError(
        'BAD_USER_INPUT',
        `quality: from ${from.toISOString()} to ${end.toISOString()} are ${spans} spans of ${bucketSeconds} s; expected 1 to ${MOST_BUCKETS}. Choose a longer bucketSeconds or a shorter time.`,
      );
    return context.transaction((tx) =>
      inferenceQuality(tx, { endpointId: row.id, from, to: end, bucketSeconds, by }, context.smallestGroup),
    );
  }

  @Mutation(() => RecordLabelsPayload, {
    description:
      'Records what was true of inferences. A label may come before its record or long after it; of two for one row the later known one stands.',
  })
  async recordLabels(
    @Arg('input', () => RecordLabelsInput, { description: 'Labels.' }) input: RecordLabelsInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<RecordLabelsPayload> {
    const { endpointId, labels } = parseInput(labelsInput, input);
    const row = await context.reads.required(endpoints, endpointId);
    const { workspaceId } = context.principal;
    const now = new Date();
    return context.mutate(
      {
        action: 'recordLabels',
        noun: 'Endpoint',
        verb: 'recordOutcome',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { labels: labels.length },
      },
      async (tx, audit) => {
        const counts = await recordLabels(
          tx,
          { id: endpointId, workspaceId, zone: row.zone ?? '' },
          labels.map((label) => ({ ...label, at: label.at ?? now })),
        );
        audit.subject(endpointId, { ...counts });
        return counts;
      },
    );
  }
}
