import { Attribute, DateTime, JSONObject } from '@falaj/subgraph-kit';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { RuleEffect } from './enums.js';

@ObjectType({ description: 'A rule that comes with the platform.' })
export class BuiltInRule {
  @Attribute(() => ID, 'open', 'Id, as decisions name it.') id!: string;
  @Attribute(() => RuleEffect, 'internal', 'What it does.') effect!: string;
  @Attribute(() => [String], 'internal', 'Actions; `*` for every one.') actions!: string[];
  @Attribute(() => String, 'internal', 'Type that it speaks of; `*` for every one.') subject!: string;
  @Attribute(() => [String], 'internal', 'Fields; null for the whole row, or see `classes`.') fields!: string[] | null;
  @Attribute(() => [String], 'internal', 'Classes of fields.') classes!: string[] | null;
  @Attribute(() => JSONObject, 'internal', 'Condition on attributes of the row.') conditions!: Record<
    string,
    unknown
  > | null;
  @Attribute(() => [String], 'internal', 'Roles that it applies to; `*` for everyone signed in.') roles!: string[];
  @Attribute(() => String, 'internal', 'Code that callers are shown.') reason!: string;
}

@ObjectType({ description: 'What one built-in rule does for a role.' })
export class RoleGrant {
  @Attribute(() => ID, 'open', 'Rule.') ruleId!: string;
  @Attribute(() => RuleEffect, 'internal', 'What it does.') effect!: string;
  @Attribute(() => [String], 'internal', 'Actions; `*` for every one.') actions!: string[];
  @Attribute(() => String, 'internal', 'Type; `*` for every one.') subject!: string;
  @Attribute(() => [String], 'internal', 'Fields; null for the whole row, or see `classes`.') fields!: string[] | null;
  @Attribute(() => [String], 'internal', 'Classes of fields.') classes!: string[] | null;
  @Attribute(() => Boolean, 'internal', 'Whether it holds for some rows only.') conditional!: boolean;
  @Attribute(() => String, 'internal', 'Code that callers are shown.') reason!: string;
}

@ObjectType({ description: 'A role that principals can hold.' })
export class RoleInfo {
  @Attribute(() => String, 'open', 'Name, as grantRole takes it.') name!: string;
  @Attribute(() => String, 'internal', 'What it is for.') description!: string;
  @Attribute(() => [RoleGrant], 'internal', 'What the built-in rules give it.') grants!: RoleGrant[];
}

@InputType({ description: 'A rule for this workspace. It can widen or narrow what the built-in rules say.' })
export class CreatePolicyRuleInput {
  @Field(() => ID, { description: 'Id of your choice; that of a rule in force makes its next version.' }) id!: string;
  @Field(() => RuleEffect, { description: 'What it does.' }) effect!: 'ALLOW' | 'DENY';
  @Field(() => [String], { description: 'Actions, e.g. `read`; `*` for every one.' }) actions!: string[];
  @Field(() => String, { description: 'Type, or `*`.' }) subject!: string;
  @Field(() => [String], { nullable: true, description: 'Fields or patterns such as `owner*`; excludes `classes`.' })
  fields?: string[];
  @Field(() => [String], {
    nullable: true,
    description: 'Classes of fields: open, internal, sensitive, pii, secret, platform.',
  })
  classes?: string[];
  @Field(() => JSONObject, { nullable: true, description: 'Condition, e.g. `{"zone": "AE"}`.' }) conditions?: Record<
    string,
    unknown
  >;
  @Field(() => [String], { description: 'Roles, groups as `group:<id>`, or `*` for everyone signed in.' })
  roles!: string[];
  @Field(() => String, { description: 'Code in capitals that callers are shown, e.g. `PII_RESTRICTED`.' })
  reason!: string;
  @Field(() => DateTime, { nullable: true, description: 'From when it counts; default at once.' }) validFrom?: Date;
  @Field(() => DateTime, { nullable: true, description: 'Until when it counts; default for ever.' }) validTo?: Date;
}

@InputType({ description: 'A rule to retire.' })
export class RetirePolicyRuleInput {
  @Field(() => ID, { description: 'Id of the rule.' }) id!: string;
}
