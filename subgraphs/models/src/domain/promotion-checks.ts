// Judges a version by a gate set. Everything comes from what the platform stored; a fact that is missing never passes.
import type { CheckInfo, CheckResult } from '@falaj/contracts';
import type { CurrentGates, GateDefinition, Operator } from './gate-set.js';
import { type CardSections, emptySections } from './model-card.js';
import type { Lineage, RunAnswer } from './registration.js';

type Evaluation = Lineage['evaluation'];
export type Parity = NonNullable<RunAnswer['parity']>;

export interface GateCheck {
  readonly checkId: string;
  readonly kind: 'INTAKE' | 'ATTESTATION' | 'THRESHOLD' | 'COMPARISON' | 'COMPLIANCE' | 'MODEL_CARD' | 'PARITY';
  /** WAIVED: it does not hold, and somebody else has allowed to go on for a time. */
  readonly status: 'PASS' | 'FAIL' | 'NOT_APPLICABLE' | 'WAIVED';
  readonly title: string;
  readonly found: string;
  readonly limit: string;
  readonly evidence: readonly { readonly name: string; readonly value: string }[];
  /** Empty where nothing is to be done. */
  readonly whatToDo: string;
}

/** A version as far as gates compare it. */
export interface ComparedVersion {
  readonly id: string;
  readonly version: number;
  readonly digest: string;
  readonly trainingSetDigest: string | null;
  readonly evaluation: Evaluation | null;
}

export interface PromotionFacts {
  readonly alias: string;
  readonly version: ComparedVersion & {
    readonly parity: Parity | null;
    readonly intakePassed: boolean;
    readonly origin: 'RUN' | 'EXTERNAL';
    /** Who vouches for its file; verified now. */
    readonly vouchers: readonly Voucher[];
  };
  /** By alias: the version that it stands for; null where it stands for none, HIDDEN where the caller may not see it. */
  readonly champions: ReadonlyMap<string, ComparedVersion | 'HIDDEN' | null>;
  readonly card: { readonly revision: number; readonly sections: CardSections } | null;
  readonly compliance: {
    readonly infos: readonly CheckInfo[];
    readonly results: readonly CheckResult[];
    /** Those in force, by check. */
    readonly waivers: ReadonlyMap<string, ComplianceWaiver>;
  };
}

/** Somebody’s signature on the file of a version. */
export interface Voucher {
  readonly signerId: string;
  readonly name: string;
  readonly keyId: string;
  /** What keeps it from counting; null where nothing does. */
  readonly fault: string | null;
}

