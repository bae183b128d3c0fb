// When a budget warns and when it stops new work: pure, so that the answer can be checked by hand.
import type { Refusal } from '@falaj/runtime';

export const usageUnits = [
  'CPU_SECOND',
  'GPU_SECOND',
  'MEMORY_GIB_SECOND',
  'STORAGE_GIB_DAY',
  'REQUEST',
  'WALL_SECOND',
] as const;
export type UsageUnit = (typeof usageUnits)[number];

export const budgetScopes = ['WORKSPACE', 'TEAM', 'POOL'] as const;
export type BudgetScope = (typeof budgetScopes)[number];
export const budgetPeriods = ['MONTH', 'QUARTER', 'YEAR', 'TOTAL'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/** WARN lets the work begin and says so; BLOCK does not. */
export const budgetVerdicts = ['ALLOW', 'WARN', 'BLOCK'] as const;
export type BudgetVerdict = (typeof budgetVerdicts)[number];

/** Longest life of an override, in days: who needs more raises the budget. */
export const OVERRIDE_DAYS = 31;

/** Price of a quantity, rounded to a millionth of the currency as it is stored. */
export const costOf = (quantity: number, unitPrice: number): number => Math.round(quantity * unitPrice * 1e6) / 1e6;

export interface BudgetFacts {
  readonly name: string;
  readonly amount: number;
  readonly currency: string;
  readonly warnPercent: number;
  /** Charged in the running period. */
  readonly spent: number;
  /** What the new work is expected to cost; 0 where nobody knows. */
  readonly estimate: number;
  /** Until when an override lets work begin all the same. */
  readonly overriddenUntil: Date | null;
}

export interface BudgetStanding {
  readonly verdict: BudgetVerdict;
  /** Share of the amount that is spent, in per cent. */
  readonly usedPercent: number;
  /** Why it blocks, or would without its override. */
  readonly refusal: Refusal | null;
}

/** Warns from `warnPercent` on; blocks from 100 per cent on, or where the estimate would pass it. */
export function judgeBudget(budget: BudgetFacts): BudgetStanding {
  const { amount, spent, estimate, warnPercent, overriddenUntil } = budget;
  const usedPercent = (spent / amount) * 100;
  if (spent >= amount || spent + estimate > amount) {
    return { verdict: overriddenUntil ? 'WARN' : 'BLOCK', usedPercent, refusal: refusalOf(budget) };
  }
  return { verdict: usedPercent >= warnPercent ? 'WARN' : 'ALLOW', usedPercent, refusal: null };
}

function refusalOf({ name, amount, currency, spent, estimate }: BudgetFacts): Refusal {
  const money = (value: number) => `${value.toFixed(2)} ${currency}`;
  return {
    rule: 'BUDGET_EXHAUSTED',
    found: `${money(spent)} spent${estimate > 0 ? ` and ${money(estimate)} expected` : ''} of budget ${name}`,
    limit: `at most ${money(amount)}`,
    whatToDo:
      'wait for the next period, ask an administrator to raise it with setBudget, or an approver for overrideBudget',
  };
}

/** The gravest verdict; ALLOW where no budget applies. */
export const gravest = (verdicts: readonly BudgetVerdict[]): BudgetVerdict =>
  budgetVerdicts[Math.max(0, ...verdicts.map((verdict) => budgetVerdicts.indexOf(verdict)))] ?? 'BLOCK';
