// What happens to endpoints abroad once the transfer instrument that they rest on has ended.
import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, InputType, Int, Mutation, ObjectType, Query, Resolver, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { onInstrumentEnd, type PlacementPolicy as Policy } from '../domain/instrument-end.js';
import { placementPolicyOf, savePlacementPolicy } from '../store/placement-policy.js';
import type { DeploymentsContext } from './context.js';

const OnInstrumentEnd = { DRAIN: 'DRAIN', INCIDENT: 'INCIDENT' } as const;
registerEnumType(OnInstrumentEnd, {
  name: 'OnInstrumentEnd',
  description:
    'What happens to what serves by an instrument that ended. An incident is opened and nothing new is loaded either way.',
  valuesConfig: {
    DRAIN: { description: 'It stops answering after the grace.' },
    INCIDENT: { description: 'It goes on until people decide.' },
  },
});

@ObjectType({ description: 'What happens to endpoints whose transfer instrument has ended.' })
export class PlacementPolicy {
  @Attribute(() => OnInstrumentEnd, 'internal', 'Whether they stop by themselves.') onInstrumentEnd!: string;
  @Attribute(() => Int, 'internal', 'Minutes from the end until they stop.') graceMinutes!: number;
}

@InputType({ description: 'What happens to endpoints whose transfer instrument has ended, from now on.' })
export class SetPlacementPolicyInput {
  @Field(() => OnInstrumentEnd, { description: 'Whether they stop by themselves.' })
  onInstrumentEnd!: Policy['onInstrumentEnd'];
  @Field(() => Int, { description: 'Minutes from the end until they stop, 0 to 43,200.', defaultValue: 60 })
  graceMinutes!: number;
}

@ObjectType({ description: 'Result of setPlacementPolicy.' })
export class PlacementPolicyPayload {
  @Attribute(() => PlacementPolicy, 'open', 'The policy that holds now.') placementPolicy!: Policy;
}

const policyInput = z.object({
  onInstrumentEnd: z.enum(onInstrumentEnd),
  graceMinutes: z.int().min(0).max(43_200),
});

@Resolver()
export class PlacementPolicyResolver {
  @Query(() => PlacementPolicy, { description: 'What happens to endpoints whose transfer instrument has ended.' })
  placementPolicy(@Ctx() context: DeploymentsContext): Promise<Policy> {
    return context.transaction((tx) => placementPolicyOf(tx, context.principal.workspaceId));
  }

  @Mutation(() => PlacementPolicyPayload, {
    description: 'Sets what happens to endpoints whose transfer instrument has ended; also to those in their grace.',
  })
  async setPlacementPolicy(
    @Arg('input', () => SetPlacementPolicyInput, { description: 'The policy.' }) input: SetPlacementPolicyInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<PlacementPolicyPayload> {
    const policy = parseInput(policyInput, input);
    const { workspaceId } = context.principal;
    await context.mutate(
      {
        action: 'setPlacementPolicy',
        noun: 'PlacementPolicy',
        verb: 'set',
        subjectId: workspaceId,
        details: { policy },
      },
      (tx) => savePlacementPolicy(tx, workspaceId, policy),
    );
    return { placementPolicy: policy };
  }
}
