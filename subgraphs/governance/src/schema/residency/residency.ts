import { decideResidency, residencyRules } from '@falaj/policy';
import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, ID, InputType, ObjectType, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { instrumentsInForce } from '../../store/residency/instruments.js';
import type { GovernanceContext } from '../context.js';

@ObjectType({
  description:
    'One rule of law on where data may be stored and processed: a parameter for counsel to confirm, not legal advice.',
})
export class ResidencyRule {
  @Attribute(() => ID, 'open', 'Id, as refusals name it.') id!: string;
  @Attribute(() => String, 'internal', 'Law or regulation.') regime!: string;
  @Attribute(() => String, 'internal', 'Category of data.') category!: string;
  @Attribute(() => String, 'internal', 'Zone whose data it binds; `EU` for every member.') dataZone!: string;
  @Attribute(() => [String], 'internal', 'Zones that need no instrument.') allowedZones!: string[];
  @Attribute(() => [String], 'internal', 'What would open other zones when recorded.') instruments!: string[];
  @Attribute(() => String, 'internal', 'Text that it rests on.') source!: string;
  @Attribute(
    () => String,
    'internal',
    'TEXT: the law was read; SUMMARY: what others write about it; UNVERIFIED: neither.',
  )
  basis!: string;
  @Attribute(() => String, 'internal', 'Day of the last review, `YYYY-MM-DD`.') asOf!: string;
}

@ObjectType({ description: 'Whether data may go to a zone, and by which rule.' })
export class ResidencyDecision {
  @Attribute(() => Boolean, 'open', 'Whether it may.') allowed!: boolean;
  @Attribute(
    () => ID,
    'internal',
    'The rule that refuses, or the strictest that applies; WORKSPACE_ZONES or NO_KNOWN_REGIME where none does.',
  )
  ruleId!: string;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => [String], 'internal', 'Zones that every applicable rule allows.') allowedZones!: string[];
  @Attribute(() => [String], 'internal', 'Types of instruments that would change the answer.') instruments!: string[];
  @Attribute(() => [ID], 'internal', 'Recorded instruments without which it would be refused.') reliesOn!: string[];
  @Attribute(() => String, 'internal', 'Text that the rule rests on.') source!: string;
}

@InputType({ description: 'A question of residency.' })
export class ExplainResidencyInput {
  @Field(() => String, { description: 'Zone in which the data arose, e.g. `AE`.' }) dataZone!: string;
  @Field(() => [String], { description: 'Categories: none, personal, sensitive, health, banking, government.' })
  categories!: string[];
  @Field(() => String, { description: 'Zone to which it would go.' }) targetZone!: string;
  @Field(() => String, { description: 'What would be done there, e.g. `deploy`.' }) operation!: string;
}

const question = z.object({
  dataZone: z.string(),
  categories: z.array(z.string()).min(1),
  targetZone: z.string(),
  operation: z.string().min(1),
});

@Resolver()
export class ResidencyResolver {
  @Query(() => [ResidencyRule], { description: 'All rules of residency, with their sources.' })
  residencyRules(): ResidencyRule[] {
    return residencyRules.map((rule) => ({
      ...rule,
      allowedZones: [...rule.allowedZones],
      instruments: [...rule.instruments],
    }));
  }

  @Query(() => ResidencyDecision, { description: 'What the platform would decide, without doing anything.' })
  async explainResidency(
    @Arg('input', () => ExplainResidencyInput, { description: 'The question.' }) input: ExplainResidencyInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ResidencyDecision> {
    const { zones, workspaceId } = context.principal;
    const instruments = await context.transaction((tx) => instrumentsInForce(tx, workspaceId));
    const decision = decideResidency({ ...parseInput(question, input), workspaceZones: zones, instruments });
    return {
      ...decision,
      allowedZones: [...decision.allowedZones],
      instruments: [...decision.instruments],
      reliesOn: decision.reliesOn.map(({ id }) => id),
    };
  }
}
