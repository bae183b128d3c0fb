import { retentionPolicy, type RetentionPolicy as StoredPolicy, setRetentionPolicy } from '@falaj/audit';
import { retentionFloor } from '@falaj/policy';
import { refused } from '@falaj/runtime';
import { Attribute, DateTime, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { workspaceCategories } from '../store/compliance/graph-facts.js';
import type { GovernanceContext } from './context.js';

const MOST_DAYS = 40_000;
const days = z.int().min(1).max(MOST_DAYS);
const retentionInput = z.object({ recordDays: days, readDays: days, reason: z.string().trim().min(3).max(1_000) });

@ObjectType({ description: 'A rule on how long records must be kept. Not legal advice: have it confirmed.' })
export class RetentionRule {
  @Attribute(() => ID, 'open', 'Its id.') id!: string;
  @Attribute(() => String, 'internal', 'Regime.') regime!: string;
  @Attribute(() => String, 'internal', 'Category of data of the workspace that makes it bind.') category!: string;
  @Attribute(() => Int, 'internal', 'Full years.') years!: number;
  @Attribute(() => String, 'internal', 'Text that it rests on.') source!: string;
  @Attribute(() => String, 'internal', 'TEXT: the law was read; SUMMARY: what others write of it; UNVERIFIED: neither.')
  basis!: string;
  @Attribute(() => String, 'internal', 'Day of its last review, ISO 8601.') asOf!: string;
}

@ObjectType({
  description:
    'How long the workspace keeps audit records and read events in the database. What is older is exported, verified, and only then dropped, hourly, where the operator names a folder for it.',
})
export class RetentionPolicy {
  @Attribute(() => Int, 'internal', 'Days of audit records; null = they are never dropped.', { nullable: true })
  recordDays!: number | null;
  @Attribute(() => Int, 'internal', 'Days of read events; null = they are never dropped.', { nullable: true })
  readDays!: number | null;
  @Attribute(() => ID, 'internal', 'Id of who set it.', { nullable: true }) setBy!: string | null;
  @Attribute(() => DateTime, 'internal', 'When.', { nullable: true }) setAt!: Date | null;
  @Attribute(() => Int, 'internal', 'The fewest days that the rules allow for the data of the workspace.')
  minimumDays!: number;
  @Attribute(() => [RetentionRule], 'internal', 'These rules.') rules!: readonly RetentionRule[];
  @Attribute(
    () => Boolean,
    'internal',
    'Whether `audit.archiveFolder` is configured, without which nothing is dropped.',
  )
  archives!: boolean;
}

@InputType({ description: 'How long to keep.' })
export class SetRetentionPolicyInput {
  @Field(() => Int, { description: `Days of audit records, 1 to ${MOST_DAYS}.` }) recordDays!: number;
  @Field(() => Int, { description: `Days of read events, 1 to ${MOST_DAYS}.` }) readDays!: number;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@ObjectType({ description: 'Result of setRetentionPolicy.' })
export class RetentionPolicyPayload {
  @Attribute(() => RetentionPolicy, 'open', 'The policy as it is now.', { nullable: true })
  retentionPolicy!: RetentionPolicy;
}

@Resolver(() => RetentionPolicy)
export class RetentionResolver {
  @Query(() => RetentionPolicy, { nullable: true, description: 'How long the workspace keeps its records.' })
  async retentionPolicy(@Ctx() context: GovernanceContext): Promise<RetentionPolicy> {
    context.ability.authorize('read', 'RetentionPolicy');
    const { workspaceId } = context.principal;
    return shown(context, await context.transaction((tx) => retentionPolicy(tx, workspaceId)));
  }

  @Mutation(() => RetentionPolicyPayload, {
    description: 'Sets how long the workspace keeps its records; never shorter than the rules for its data ask.',
  })
  async setRetentionPolicy(
    @Arg('input', () => SetRetentionPolicyInput, { description: 'How long, and why.' }) input: SetRetentionPolicyInput,
    @Ctx() context: GovernanceContext,
  ): Promise<RetentionPolicyPayload> {
    const { recordDays, readDays, reason } = parseInput(retentionInput, input);
    const { workspaceId, id } = context.principal;
    const stored = await context.mutate(
      {
        action: 'setRetentionPolicy',
        noun: 'RetentionPolicy',
        verb: 'update',
        row: { workspaceId },
        subjectId: workspaceId,
        details: { recordDays, readDays, justification: reason },
        prepare: async () => retentionFloor(await workspaceCategories(context)),
      },
      async (tx, _audit, floor) => {
        const shortest = Math.min(recordDays, readDays);
        if (shortest < floor.days)
          throw refused({
            rule: floor.rules.toSorted((one, other) => other.years - one.years)[0]?.id ?? 'RETENTION',
            found: `${shortest} days`,
            limit: `at least ${floor.days} days`,
            whatToDo: 'keep them as long as the rules of `retentionPolicy` ask',
          });
        await setRetentionPolicy(tx, workspaceId, { recordDays, readDays, setBy: id });
        return retentionPolicy(tx, workspaceId);
      },
    );
    return { retentionPolicy: await shown(context, stored) };
  }
}

async function shown(context: GovernanceContext, stored: StoredPolicy | null): Promise<RetentionPolicy> {
  const floor = retentionFloor(await workspaceCategories(context));
  return {
    recordDays: stored?.recordDays ?? null,
    readDays: stored?.readDays ?? null,
    setBy: stored?.setBy ?? null,
    setAt: stored?.setAt ?? null,
    minimumDays: floor.days,
    rules: [...floor.rules],
    archives: context.services.archives ?? false,
  };
}
