import type { Tx } from '@falaj/database';
import { eq } from 'drizzle-orm';
import type { AbTestDesign } from '../domain/ab-test/design.js';
import { type AbTestResult, resultOf } from '../domain/ab-test/result.js';
import { studyData } from './outcomes.js';
import { abTest } from './rollout-tables.js';

interface StudiedTest {
  readonly id: string;
  readonly endpointId: string;
  readonly design: AbTestDesign;
  readonly stoppedAt: Date | null;
}

/** What may be said of an A/B test now, or of what was known when it ended. */
export async function abTestResult(tx: Tx, { id, endpointId, design, stoppedAt }: StudiedTest): Promise<AbTestResult> {
  const metrics = [design.metric, ...design.guardrails];
  const proportions = new Set(metrics.filter(({ kind }) => kind === 'PROPORTION').map(({ outcome }) => outcome));
  const { variants, severalArms } = await studyData(tx, endpointId, id, proportions, {
    until: stoppedAt,
    // One sample has one verdict: whoever goes on after the horizon does not look again and again.
    first: design.method === 'FIXED_HORIZON' ? design.horizon : null,
  });
  return resultOf(design, variants, severalArms);
}

/** Of a test that runs; null of one that does not. */
export async function resultNow(tx: Tx, id: string): Promise<AbTestResult | null> {
  const [test] = await tx.select().from(abTest).where(eq(abTest.id, id));
  return test?.state === 'RUNNING' ? abTestResult(tx, test) : null;
}
