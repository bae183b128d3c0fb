// What an A/B test sets out to find, fixed before the first subject is exposed.
import { PlatformError } from '@falaj/runtime';
import { checkVariants, type Variant } from '../rollout/assignment.js';
import type { Direction } from './guardrail.js';

export interface TestMetric {
  /** Name of the outcome that callers record, e.g. `rebooked`. */
  readonly outcome: string;
  /** PROPORTION: whether a subject had any outcome above 0. MEAN: sum of a subject's outcomes, 0 without any. */
  readonly kind: 'PROPORTION' | 'MEAN';
  readonly better: Direction;
}

export interface TestGuardrail extends TestMetric {
  /** Harm per subject that is still tolerated, in the unit of the outcome. */
  readonly margin: number;
}

export interface AbTestDesign {
  /** The control is named; every other variant is compared with it. */
  readonly variants: readonly Variant[];
  readonly control: string;
  readonly metric: TestMetric;
  /** FIXED_HORIZON gives its one verdict at the horizon; ALWAYS_VALID may be looked at and stopped at any time. */
  readonly method: 'FIXED_HORIZON' | 'ALWAYS_VALID';
  /** Subjects over all variants: when a fixed-horizon test is judged, and where an always-valid one is tightest. */
  readonly horizon: number;
  /** Over all comparisons together (Bonferroni). */
  readonly alpha: number;
  readonly power: number;
  /** Absolute change of the metric that must not be missed; the horizon was planned for it. */
  readonly minimumEffect: number;
  readonly guardrails: readonly TestGuardrail[];
}

/** Throws BAD_USER_INPUT. */
export function checkDesign(design: AbTestDesign): void {
  const refuse = (reason: string): never => {
    throw new PlatformError('BAD_USER_INPUT', `The A/B test cannot be planned: ${reason}.`);
  };
  checkVariants(design.variants);
  if (design.variants.length < 2) refuse('it needs a control and at least one other variant');
  if (!design.variants.some(({ name }) => name === design.control))
    refuse(`the control ${design.control} is none of its variants`);
  const dark = design.variants.find(({ weight }) => weight === 0);
  if (dark) refuse(`variant ${dark.name} has weight 0; nobody would be exposed to it`);
  if (!(design.alpha > 0 && design.alpha < 0.5)) refuse(`alpha is ${design.alpha}; above 0 and below 0.5 is needed`);
  if (!(design.power > 0.5 && design.power < 1)) refuse(`power is ${design.power}; above 0.5 and below 1 is needed`);
  if (!(design.minimumEffect > 0)) refuse(`minimumEffect is ${design.minimumEffect}; more than 0 is needed`);
  if (!Number.isInteger(design.horizon) || design.horizon < 200)
    refuse(`the horizon is ${design.horizon}; a whole number of at least 200 subjects is needed`);
  const outcomes = [design.metric, ...design.guardrails].map(({ outcome }) => outcome);
  const twice = outcomes.find((outcome, place) => outcomes.indexOf(outcome) !== place);
  if (twice !== undefined) refuse(`the outcome ${twice} is named twice; metric and guardrails each need their own`);
  const bad = design.guardrails.find(({ margin }) => !(margin >= 0));
  if (bad) refuse(`the guardrail ${bad.outcome} has margin ${bad.margin}; 0 or more is needed`);
}
