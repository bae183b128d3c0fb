import { Attribute, JSONObject } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { RuleEffect } from './enums.js';
import { CreatePolicyRuleInput } from './policy-types.js';

export const RuleOutcome = {
  APPLIES: 'APPLIES',
  ROLE_NOT_HELD: 'ROLE_NOT_HELD',
  CONDITION_NOT_MET: 'CONDITION_NOT_MET',
  NOT_IN_FORCE: 'NOT_IN_FORCE',
  INVALID: 'INVALID',
} as const;
registerEnumType(RuleOutcome, {
  name: 'RuleOutcome',
  description: 'What became of a rule in a decision.',
  valuesConfig: {
    APPLIES: { description: 'It counts here.' },
    ROLE_NOT_HELD: { description: 'It is for roles that the principal does not hold.' },
    CONDITION_NOT_MET: { description: 'The row, or the principal, is not what it asks for.' },
    NOT_IN_FORCE: { description: 'Its time has not begun, or is over.' },
    INVALID: { description: 'It cannot be read: a denial of that kind denies everything it might speak of.' },
  },
});

export const VerdictOutcome = { ALWAYS: 'ALWAYS', NEVER: 'NEVER', DEPENDS: 'DEPENDS' } as const;
registerEnumType(VerdictOutcome, {
  name: 'VerdictOutcome',
  description: 'For which rows of a type something is allowed.',
  valuesConfig: {
    ALWAYS: { description: 'For all.' },
    NEVER: { description: 'For none.' },
    DEPENDS: { description: 'For those that meet conditions.' },
  },
});

@ObjectType({ description: 'A rule that speaks of what was asked.' })
export class ConsideredRule {
  @Attribute(() => ID, 'open', 'Rule.') ruleId!: string;
  @Attribute(() => RuleEffect, 'internal', 'What it does.') effect!: string;
  @Attribute(() => RuleOutcome, 'internal', 'What became of it.') outcome!: string;
  @Attribute(() => [String], 'internal', 'Roles that it is for; `*` for everyone signed in.') roles!: string[];
  @Attribute(() => JSONObject, 'internal', 'Condition on the row.') conditions!: Record<string, unknown> | null;
  @Attribute(() => String, 'internal', 'Code that callers are shown.') reason!: string;
}

@ObjectType({ description: 'One way in which it would be allowed; all that it names is needed together.' })
export class DecisionRemedy {
  @Attribute(() => ID, 'open', 'The rule that would allow it.') ruleId!: string;
  @Attribute(
    () => String,
    'internal',
    'Role to hold besides those held, see requestAccess, or `group:<id>` to belong to; null where none is missing.',
  )
  role!: string | null;
  @Attribute(() => JSONObject, 'internal', 'What the row would have to be; null where it is that already.')
  conditions!: Record<string, unknown> | null;
  @Attribute(() => [ID], 'internal', 'Denials that would have to go.') liftRuleIds!: string[];
}

@ObjectType({ description: 'What the policy decides, and why.' })
export class Decision {
  @Attribute(() => Boolean, 'open', 'Whether it is allowed.') allowed!: boolean;
  @Attribute(() => ID, 'internal', 'The rule that decides; null where none does.') ruleId!: string | null;
  @Attribute(() => String, 'internal', 'Code of that rule; NO_RULE where nothing allows it.') reason!: string;
  @Attribute(() => [ConsideredRule], 'internal', 'Every rule that speaks of it, denials first.')
  considered!: ConsideredRule[];
  @Attribute(
    () => [DecisionRemedy],
    'internal',
    'What would allow it, the shortest ways first; empty where it is allowed.',
  )
  remedies!: DecisionRemedy[];
}

@InputType({ description: 'A question to the policy.' })
export class ExplainDecisionInput {
  @Field(() => ID, { description: 'Principal of this workspace.' }) principalId!: string;
  @Field(() => String, { description: 'Action, e.g. `read`, `create`.' }) action!: string;
  @Field(() => String, { description: 'Type, e.g. `Endpoint`.' }) subject!: string;
  @Field(() => String, { nullable: true, description: 'Field of the type; absent for the row.' }) field?: string;
  @Field(() => JSONObject, {
    nullable: true,
    description:
      'Attributes of the row, and under the name of a relation a list of its rows; absent asks whether any row could be allowed.',
  })
  attributes?: Record<string, unknown>;
}

@ObjectType({ description: 'A verdict that would change.' })
export class VerdictChange {
  @Attribute(() => String, 'open', 'Type.') subject!: string;
  @Attribute(() => String, 'internal', 'Action.') action!: string;
  @Attribute(() => String, 'internal', 'Field; null for the row.') field!: string | null;
  @Attribute(() => VerdictOutcome, 'internal', 'As the rules are.') before!: string;
  @Attribute(() => VerdictOutcome, 'internal', 'As they would be.') after!: string;
  @Attribute(() => Int, 'internal', 'Rows that would be allowed and are not; null where they cannot be counted.')
  rowsGained!: number | null;
  @Attribute(() => Int, 'internal', 'Rows that are allowed and would not be; null where they cannot be counted.')
  rowsLost!: number | null;
}

@ObjectType({ description: 'Principals for whom the same would change.' })
export class AffectedPrincipals {
  @Attribute(() => [ID], 'open', 'Ids.') principalIds!: string[];
  @Attribute(() => [String], 'internal', 'Roles that they hold.') roles!: string[];
  @Attribute(() => [VerdictChange], 'internal', 'What would change.') changes!: VerdictChange[];
}

@ObjectType({ description: 'What a change of rules would do. Nothing was written.' })
export class PolicySimulation {
  @Attribute(() => Int, 'internal', 'Principals of the workspace that were asked about.') principals!: number;
  @Attribute(() => [AffectedPrincipals], 'internal', 'Groups of principals for whom something would change.')
  affected!: AffectedPrincipals[];
}

@InputType({ description: 'A change of rules to be tried.' })
export class SimulatePolicyInput {
  @Field(() => [CreatePolicyRuleInput], {
    nullable: true,
    description: 'Rules to add; one with the id of a rule in force takes its place.',
  })
  add?: CreatePolicyRuleInput[];
  @Field(() => [ID], { nullable: true, description: 'Rules of this workspace to retire.' }) retire?: string[];
  @Field(() => [ID], {
    nullable: true,
    description: 'Principals to ask about, 200 at most; default all who hold a role here, the first 200 by id.',
  })
  principalIds?: string[];
}
