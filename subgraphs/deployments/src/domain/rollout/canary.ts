// What a canary does next, from its plan and what its variants did. Pure: the controller only carries it out.
import { PlatformError } from '@falaj/runtime';
import { WHOLE } from './assignment.js';
import { type Guardrail, type GuardrailFinding, judge, type VariantFacts } from './guardrails.js';

export interface CanaryStep {
  /** Candidate's share in basis points. */
  readonly weight: number;
  readonly minimumSeconds: number;
  /** Requests that the candidate must have answered in this step. */
  readonly minimumSamples: number;
}

export interface CanaryPlan {
  readonly steps: readonly CanaryStep[];
  readonly guardrails: readonly Guardrail[];
  /** Chance that a guardrail is called broken in a step though it holds. */
  readonly alpha: number;
  /** A step that cannot be passed for so long is taken for a failure. */
  readonly stepTimeoutSeconds: number;
}

/** What was seen when a decision was made; stored with it. */
export interface CanaryEvidence {
  readonly step: number;
  readonly weight: number;
  readonly from: string;
  readonly until: string;
  readonly candidate: { readonly requests: number; readonly errors: number };
  readonly baseline: { readonly requests: number; readonly errors: number };
  readonly findings: readonly GuardrailFinding[];
}

export type CanaryDecision =
  | { readonly kind: 'WAIT'; readonly reason: string }
  | { readonly kind: 'ADVANCE'; readonly step: number; readonly reason: string }
  | { readonly kind: 'PROMOTE'; readonly reason: string }
  | { readonly kind: 'ROLL_BACK'; readonly reason: string };

export function decide(
  plan: CanaryPlan,
  at: { readonly step: number; readonly startedAt: Date; readonly now: Date },
  candidate: VariantFacts,
  baseline: VariantFacts,
): { readonly decision: CanaryDecision; readonly evidence: CanaryEvidence } {
  const step = plan.steps[at.step] as CanaryStep;
  const findings = plan.guardrails.map((guardrail) => judge(guardrail, candidate, baseline, plan.alpha));
  const seconds = (at.now.getTime() - at.startedAt.getTime()) / 1000;
  const evidence: CanaryEvidence = {
    step: at.step,
    weight: step.weight,
    from: at.startedAt.toISOString(),
    until: at.now.toISOString(),
    candidate: { requests: candidate.requests, errors: candidate.errors },
    baseline: { requests: baseline.requests, errors: baseline.errors },
    findings,
  };
  const broken = findings.find(({ status }) => status === 'BROKEN');
  if (broken) return { evidence, decision: { kind: 'ROLL_BACK', reason: sentence(broken, at.step) } };
  const unmet = [
    ...(seconds < step.minimumSeconds ? [`${Math.floor(seconds)} of ${step.minimumSeconds} s have passed`] : []),
    ...(candidate.requests < step.minimumSamples
      ? [`${candidate.requests} of ${step.minimumSamples} requests were answered`]
      : []),
    ...findings.filter(({ status }) => status !== 'HOLDS').map((found) => open(found)),
  ];
  if (unmet.length === 0) {
    const last = at.step === plan.steps.length - 1;
    const reason = `step ${at.step + 1} of ${plan.steps.length} held every guardrail over ${candidate.requests} requests`;
    return { evidence, decision: last ? { kind: 'PROMOTE', reason } : { kind: 'ADVANCE', step: at.step + 1, reason } };
  }
  if (seconds > plan.stepTimeoutSeconds) {
    const reason = `step ${at.step + 1} could not be passed within ${plan.stepTimeoutSeconds} s: ${unmet.join('; ')}`;
    return { evidence, decision: { kind: 'ROLL_BACK', reason } };
  }
  return { evidence, decision: { kind: 'WAIT', reason: unmet.join('; ') } };
}

const named = ({ metric, outcome }: GuardrailFinding): string => (outcome === null ? metric : `${metric} ${outcome}`);
const figure = (value: number | null): string => (value === null ? 'nothing' : String(Number(value.toPrecision(4))));

const sentence = (found: GuardrailFinding, step: number): string =>
  `${named(found)} is broken in step ${step + 1}: found ${figure(found.found)}, at least ${figure(found.atLeast)}, limit ${found.limit}, over ${found.candidateCount} against ${found.baselineCount}`;

const open = (found: GuardrailFinding): string =>
  found.status === 'TOO_EARLY'
    ? `${named(found)} has too little to go by (${found.candidateCount} against ${found.baselineCount})`
    : `${named(found)} is ${figure(found.found)}, limit ${found.limit}`;

/** Throws BAD_USER_INPUT where the weights do not grow, or a number makes no sense. */
export function checkPlan({ steps, alpha, stepTimeoutSeconds }: CanaryPlan): void {
  const refuse = (reason: string): never => {
    throw new PlatformError('BAD_USER_INPUT', `The rollout cannot be planned: ${reason}.`);
  };
  if (steps.length === 0) refuse('it has no step');
  for (const [place, { weight, minimumSeconds }] of steps.entries()) {
    // With everything on the candidate there is no baseline left to hold it to.
    if (!Number.isInteger(weight) || weight < 1 || weight >= WHOLE)
      refuse(
        `step ${place + 1} has weight ${weight}; a whole number from 1 to 9999 is needed, and promotion gives the rest`,
      );
    if (place > 0 && weight <= (steps[place - 1] as CanaryStep).weight)
      refuse(`step ${place + 1} has weight ${weight}, not more than the step before it`);
    if (stepTimeoutSeconds <= minimumSeconds)
      refuse(`stepTimeoutSeconds ${stepTimeoutSeconds} is not more than the ${minimumSeconds} s of step ${place + 1}`);
  }
  if (!(alpha > 0 && alpha < 0.5)) refuse(`alpha is ${alpha}; a number above 0 and below 0.5 is needed`);
}
