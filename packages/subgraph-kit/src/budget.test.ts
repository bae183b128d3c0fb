import { expect, test } from 'vitest';
import { assertBudget } from './budget.js';

const refusal = {
  rule: 'BUDGET_EXHAUSTED',
  found: '100.00 AED spent of budget gpu',
  limit: '100.00 AED',
  whatToDo: 'wait for the next period',
};
const answering = (budgetDecision: unknown) =>
  ({ platform: { graph: { query: async () => ({ budgetDecision }) } }, request: {} }) as never;

test('work begins on ALLOW and WARN; BLOCK names rule, found value, limit and what to do', async () => {
  await assertBudget(answering({ verdict: 'ALLOW', refusals: [] }), {});
  await assertBudget(answering({ verdict: 'WARN', refusals: [] }), { pool: 'gpu' });
  await expect(assertBudget(answering({ verdict: 'BLOCK', refusals: [refusal] }), {})).rejects.toMatchObject({
    code: 'BUDGET_EXCEEDED',
    message:
      'BUDGET_EXHAUSTED: found 100.00 AED spent of budget gpu, needed 100.00 AED. What to do: wait for the next period.',
    details: { refusals: [refusal] },
  });
});

test('an answer that is withheld stops the work', async () => {
  await expect(assertBudget(answering(null), {})).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
});
