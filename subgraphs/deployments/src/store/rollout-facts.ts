// What the variants of a rollout did since its step began, over all processes.
import type { Tx } from '@falaj/database';
import { and, eq, gte, type InferSelectModel, inArray } from 'drizzle-orm';
import type { VariantFacts } from '../domain/rollout/guardrails.js';
import { merge, type Sketch } from '../domain/rollout/sketch.js';
import { studyData } from './outcomes.js';
import { inferenceWindow, type rollout } from './rollout-tables.js';

export type RolloutRecord = InferSelectModel<typeof rollout>;

export const CANDIDATE = 'candidate';
export const BASELINE = 'baseline';

/** Exposures are counted anew in each step, for a step moves subjects from one variant to the other. */
export const exposureKeyOf = (rolloutId: string, step: number): string => `${rolloutId}/${step}`;

export async function factsOf(
  tx: Tx,
  record: RolloutRecord,
): Promise<{ readonly candidate: VariantFacts; readonly baseline: VariantFacts }> {
  const windows = await tx
    .select()
    .from(inferenceWindow)
    .where(
      and(
        eq(inferenceWindow.endpointId, record.endpointId),
        inArray(inferenceWindow.revision, [record.candidateRevision, record.baselineRevision]),
        gte(inferenceWindow.beganAt, record.stepStartedAt),
      ),
    );
  const business = record.plan.guardrails.filter((guardrail) => guardrail.metric === 'BUSINESS_METRIC');
  const proportions = new Set(business.filter(({ kind }) => kind === 'PROPORTION').map(({ outcome }) => outcome));
  const data =
    business.length === 0
      ? { variants: [] }
      : await studyData(tx, record.endpointId, exposureKeyOf(record.id, record.step), proportions);
  const of = (revision: number, name: string): VariantFacts => {
    const own = windows.filter((window) => window.revision === revision);
    const arm = data.variants.find((variant) => variant.name === name);
    const sum = (field: 'requests' | 'errors') => own.reduce((total, window) => total + window[field], 0);
    const merged = (field: 'latency' | 'scores') => own.reduce<Sketch>((all, window) => merge(all, window[field]), {});
    const none = { n: arm?.subjects ?? 0, sum: 0, sumOfSquares: 0 };
    return {
      requests: sum('requests'),
      errors: sum('errors'),
      latency: merged('latency'),
      scores: merged('scores'),
      outcomes: { ...Object.fromEntries(business.map(({ outcome }) => [outcome, none])), ...arm?.outcomes },
    };
  };
  return {
    candidate: of(record.candidateRevision, CANDIDATE),
    baseline: of(record.baselineRevision, BASELINE),
  };
}
