import { type ChangedGroup, explain, type Rule, simulate } from '@falaj/policy';
import { PlatformError, type Principal } from '@falaj/runtime';
import { parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { decisionInput, questionedRow } from '../policy/decision-question.js';
import { checkRule, groupsOf, policyRuleInput } from '../policy/policy-rule.js';
import { actors, membersOf } from '../store/actors.js';
import { requireGroups } from '../store/group-reads.js';
import { rowChanges } from '../store/policy-impact.js';
import type { GovernanceContext } from './context.js';
import {
  type AffectedPrincipals,
  Decision,
  ExplainDecisionInput,
  PolicySimulation,
  SimulatePolicyInput,
} from './policy-decision-types.js';

const MOST_PRINCIPALS = 200;

const simulationInput = z.object({
  add: z.array(policyRuleInput).max(50).nullish(),
  retire: z.array(z.string().min(1)).max(50).nullish(),
  principalIds: z.array(z.string().min(1)).min(1).max(MOST_PRINCIPALS).nullish(),
});

@Resolver()
export class PolicyDecisionResolver {
  @Query(() => Decision, {
    description:
      'What the policy would decide for a principal of this workspace, by which rule, and what would allow it. About others: for auditors and administrators.',
  })
  async explainDecision(
    @Arg('input', () => ExplainDecisionInput, { description: 'The question.' }) input: ExplainDecisionInput,
    @Ctx() context: GovernanceContext,
  ): Promise<Decision> {
    const question = parseInput(decisionInput, input);
    const { policyStore } = context.services;
    if (question.principalId !== context.principal.id) context.ability.authorize('explain', 'Decision');
    const row = questionedRow(question, policyStore.catalog);
    const [asked] = await actors(context, [question.principalId]);
    if (!asked) return { allowed: false, ruleId: null, reason: 'PRINCIPAL_DISABLED', considered: [], remedies: [] };
    const { considered, remedies, ...verdict } = explain(
      await policyStore.rulesOf(context.principal.workspaceId),
      {
        principal: asked,
        action: question.action,
        noun: question.subject,
        ...(row ? { row } : {}),
        ...(question.field ? { field: question.field } : {}),
      },
      policyStore.catalog,
    );
    return {
      ...verdict,
      considered: considered.map(({ rule, outcome }) => ({
        ruleId: rule.id,
        effect: rule.effect,
        outcome,
        roles: [...rule.roles],
        conditions: rule.conditions ?? null,
        reason: rule.reason,
      })),
      remedies: remedies.map(({ conditions, liftRuleIds, ...way }) => ({
        ...way,
        conditions: conditions ?? null,
        liftRuleIds: [...liftRuleIds],
      })),
    };
  }

  @Query(() => PolicySimulation, {
    description:
      'What a change of rules would do, for whom and to how many rows of this workspace, without making it. For auditors and administrators.',
  })
  async simulatePolicy(
    @Arg('input', () => SimulatePolicyInput, { description: 'The change.' }) input: SimulatePolicyInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PolicySimulation> {
    context.ability.authorize('simulate', 'PolicyRule');
    const wanted = parseInput(simulationInput, input);
    const { policyStore } = context.services;
    const rules = await policyStore.rulesOf(context.principal.workspaceId);
    const add = (wanted.add ?? []).map((each) => checkRule(each, policyStore.catalog));
    await requireGroups(context, groupsOf(add));
    const retire = wanted.retire ?? [];
    assertChangeable(context, rules, add, retire);
    const ids = wanted.principalIds ?? (await membersOf(context, MOST_PRINCIPALS));
    const asked = (await actors(context, ids)).filter((each): each is Principal => each !== undefined);
    const groups = simulate({ rules, add, retire }, asked, policyStore.catalog);
    const affected: AffectedPrincipals[] = [];
    for (const group of groups) affected.push(await shown(context, group));
    return { principals: asked.length, affected };
  }
}

function assertChangeable(
  { services }: GovernanceContext,
  rules: readonly Rule[],
  add: readonly Rule[],
  retire: readonly string[],
): void {
  const builtIn = new Set(services.rules.map(({ id }) => id));
  const own = new Set(rules.map(({ id }) => id).filter((id) => !builtIn.has(id)));
  for (const { id } of add)
    if (builtIn.has(id))
      throw new PlatformError('BAD_USER_INPUT', `input.add: "${id}" is a built-in rule; choose another id.`);
  for (const id of retire)
    if (!own.has(id))
      throw new PlatformError(
        'BAD_USER_INPUT',
        `input.retire: "${id}" is no rule of this workspace that is in force.`,
        {
          details: { field: 'retire', found: id, allowed: [...own].sort() },
        },
      );
}

async function shown(context: GovernanceContext, group: ChangedGroup): Promise<AffectedPrincipals> {
  const tables = (await context.services.describe()).flatMap((each) => each.tables);
  const rows = new Map<(typeof group.changes)[number], { gained: number; lost: number }>();
  for (const noun of new Set(group.changes.map((change) => change.noun))) {
    const table = tables.find((each) => each.noun === noun);
    if (!table) continue;
    const changes = group.changes.filter((change) => change.noun === noun);
    const counted = await rowChanges(context, table, group, changes);
    counted?.forEach((count, place) => {
      const change = changes[place];
      if (change) rows.set(change, count);
    });
  }
  return {
    principalIds: group.principals.map(({ id }) => id),
    roles: [...(group.principals[0]?.roles ?? [])],
    changes: group.changes.map((change) => {
      const { noun, ...verdict } = change;
      const count = rows.get(change);
      return { subject: noun, ...verdict, rowsGained: count?.gained ?? null, rowsLost: count?.lost ?? null };
    }),
  };
}
