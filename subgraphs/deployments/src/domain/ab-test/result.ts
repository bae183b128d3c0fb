// The verdict on an A/B test: what may be said now, and why nothing more.
import { compareSequentially, smallestLook } from './always-valid.js';
import type { AbTestDesign, TestMetric } from './design.js';
import { compareMeans, compareProportions } from './fixed-horizon.js';
import { type GuardrailVerdict, nonInferior } from './guardrail.js';
import { multipleExposures, type SampleRatio, sampleRatio } from './sample-ratio.js';
import { type ArmSample, type Comparison, meanOf } from './samples.js';

/** What was seen of one variant. */
export interface VariantData {
  readonly name: string;
  /** Subjects exposed to this variant and no other. */
  readonly subjects: number;
  /** By name of the outcome, over those subjects. */
  readonly outcomes: Readonly<Record<string, ArmSample>>;
}

export interface VariantSummary {
  readonly name: string;
  readonly subjects: number;
  /** Null where nobody was seen, and before the horizon of a fixed-horizon test: who sees it early is tempted to stop. */
  readonly mean: number | null;
}

export interface VariantComparison {
  readonly variant: string;
  /** Treatment minus control. Null ends mean that nothing can be said yet. */
  readonly difference: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly pValue: number | null;
  /** In the metric's own direction. */
  readonly verdict: 'BETTER' | 'WORSE' | 'NO_DIFFERENCE' | 'OPEN';
  readonly guardrails: readonly (GuardrailVerdict & { readonly outcome: string })[];
}

export interface AbTestResult {
  /**
   * BLOCKED: the data cannot be trusted; see reasons. RUNNING: no verdict yet. WINNER: the named variant is better and
   * holds every guardrail. NO_WINNER: nothing is proved better, or what is breaks a guardrail.
   */
  readonly verdict: 'BLOCKED' | 'RUNNING' | 'WINNER' | 'NO_WINNER';
  readonly winner: string | null;
  readonly reasons: readonly string[];
  readonly subjects: number;
  readonly variants: readonly VariantSummary[];
  readonly comparisons: readonly VariantComparison[];
  readonly sampleRatio: SampleRatio;
  readonly multipleExposures: { readonly subjects: number; readonly share: number; readonly ok: boolean };
}

/** `severalArms`: subjects that were exposed to more than one variant; they are in no arm. */
export function resultOf(design: AbTestDesign, data: readonly VariantData[], severalArms: number): AbTestResult {
  const of = (name: string): VariantData =>
    data.find((variant) => variant.name === name) ?? { name, subjects: 0, outcomes: {} };
  const control = of(design.control);
  const counts = design.variants.map(({ name }) => of(name).subjects);
  const assigned = counts.reduce((sum, count) => sum + count, 0);
  const ratio = sampleRatio(
    counts,
    design.variants.map(({ weight }) => weight),
  );
  const exposures = multipleExposures(assigned + severalArms, severalArms);
  const others = design.variants.filter(({ name }) => name !== design.control);
  const alpha = design.alpha / others.length;
  const due = design.method === 'ALWAYS_VALID' || assigned >= design.horizon;
  const comparisons = others.map(({ name }) => compareVariant(design, control, of(name), alpha, due));
  const common = {
    subjects: assigned,
    variants: design.variants.map(({ name }) => {
      const sample = armOf(of(name), design.metric);
      return { name, subjects: of(name).subjects, mean: due && sample.n > 0 ? meanOf(sample) : null };
    }),
    comparisons,
    sampleRatio: ratio,
    multipleExposures: exposures,
  };
  const blocks = [
    ...(ratio.ok
      ? []
      : [
          `The arms hold ${counts.join(' and ')} subjects against weights ${design.variants.map(({ weight }) => weight).join(' and ')} (sample ratio mismatch, p = ${ratio.pValue.toPrecision(3)}, limit 0.001): something selects who is counted. Find it and start anew.`,
        ]),
    ...(exposures.ok
      ? []
      : [
          `${severalArms} subjects (${(exposures.share * 100).toFixed(2)} %, limit 1 %) were exposed to more than one variant: the subject key is not stable. Mend it and start anew.`,
        ]),
  ];
  if (blocks.length > 0) return { ...common, verdict: 'BLOCKED', winner: null, reasons: blocks };
  return { ...common, ...conclude(design, comparisons, assigned, due) };
}

