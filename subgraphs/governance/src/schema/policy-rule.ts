import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  JSONObject,
  PageArguments,
  parseInput,
} from '@falaj/subgraph-kit';
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { checkRule, groupsOf, policyRuleInput } from '../policy/policy-rule.js';
import { grantsOf, roles } from '../policy/roles.js';
import { type PolicyRuleRow, policyRules, principals } from '../store/governed.js';
import { requireGroups } from '../store/group-reads.js';
import { rule } from '../store/tables.js';
import type { GovernanceContext } from './context.js';
import { RuleEffect } from './enums.js';
import { BuiltInRule, CreatePolicyRuleInput, RetirePolicyRuleInput, RoleInfo } from './policy-types.js';

@ObjectType({
  description: 'One version of a rule of this workspace. Versions never change; a rule counts until it is retired.',
})
export class PolicyRule {
  @Attribute(() => ID, 'open', 'Id; the same for all versions.') id!: string;
  @Attribute(() => Int, 'internal', 'Version, from 1.') version!: number;
  @Attribute(() => RuleEffect, 'internal', 'What it does; a denial overrides every permission.') effect!: string;
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
  @Attribute(() => DateTime, 'internal', 'From when it counts.') validFrom!: Date | null;
  @Attribute(() => DateTime, 'internal', 'Until when it counts.') validTo!: Date | null;
  @Attribute(() => ID, 'internal', 'Id of the principal who wrote it.') authorId!: string;
  @Attribute(() => DateTime, 'internal', 'When it was written.') createdAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When it was retired; null while it counts.') retiredAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(() => String, 'pii', 'Name of the principal who wrote it.') author!: unknown;
}

const PolicyRuleConnection = connectionOf(() => PolicyRule, 'PolicyRule');

@InputType({ description: 'Restricts rules.' })
export class PolicyRuleFilter {
  @Field(() => String, { nullable: true, description: 'Type that they speak of.' }) subject?: string;
  @Field(() => RuleEffect, { nullable: true, description: 'What they do.' }) effect?: 'ALLOW' | 'DENY';
}

@ObjectType({ description: 'Result of createPolicyRule or retirePolicyRule.' })
export class PolicyRulePayload {
  @Attribute(() => PolicyRule, 'open', 'The newest version of the rule.', { nullable: true }) policyRule!: unknown;
}

@Resolver(() => PolicyRule)
export class PolicyRuleResolver {
  @Query(() => PolicyRuleConnection, {
    description: 'Rules of this workspace, newest first; they count beside the built-in ones.',
  })
  policyRules(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => PolicyRuleFilter, { nullable: true, description: 'Restriction.' }) filter:
      | PolicyRuleFilter
      | undefined,
    @Arg('withRetired', () => Boolean, { defaultValue: false, description: 'Also versions that no longer count.' })
    withRetired: boolean,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(policyRules, {
      ...page,
      ...(withRetired ? {} : { where: isNull(rule.retiredAt) as SQL }),
      filters: [
        ...(filter?.subject ? [{ field: 'subject' as const, condition: eq(rule.subject, filter.subject) }] : []),
        ...(filter?.effect ? [{ field: 'effect' as const, condition: eq(rule.effect, filter.effect) }] : []),
      ],
    });
  }

  @Query(() => [BuiltInRule], { description: 'Rules that come with the platform and hold in every workspace.' })
  builtInRules(@Ctx() context: GovernanceContext): BuiltInRule[] {
    return context.services.rules.map((each) => ({
      id: each.id,
      effect: each.effect,
      actions: [...each.actions],
      subject: each.subject,
      fields: each.fields ? [...each.fields] : null,
      classes: each.classes ? [...each.classes] : null,
      conditions: each.conditions ? { ...each.conditions } : null,
      roles: [...each.roles],
      reason: each.reason,
    }));
  }

  @Query(() => [RoleInfo], { description: 'Roles, with what the built-in rules grant them.' })
  roles(@Ctx() context: GovernanceContext): RoleInfo[] {
    return roles.map((role) => ({
      ...role,
      grants: grantsOf(role.name, context.services.rules) as RoleInfo['grants'],
    }));
  }

  @FieldResolver()
  async author(@Root() row: PolicyRuleRow, @Ctx() context: GovernanceContext): Promise<string | null> {
    // The column behind this field is the author's id: null where the policy withholds the name.
    if (!row.author) return null;
    return (await context.load('Principal', row.author, (ids) => context.reads.byIds(principals, ids)))?.name ?? null;
  }

  @Mutation(() => PolicyRulePayload, {
    description:
      'Adds a rule, or the next version of one. It counts within a second. Everything wrong with it is answered at once.',
  })
  async createPolicyRule(
    @Arg('input', () => CreatePolicyRuleInput, { description: 'The rule.' }) input: CreatePolicyRuleInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PolicyRulePayload> {
    const given = parseInput(policyRuleInput, input);
    const { policyStore } = context.services;
    const { workspaceId, id: author } = context.principal;
    await context.mutate(
      {
        action: 'createPolicyRule',
        noun: 'PolicyRule',
        verb: 'create',
        subjectId: given.id,
        details: { rule: given },
        prepare: () => requireGroups(context, groupsOf([given])),
      },
      async (tx, audit) => {
        const { id, version } = await policyStore.createRule(
          tx,
          workspaceId,
          checkRule(given, policyStore.catalog),
          author,
        );
        audit.subject(id, { version });
      },
    );
    return newest(context, given.id);
  }

  @Mutation(() => PolicyRulePayload, {
    description: 'Retires a rule of this workspace: it no longer counts and stays on record.',
  })
  async retirePolicyRule(
    @Arg('input', () => RetirePolicyRuleInput, { description: 'Which rule.' }) { id }: RetirePolicyRuleInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PolicyRulePayload> {
    await context.mutate({ action: 'retirePolicyRule', noun: 'PolicyRule', verb: 'retire', subjectId: id }, (tx) =>
      context.services.policyStore.retireRule(tx, context.principal.workspaceId, id),
    );
    return newest(context, id);
  }
}

async function newest(context: GovernanceContext, id: string): Promise<PolicyRulePayload> {
  const { edges } = await context.reads.page(policyRules, { first: 1, where: and(eq(rule.id, id)) as SQL });
  return { policyRule: edges[0]?.node ?? null };
}
