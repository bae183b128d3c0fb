// GATE: the registry's own gates judge the version; the stage only asks and passes the verdict on.
import { type Refusal } from '@falaj/runtime';
import { refuseUnless } from './bounds.js';
import type { Values } from './definition.js';
import { type Perform, present, type StageContext } from './stage-context.js';

const EVALUATE = /* GraphQL */ `
  query PipelineGate($version: ID!, $alias: String!) {
    evaluatePromotion(modelVersionId: $version, alias: $alias) {
      passed
      checks { checkId status found limit whatToDo }
    }
  }
`;
const OPEN = /* GraphQL */ `
  query PipelinePromotions($version: ID!) {
    promotions(first: 20, filter: { modelVersionId: $version }) { edges { node { id alias state } } }
  }
`;
const STATE = /* GraphQL */ `
  query PipelinePromotionState($id: ID!) {
    promotion(id: $id) { id state outcome }
  }
`;
const REQUEST = /* GraphQL */ `
  mutation PipelinePromotion($input: RequestPromotionInput!) {
    requestPromotion(input: $input) {
      ... on PromotionDone { promotion { id state } }
      ... on PromotionPending { promotion { id state } }
      ... on PromotionBlocked { promotion { id state } }
      ... on PromotionClosed { promotion { id state } }
    }
  }
`;

interface Check {
  readonly checkId: string;
  readonly status: string | null;
  readonly found: string | null;
  readonly limit: string | null;
  readonly whatToDo: string | null;
}
interface Promotion {
  readonly id: string;
  readonly alias?: string | null;
  readonly state: string | null;
}

/**
 * Whether approvals have come: the outputs once the alias stands for the version, null while it waits. Throws
 * STAGE_REFUSED where the promotion ended otherwise.
 */
export async function promoted(outputs: Values, { query }: Pick<StageContext, 'query'>): Promise<Values | null> {
  const { promotion } = await query<{
    promotion: { id: string; state: string | null; outcome: string | null } | null;
  }>(STATE, { id: outputs.promotionId });
  const { id, state, outcome } = present(promotion, 'Promotion');
  if (state === 'PENDING') return null;
  const found = `${state?.toLowerCase() ?? 'withheld'}${outcome ? `: ${outcome}` : ''}`;
  const whatToDo = `read promotion ${id}, meet the reason and resume the run; it is asked for anew`;
  refuseUnless(state === 'DONE' ? [] : [{ rule: 'PROMOTION', found, limit: 'every approval given', whatToDo }]);
  return { ...outputs, promotionState: 'DONE' };
}

export const gate: Perform = async ({ inputs, query, plan }) => {
  const { modelVersionId: version, alias } = inputs as { modelVersionId: string; alias: string };
  const { evaluatePromotion } = await query<{
    evaluatePromotion: { passed: boolean | null; checks: Check[] | null };
  }>(EVALUATE, { version, alias });
  const checks = present(evaluatePromotion.checks, 'PromotionEvaluation.checks');
  const failed = checks.filter(({ status }) => status === 'FAIL').map(refusalOf);
  // A verdict that is withheld is none: the gate stays shut.
  const unknown: Refusal = {
    rule: 'GATE',
    found: 'no verdict',
    limit: 'a verdict that passed',
    whatToDo: 'see that the run may read it',
  };
  refuseUnless(failed.length > 0 || evaluatePromotion.passed === true ? failed : [unknown]);
  if (inputs.promote !== true) return { checks: checks.length, promotionId: '', promotionState: '' };
  const promotion = (await open()) ?? (await request());
  return {
    checks: checks.length,
    promotionId: promotion.id,
    promotionState: present(promotion.state, 'Promotion.state'),
  };

  async function open(): Promise<Promotion | undefined> {
    const { promotions } = await query<{ promotions: { edges: { node: Promotion }[] } }>(OPEN, { version });
    return promotions.edges
      .map(({ node }) => node)
      .find((node) => node.alias === alias && (node.state === 'PENDING' || node.state === 'DONE'));
  }
  async function request(): Promise<Promotion> {
    const reason = (inputs.reason as string | undefined) ?? `Pipeline ${plan.pipeline}, run ${plan.runId}.`;
    const { requestPromotion } = await query<{ requestPromotion: { promotion: Promotion | null } }>(REQUEST, {
      input: { modelVersionId: version, alias, reason },
    });
    const made = present(requestPromotion.promotion, 'Promotion');
    refuseUnless(
      made.state === 'BLOCKED'
        ? [{ rule: 'PROMOTION', found: 'blocked', limit: 'every check passed', whatToDo: `read promotion ${made.id}` }]
        : [],
    );
    return made;
  }
};

const refusalOf = ({ checkId, found, limit, whatToDo }: Check): Refusal => ({
  rule: `GATE ${checkId}`,
  found: found ?? 'withheld',
  limit: limit ?? 'withheld',
  whatToDo: whatToDo || 'read the gates of the model',
});