/** Leave to go on although a check does not hold, granted in governance for a time. */
interface ComplianceWaiver {
  readonly id: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** Aliases whose versions the comparisons of a gate set need. */
export const comparedAliases = (gates: GateDefinition, alias: string): string[] => [
  ...new Set([
    alias,
    ...gates.comparisons.flatMap((gate) => (gate.reference === 'CHAMPION' ? [gate.name ?? alias] : [])),
  ]),
];

export function checkGates({ definition: gates }: CurrentGates, facts: PromotionFacts): GateCheck[] {
  return [
    intakeCheck(facts),
    attestationCheck(facts),
    ...gates.thresholds.map((gate) => thresholdCheck(gate, facts)),
    ...gates.comparisons.map((gate) => comparisonCheck(gate, facts)),
    ...(gates.parityRequired ? [parityCheck(facts)] : []),
    ...(gates.cardSections.length > 0 ? [cardCheck(gates.cardSections, facts)] : []),
    ...complianceChecks(gates.complianceChecks, facts),
  ];
}

export const failedOf = (checks: readonly GateCheck[]): GateCheck[] => checks.filter(({ status }) => status === 'FAIL');

const SIGNS: Readonly<Record<Operator, string>> = { GTE: '>=', GT: '>', LTE: '<=', LT: '<' };

/** False for what is no finite number: it must not slip through as neither too high nor too low. */
function holds(value: number, operator: Operator, limit: number): boolean {
  if (!Number.isFinite(value) || !Number.isFinite(limit)) return false;
  if (operator === 'GTE') return value >= limit;
  if (operator === 'GT') return value > limit;
  return operator === 'LTE' ? value <= limit : value < limit;
}

const verdict = (passes: boolean): 'PASS' | 'FAIL' => (passes ? 'PASS' : 'FAIL');
const scoreOf = (evaluation: Evaluation | null, metric: string): number | null => {
  const scores = evaluation?.scores;
  return scores && Object.hasOwn(scores, metric) ? (scores[metric] ?? null) : null;
};
const shown = (value: number | null): string => (value === null ? 'not evaluated' : String(value));
const evaluationEvidence = ({ version }: PromotionFacts, metric: string) => [
  { name: 'metric', value: metric },
  { name: 'heldOutRows', value: String(version.evaluation?.rows ?? 'none') },
  { name: 'versionDigest', value: version.digest },
];

function thresholdCheck(gate: GateDefinition['thresholds'][number], facts: PromotionFacts): GateCheck {
  const value = scoreOf(facts.version.evaluation, gate.metric);
  const passes = value !== null && holds(value, gate.operator, gate.value);
  return {
    checkId: gate.id,
    kind: 'THRESHOLD',
    status: verdict(passes),
    title: `${gate.metric} on held-out rows`,
    found: shown(value),
    limit: `${SIGNS[gate.operator]} ${gate.value}`,
    evidence: evaluationEvidence(facts, gate.metric),
    whatToDo: passes ? '' : whatToDoAbout(value, gate.metric),
  };
}

const whatToDoAbout = (value: number | null, metric: string): string =>
  value === null
    ? `register a version whose run was evaluated by ${metric}`
    : `improve ${metric} and register a new version, or have the gate set changed`;

function comparisonCheck(gate: GateDefinition['comparisons'][number], facts: PromotionFacts): GateCheck {
  const value = scoreOf(facts.version.evaluation, gate.metric);
  const against = referenceOf(gate, facts);
  const of = (status: GateCheck['status'], limit: string, whatToDo: string): GateCheck => ({
    checkId: gate.id,
    kind: 'COMPARISON',
    status,
    title: `${gate.metric} against ${against.name}`,
    found: shown(value),
    limit,
    evidence: [...evaluationEvidence(facts, gate.metric), ...against.evidence],
    whatToDo,
  });
  const rule = `${SIGNS[gate.operator]} reference ${gate.unit === 'RATIO' ? `* (1 + ${gate.margin})` : `+ ${gate.margin}`}`;
  if (against.absent) return of('NOT_APPLICABLE', `${rule}: there is no reference yet`, '');
  if (against.value === null) return of('FAIL', `${rule}: the reference has no such score`, against.whatToDo);
  // A ratio moves away from the reference by its size, also where scores are negative.
  const limit =
    gate.unit === 'RATIO' ? against.value + Math.abs(against.value) * gate.margin : against.value + gate.margin;
  const passes = value !== null && holds(value, gate.operator, limit);
  return of(
    verdict(passes),
    `${SIGNS[gate.operator]} ${limit} (${rule})`,
    passes ? '' : whatToDoAbout(value, gate.metric),
  );
}

interface Reference {
  readonly name: string;
  readonly value: number | null;
  readonly absent: boolean;
  readonly evidence: readonly { readonly name: string; readonly value: string }[];
  readonly whatToDo: string;
}

function referenceOf(gate: GateDefinition['comparisons'][number], facts: PromotionFacts): Reference {
  if (gate.reference === 'BASELINE') {
    const baselines = facts.version.evaluation?.baselines ?? [];
    const found = gate.name ? baselines.find(({ name }) => name === gate.name) : baselines[0];
    const value =
      found?.scores && Object.hasOwn(found.scores, gate.metric) ? (found.scores[gate.metric] ?? null) : null;
    return {
      name: `baseline ${found?.name ?? gate.name ?? ''}`.trim(),
      value,
      absent: false,
      evidence: [{ name: 'baseline', value: `${found?.name ?? 'none'}: ${shown(value)}` }],
      whatToDo: `register a version whose run has ${gate.name ? `the baseline ${gate.name}` : 'a baseline'} with ${gate.metric}`,
    };
  }
  const alias = gate.name ?? facts.alias;
  const champion = facts.champions.get(alias) ?? null;
  if (champion === 'HIDDEN')
    return {
      name: `the version under ${alias}`,
      value: null,
      absent: false,
      evidence: [{ name: alias, value: 'in a zone that you do not see' }],
      whatToDo: 'ask somebody who sees the zone of that version',
    };
  const value = champion ? scoreOf(champion.evaluation, gate.metric) : null;
  return {
    name: champion ? `version ${champion.version} (${alias})` : `the version under ${alias}`,
    value,
    absent: champion === null,
    evidence: champion
      ? [
          { name: alias, value: `version ${champion.version}, ${champion.id}, ${shown(value)}` },
          {
            name: 'sameTrainingSet',
            value: String(
              champion.trainingSetDigest !== null && champion.trainingSetDigest === facts.version.trainingSetDigest,
            ),
          },
        ]
      : [{ name: alias, value: 'stands for no version' }],
    whatToDo: `evaluate the version under ${alias} by ${gate.metric}, or have the gate set changed`,
  };
}

function intakeCheck({ version }: PromotionFacts): GateCheck {
  return {
    checkId: 'intake',
    kind: 'INTAKE',
    status: verdict(version.intakePassed),
    title: 'Structural checks of the model file',
    found: version.intakePassed ? 'passed at registration' : 'not judged: registered before there was intake',
    limit: 'passed',
    evidence: [{ name: 'versionDigest', value: version.digest }],
    whatToDo: version.intakePassed ? '' : 'register the model again',
  };
}

function attestationCheck({ version: { vouchers, origin, digest } }: PromotionFacts): GateCheck {
  const holding = vouchers.filter(({ fault }) => fault === null);
  const passes = holding.length > 0;
  return {
    checkId: 'attestation',
    kind: 'ATTESTATION',
    status: verdict(passes),
    title: 'Signature on the model file by somebody whom the workspace trusts',
    found: passes
      ? `signed by ${holding.map(({ name }) => name).join(', ')}`
      : vouchers.map(({ name, fault }) => `${name}: ${fault}`).join('; ') || 'not signed',
    limit: 'one that holds',
    evidence: [
      { name: 'versionDigest', value: digest },
      ...holding.map(({ signerId, keyId }) => ({ name: signerId, value: keyId })),
    ],
    whatToDo: passes
      ? ''
      : origin === 'RUN'
        ? 'have the platform sign it by attestModelVersion'
        : 'have its publisher sign it by a key that an administrator trusts (trustModelSigner), and hand that in by attestModelVersion',
  };
}

function parityCheck({ version: { parity, digest } }: PromotionFacts): GateCheck {
  const passes = parity?.passed === true;
  return {
    checkId: 'parity',
    kind: 'PARITY',
    status: verdict(passes),
    title: 'Exported model against the trainer’s own arithmetic',
    found: parity ? `largest difference ${parity.maxDifference} over ${parity.rows} rows` : 'no evidence',
    limit: `<= ${parity?.tolerance ?? 'the tolerance'}`,
    evidence: [{ name: 'versionDigest', value: digest }],
    whatToDo: passes ? '' : 'train it on the platform, which proves parity, and register that run',
  };
}

function cardCheck(required: readonly string[], { card }: PromotionFacts): GateCheck {
  const missing = emptySections(card?.sections ?? null).filter((section) => required.includes(section));
  return {
    checkId: 'model-card',
    kind: 'MODEL_CARD',
    status: verdict(missing.length === 0),
    title: 'Required sections of the model card',
    found:
      missing.length === 0 ? `revision ${card?.revision}` : card ? `empty: ${missing.join(', ')}` : 'no model card',
    limit: required.join(', '),
    evidence: card ? [{ name: 'cardRevision', value: String(card.revision) }] : [],
    whatToDo: missing.length === 0 ? '' : `write ${missing.join(', ')} by saveModelCard`,
  };
}

function complianceChecks(required: readonly string[], { compliance }: PromotionFacts): GateCheck[] {
  const { infos, results, waivers } = compliance;
  const wanted = required.includes('*')
    ? [...new Set([...results.map(({ checkId }) => checkId), ...required])]
    : required;
  return wanted
    .filter((id) => id !== '*')
    .map((id): GateCheck => {
      const result = results.find(({ checkId }) => checkId === id);
      const info = infos.find((candidate) => candidate.id === id);
      const holding = result?.status === 'PASS' || result?.status === 'NOT_APPLICABLE' ? result.status : null;
      // A check that nobody made cannot be waived: nothing is known of it.
      const waiver = holding || !result ? undefined : waivers.get(id);
      const status = holding ?? (waiver ? 'WAIVED' : 'FAIL');
      return {
        checkId: id,
        kind: 'COMPLIANCE',
        status,
        title: info?.title ?? id,
        found: result
          ? `${result.status}: ${result.reason || 'the check gave no reason'}`
          : 'no installed check of this id judges models',
        limit: 'PASS',
        evidence: [
          ...(info?.references ?? []).map(({ framework, reference }) => ({ name: framework, value: reference })),
          ...(result?.evidence ?? []),
          ...(waiver ? [{ name: 'waiver', value: `${waiver.id} until ${waiver.expiresAt}: ${waiver.reason}` }] : []),
        ],
        whatToDo:
          status === 'FAIL'
            ? result
              ? 'meet what is found and repeat it, or have it waived by requestWaiver'
              : 'install the compliance plugin that has it, or correct the gate set'
            : '',
      };
    });
}