function conclude(
  design: AbTestDesign,
  comparisons: readonly VariantComparison[],
  assigned: number,
  due: boolean,
): Pick<AbTestResult, 'verdict' | 'winner' | 'reasons'> {
  if (!due) {
    const reason = `${assigned} of ${design.horizon} subjects: a fixed-horizon test has one verdict, at its horizon.`;
    return { verdict: 'RUNNING', winner: null, reasons: [reason] };
  }
  const better = comparisons.filter(({ verdict }) => verdict === 'BETTER');
  const held = better.filter(({ guardrails }) => guardrails.every(({ status }) => status === 'HOLDS'));
  const [best] = [...held].sort((a, b) => Math.abs(b.difference ?? 0) - Math.abs(a.difference ?? 0));
  if (best) {
    const reason = `${best.variant} differs from ${design.control} by ${shown(best.difference)} [${shown(best.lower)}, ${shown(best.upper)}] and holds every guardrail.`;
    return { verdict: 'WINNER', winner: best.variant, reasons: [reason] };
  }
  const blocked = better.flatMap(({ variant, guardrails }) =>
    guardrails
      .filter(({ status }) => status !== 'HOLDS')
      .map(({ outcome, status, worstHarm, margin }) =>
        worstHarm === null
          ? `${variant} is better, but of its guardrail ${outcome} too little was seen to exclude harm beyond ${margin}.`
          : `${variant} is better, but its guardrail ${outcome} is ${status}: harm of up to ${shown(worstHarm)} is possible, margin ${margin}.`,
      ),
  );
  const undecided = comparisons.some(
    ({ verdict, guardrails }) =>
      verdict === 'OPEN' || (verdict === 'BETTER' && guardrails.every(({ status }) => status !== 'BROKEN')),
  );
  if (undecided && design.method === 'ALWAYS_VALID' && assigned < design.horizon) {
    return { verdict: 'RUNNING', winner: null, reasons: blocked.length > 0 ? blocked : [openReason(design, assigned)] };
  }
  const reasons = comparisons
    .filter(({ verdict }) => verdict !== 'BETTER')
    .map(
      ({ variant, verdict, lower, upper }) =>
        `${variant} is ${verdict === 'WORSE' ? 'worse than' : 'not proved better than'} ${design.control}: [${shown(lower)}, ${shown(upper)}].`,
    );
  return { verdict: 'NO_WINNER', winner: null, reasons: [...blocked, ...reasons] };
}

const openReason = ({ horizon }: AbTestDesign, assigned: number): string =>
  `No interval excludes zero yet after ${assigned} subjects; it is planned for ${horizon}, and may be stopped at any time.`;

const shown = (value: number | null): string => (value === null ? 'unknown' : String(Number(value.toPrecision(4))));

/** Subjects without an outcome count as zero: they are exposed all the same. */
function armOf({ subjects, outcomes }: VariantData, { outcome }: TestMetric): ArmSample {
  const { sum, sumOfSquares } = outcomes[outcome] ?? { sum: 0, sumOfSquares: 0 };
  return { n: subjects, sum, sumOfSquares };
}

function compareVariant(
  design: AbTestDesign,
  control: VariantData,
  treatment: VariantData,
  alpha: number,
  due: boolean,
): VariantComparison {
  const compared = (metric: TestMetric, level: number): Comparison | null => {
    const [own, others] = [armOf(treatment, metric), armOf(control, metric)];
    const proportion = metric.kind === 'PROPORTION';
    if (design.method === 'ALWAYS_VALID') {
      if (!smallestLook(own, proportion) || !smallestLook(others, proportion)) return null;
      return compareSequentially(others, own, level, design.horizon);
    }
    if (!due || own.n < 2 || others.n < 2) return null;
    return (proportion ? compareProportions : compareMeans)(others, own, level);
  };
  const comparison = compared(design.metric, alpha);
  const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
  return {
    variant: treatment.name,
    difference: finite(comparison?.difference),
    lower: finite(comparison?.lower),
    upper: finite(comparison?.upper),
    pValue: finite(comparison?.pValue),
    verdict: comparison ? direction(design, comparison, alpha, due) : 'OPEN',
    guardrails: design.guardrails.map((guardrail) => {
      const found = compared(guardrail, alpha);
      const { better, margin, outcome } = guardrail;
      if (!found) return { outcome, status: 'OPEN' as const, worstHarm: null, margin };
      return { outcome, ...nonInferior(found, better, margin) };
    }),
  };
}

function direction(
  { metric, method }: AbTestDesign,
  { difference, pValue, lower, upper }: Comparison,
  alpha: number,
  due: boolean,
): VariantComparison['verdict'] {
  // Newcombe's interval and the pooled test may disagree by a hair: a verdict needs both.
  const proved = pValue < alpha && (lower > 0 || upper < 0);
  if (!proved) return method === 'FIXED_HORIZON' && due ? 'NO_DIFFERENCE' : 'OPEN';
  return difference > 0 === (metric.better === 'INCREASE') ? 'BETTER' : 'WORSE';
}
