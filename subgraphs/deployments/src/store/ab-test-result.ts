import type { Tx } from '@falaj/database';
import type { AbTestDesign } from '../domain/ab-test/design.js';
import { type AbTestResult, resultOf } from '../domain/ab-test/result.js';
import { studyData } from './outcomes.js';

/** What may be said of an A/B test now. */
export async function abTestResult(
  tx: Tx,
  { id, endpointId, design }: { readonly id: string; readonly endpointId: string; readonly design: AbTestDesign },
): Promise<AbTestResult> {
  const metrics = [design.metric, ...design.guardrails];
  const proportions = new Set(metrics.filter(({ kind }) => kind === 'PROPORTION').map(({ outcome }) => outcome));
  const { variants, severalArms } = await studyData(tx, endpointId, id, proportions);
  return resultOf(design, variants, severalArms);
}
