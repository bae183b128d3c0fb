import { type Refusal, refusedByAll } from '@falaj/runtime';
import type { SubgraphContext } from './context.js';

/** Pool whose prices this process charges for runs and endpoints, as `setComputePool` names it. */
export const computePool = (): string => process.env.FALAJ_COMPUTE_POOL ?? 'local';

/** Work that is about to begin, as budgets know it. */
export interface BudgetedWork {
  readonly pool?: string | undefined;
  readonly team?: string | undefined;
  /** What it is expected to cost; 0 where nobody knows. */
  readonly estimatedCost?: number | undefined;
}

const UNANSWERED: Refusal = {
  rule: 'BUDGET_DECISION',
  found: 'no decision of governance',
  limit: 'a decision',
  whatToDo: 'see that governance runs and that you may read its budgets, then repeat it',
};

interface Answer {
  readonly budgetDecision: {
    readonly verdict: 'ALLOW' | 'WARN' | 'BLOCK';
    readonly refusals: readonly Refusal[];
  } | null;
}

const DECISION = /* GraphQL */ `
  query BudgetForWork($input: BudgetDecisionInput!) {
    budgetDecision(input: $input) {
      verdict
      refusals { rule found limit whatToDo }
    }
  }
`;

/**
 * Asks governance, as the caller, whether the budgets let the work begin; call it in `prepare`, so that a refusal is
 * recorded. Throws BUDGET_EXCEEDED that names rule, found value, limit and what to do; an answer that cannot be had is
 * an error too, for a budget that nobody asked stops nothing.
 */
export async function assertBudget(
  context: Pick<SubgraphContext, 'platform' | 'request'>,
  work: BudgetedWork,
): Promise<void> {
  const { budgetDecision } = await context.platform.graph.query<Answer>(DECISION, { input: work }, context.request);
  if (budgetDecision && budgetDecision.verdict !== 'BLOCK') return;
  const said = budgetDecision?.refusals ?? [];
  const refusals = said.length > 0 ? said : [UNANSWERED];
  throw refusedByAll(refusals, 'BUDGET_EXCEEDED');
}
