import { Attribute, type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq, isNull } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { gravest } from '../../domain/costs/budget.js';
import { budgetInput, budgetQuestion, overrideInput } from '../../domain/costs/cost-input.js';
import { type Standing, standings, standingsFor } from '../../store/costs/spending.js';
import { type BudgetRow, budget, budgetOverride, budgetOverrides, budgets } from '../../store/costs/tables.js';
import { overrideBudget, retireBudget, saveBudget } from '../../store/costs/writes.js';
import type { GovernanceContext } from '../context.js';
import {
  Budget,
  BudgetConnection,
  BudgetDecision,
  BudgetDecisionInput,
  BudgetOverrideConnection,
  BudgetOverridePayload,
  BudgetPayload,
  BudgetStanding,
  OverrideBudgetInput,
  SetBudgetInput,
} from './cost-types.js';

@Resolver(() => Budget)
export class BudgetResolver {
  @Query(() => BudgetConnection, { description: 'Budgets in force, newest first.' })
  budgets(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(budgets, { ...page, where: isNull(budget.retiredAt) });
  }

  @Query(() => BudgetDecision, {
    description:
      'Whether new work may begin by the budgets that it would draw from: asked before a run or an endpoint begins. Nothing is reserved.',
  })
  async budgetDecision(
    @Arg('input', () => BudgetDecisionInput, { description: 'The work.' }) input: BudgetDecisionInput,
    @Ctx() context: GovernanceContext,
  ): Promise<BudgetDecision> {
    const work = parseInput(budgetQuestion, input);
    const found = await context.transaction((tx) => standingsFor(tx, context.principal.workspaceId, work));
    const shown = found.map(shownStanding);
    return {
      verdict: gravest(found.map(({ verdict }) => verdict)),
      refusals: shown.flatMap(({ verdict, refusal }) => (verdict === 'BLOCK' && refusal ? [refusal] : [])),
      budgets: shown,
    };
  }

  @Attribute(() => BudgetStanding, 'internal', 'How it stands now.')
  standing(@Root() row: BudgetRow, @Ctx() context: GovernanceContext): Promise<BudgetStanding | null> {
    return context.load('Budget.standing', row.id, async (ids) => {
      const found = await context.transaction(async (tx) =>
        standings(tx, await tx.select().from(budget).where(eq(budget.workspaceId, context.principal.workspaceId))),
      );
      return ids.map((id) => {
        const own = found.find((each) => each.budget.id === id);
        return own ? shownStanding(own) : null;
      });
    });
  }

  @Attribute(() => BudgetOverrideConnection, 'internal', 'Overrides that were ever given, newest first.')
  overrides(@Root() row: BudgetRow, @Args(() => PageArguments) page: PageArguments, @Ctx() context: GovernanceContext) {
    return context.children(budgetOverrides, budgetOverride.budgetId, row.id, page);
  }

  @Mutation(() => BudgetPayload, { description: 'Sets a budget. For administrators.' })
  async setBudget(
    @Arg('input', () => SetBudgetInput, { description: 'The budget.' }) input: SetBudgetInput,
    @Ctx() context: GovernanceContext,
  ): Promise<BudgetPayload> {
    const wanted = parseInput(budgetInput, input);
    const id = await context.mutate(
      { action: 'setBudget', noun: 'Budget', verb: 'set', details: { budget: wanted } },
      async (tx, audit) => {
        const saved = await saveBudget(tx, context.ownership, wanted);
        audit.subject(saved);
        return saved;
      },
    );
    return { budget: await context.reads.byId(budgets, id) };
  }

  @Mutation(() => BudgetPayload, { description: 'Retires a budget: it no longer counts and stays on record.' })
  async retireBudget(
    @Arg('id', () => ID, { description: 'Budget.' }) id: string,
    @Ctx() context: GovernanceContext,
  ): Promise<BudgetPayload> {
    await context.reads.required(budgets, id);
    await context.mutate({ action: 'retireBudget', noun: 'Budget', verb: 'set', subjectId: id }, (tx) =>
      retireBudget(tx, id, new Date()),
    );
    return { budget: await context.reads.byId(budgets, id) };
  }

  @Mutation(() => BudgetOverridePayload, {
    description: 'Lets work begin on an exhausted budget until a date, for a reason on record. For approvers.',
  })
  async overrideBudget(
    @Arg('input', () => OverrideBudgetInput, { description: 'The override.' }) input: OverrideBudgetInput,
    @Ctx() context: GovernanceContext,
  ): Promise<BudgetOverridePayload> {
    const wanted = parseInput(overrideInput, input);
    await context.reads.required(budgets, wanted.budgetId);
    const id = await context.mutate(
      {
        action: 'overrideBudget',
        noun: 'Budget',
        verb: 'override',
        subjectId: wanted.budgetId,
        details: { expiresAt: wanted.expiresAt.toISOString(), justification: wanted.reason },
      },
      async (tx, audit) => {
        const given = await overrideBudget(tx, context.ownership, wanted, new Date());
        audit.subject(wanted.budgetId, { overrideId: given });
        return given;
      },
    );
    return { override: await context.reads.byId(budgetOverrides, id) };
  }
}

const shownStanding = ({ budget: row, ...standing }: Standing): BudgetStanding => ({
  budgetId: row.id,
  name: row.name,
  amount: row.amount,
  currency: row.currency,
  verdict: standing.verdict,
  spent: standing.spent,
  usedPercent: standing.usedPercent,
  periodStart: standing.periodStart,
  overriddenUntil: standing.overriddenUntil,
  refusal: standing.refusal ? { ...standing.refusal } : null,
});
