import { Attribute, type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Query, Resolver, Root } from 'type-graphql';
import { poolInput, usageInput } from '../../domain/costs/cost-input.js';
import { type CostSum, costSums } from '../../store/costs/spending.js';
import { type ComputePoolRow, computePools, usageRecord, usageRecords } from '../../store/costs/tables.js';
import { recordUsage, savePool } from '../../store/costs/writes.js';
import { defaultZone } from '../../store/incidents/reads.js';
import type { GovernanceContext } from '../context.js';
import {
  ComputePool,
  ComputePoolConnection,
  ComputePoolPayload,
  type Cost,
  CostLine,
  CostsInput,
  RecordUsageInput,
  SetComputePoolInput,
  UnitPrice,
  UsageFilter,
  UsagePayload,
  UsageRecord,
  UsageRecordConnection,
} from './cost-types.js';

@Resolver(() => ComputePool)
export class ComputePoolResolver {
  @Query(() => ComputePoolConnection, { description: 'Compute pools of the workspace, newest first.' })
  computePools(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(computePools, page);
  }

  @Attribute(() => [UnitPrice], 'internal', 'Prices by unit.')
  prices(@Root() row: ComputePoolRow): UnitPrice[] {
    return Object.entries(row.prices ?? {}).map(([unit, price]) => ({ unit, price }));
  }

  @Mutation(() => ComputePoolPayload, { description: 'Sets a pool and its prices; what was charged before stays.' })
  async setComputePool(
    @Arg('input', () => SetComputePoolInput, { description: 'The pool.' }) input: SetComputePoolInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ComputePoolPayload> {
    const pool = parseInput(poolInput, input);
    const id = await context.mutate(
      { action: 'setComputePool', noun: 'ComputePool', verb: 'set', details: { pool } },
      async (tx, audit) => {
        const saved = await savePool(tx, context.ownership, pool);
        audit.subject(saved);
        return saved;
      },
    );
    return { computePool: await context.reads.byId(computePools, id) };
  }
}

@Resolver(() => UsageRecord)
export class UsageRecordResolver {
  @Query(() => UsageRecordConnection, { description: 'Usage records of the workspace, newest first.' })
  usageRecords(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => UsageFilter, { nullable: true, description: 'Restriction.' }) filter: UsageFilter | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    const { subjectType, subjectId, pool } = filter ?? {};
    return context.reads.page(usageRecords, {
      ...page,
      filters: [
        ...(subjectType
          ? [{ field: 'subjectType' as const, condition: eq(usageRecord.subjectType, subjectType) }]
          : []),
        ...(subjectId ? [{ field: 'subjectId' as const, condition: eq(usageRecord.subjectId, subjectId) }] : []),
        ...(pool ? [{ field: 'pool' as const, condition: eq(usageRecord.pool, pool) }] : []),
      ],
    });
  }

  @Query(() => [CostLine], { description: 'What was spent, added up, dearest first; at most 1 000 lines.' })
  async costs(
    @Arg('input', () => CostsInput, { description: 'The report.' }) input: CostsInput,
    @Ctx() context: GovernanceContext,
  ): Promise<CostLine[]> {
    const sums = await context.transaction((tx) => costSums(tx, input));
    return sums.map((sum) => ({ key: sum.key, cost: shownCost(sum) }));
  }

  @Mutation(() => UsagePayload, {
    description: 'Records what a run or an endpoint used, once for each key, at the price of now.',
  })
  async recordUsage(
    @Arg('input', () => RecordUsageInput, { description: 'The usage.' }) input: RecordUsageInput,
    @Ctx() context: GovernanceContext,
  ): Promise<UsagePayload> {
    const usage = parseInput(usageInput, input);
    const zone = await defaultZone(context);
    const { id, created } = await context.mutate(
      { action: 'recordUsage', noun: 'UsageRecord', verb: 'record', details: { key: usage.key, pool: usage.pool } },
      async (tx, audit) => {
        const recorded = await recordUsage(tx, context.ownership, zone, usage, new Date());
        audit.subject(recorded.id, { created: recorded.created });
        return recorded;
      },
    );
    return { usageRecord: await context.reads.byId(usageRecords, id), created };
  }
}

export const shownCost = ({ cost, currency, records, unpricedRecords }: CostSum): Cost => ({
  amount: cost,
  currency,
  records,
  unpricedRecords,
});
