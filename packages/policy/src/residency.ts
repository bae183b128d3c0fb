// Where data may be stored and processed. The law is data with a source and a date (regimes.ts); this file only combines it.
import { PlatformError, refused } from '@falaj/runtime';
import { residencyRules } from './regimes.js';
import { type DataCategory, dataCategories, type ResidencyRule } from './residency-rule.js';

/** A recorded permission to bring data where the law does not let it go by itself, e.g. standard contractual clauses. */
export interface TransferInstrument {
  readonly id: string;
  /** As rules name it, e.g. `SCC`, `MOH_EXCEPTION`. */
  readonly type: string;
  /** Zone whose data it is for. */
  readonly dataZone: string;
  readonly categories: readonly string[];
  readonly targetZones: readonly string[];
  /** ISO 8601; it counts before this instant. */
  readonly validTo: string;
}

export interface ResidencyQuestion {
  readonly dataZone: string;
  readonly categories: readonly string[];
  readonly targetZone: string;
  /** What is about to happen, e.g. `store`, `train`, `deploy`; for the message. */
  readonly operation: string;
  /** Where data that no regime binds may go; default: nowhere but its own zone. */
  readonly workspaceZones?: readonly string[];
  /** Recorded and in force now; the caller leaves out those that have ended. */
  readonly instruments?: readonly TransferInstrument[];
}

export interface ResidencyDecision {
  readonly allowed: boolean;
  /** The rule that refuses, or the strictest that applies; `WORKSPACE_ZONES` and `NO_KNOWN_REGIME` stand for none. */
  readonly ruleId: string;
  readonly allowedZones: readonly string[];
  readonly reason: string;
  readonly source: string;
  /** Types of instruments that would change the answer. */
  readonly instruments: readonly string[];
  /** The instruments without which it would be refused. */
  readonly reliesOn: readonly TransferInstrument[];
}

const EU: ReadonlySet<string> = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO'.split(' '),
);

const ZONE = /^[A-Z]{2}(-[A-Z0-9]+)?$/;
const covers = (listed: string, zone: string): boolean =>
  listed === '*' || listed === zone || (listed === 'EU' && EU.has(zone));

/** Whether a list of zones, as rules and `allowedZones` hold them, stands for the zone; `EU` and `*` stand for several. */
export const zonesInclude = (zones: readonly string[], zone: string): boolean =>
  zones.some((listed) => covers(listed, zone));

/** Zones in both lists, kept as narrow as either says. */
function intersect(left: readonly string[], right: readonly string[]): string[] {
  const common = [
    ...left.filter((zone) => zonesInclude(right, zone)),
    ...right.filter((zone) => zonesInclude(left, zone)),
  ];
  return [...new Set(common)].sort();
}

interface Bound {
  readonly ruleId: string;
  readonly zones: readonly string[];
  readonly reason: string;
  readonly source: string;
  readonly instruments: readonly string[];
  /** Zones that need no instrument; `zones` holds those that recorded ones open, too. */
  readonly lawful: readonly string[];
  readonly openedBy: readonly TransferInstrument[];
}

const ofRule = (rule: ResidencyRule, dataZone: string, recorded: readonly TransferInstrument[]): Bound => {
  const openedBy = recorded.filter(
    ({ type, dataZone: from, categories }) =>
      rule.instruments.includes(type) && from === dataZone && categories.includes(rule.category),
  );
  // Staying in one's own zone is never a transfer.
  const lawful = [...new Set([...rule.allowedZones, dataZone])].sort();
  return {
    ruleId: rule.id,
    lawful,
    zones: [...new Set([...lawful, ...openedBy.flatMap(({ targetZones }) => targetZones)])].sort(),
    reason: `${rule.regime}: ${rule.category} data of ${rule.dataZone}`,
    source: `${rule.source} (as of ${rule.asOf})`,
    instruments: rule.instruments,
    openedBy,
  };
};

const ofWorkspace = (dataZone: string, workspaceZones: readonly string[]): Bound => ({
  ruleId: 'WORKSPACE_ZONES',
  zones: [...new Set([dataZone, ...workspaceZones])].sort(),
  lawful: [],
  reason: 'data that no law binds stays in the zones of its workspace',
  source: 'configuration of the workspace',
  instruments: [],
  openedBy: [],
});

/** Not knowing a law is no permission. */
const ofUnknownLaw = (dataZone: string, category: string): Bound => ({
  ruleId: 'NO_KNOWN_REGIME',
  zones: [dataZone],
  lawful: [],
  reason: `no regime is recorded for ${category} data of ${dataZone}`,
  source: 'table of regimes',
  instruments: [],
  openedBy: [],
});

/** Every rule of the data's zone and categories binds it. */
function boundsOf(
  { dataZone, categories, workspaceZones = [], instruments = [] }: Omit<ResidencyQuestion, 'targetZone' | 'operation'>,
  rules: readonly ResidencyRule[],
): Bound[] {
  requireZone('dataZone', dataZone);
  for (const category of categories)
    if (!dataCategories.includes(category as DataCategory))
      throw new PlatformError(
        'BAD_USER_INPUT',
        `categories: "${category}" is no category of data; known: ${dataCategories.join(', ')}.`,
        { details: { field: 'categories', found: category, allowed: dataCategories } },
      );
  const applicable = (category: string) =>
    rules
      .filter((rule) => rule.category === category && covers(rule.dataZone, dataZone))
      .map((rule) => ofRule(rule, dataZone, instruments));
  const regulated = categories.filter((category) => category !== 'none');
  if (regulated.length === 0) return [ofWorkspace(dataZone, workspaceZones), ...applicable('none')];
  return regulated.flatMap((category) => {
    const found = applicable(category);
    return found.length > 0 ? found : [ofUnknownLaw(dataZone, category)];
  });
}

/** The strictest applicable rule wins: a target must satisfy all of them. */
export function decideResidency(
  question: ResidencyQuestion,
  rules: readonly ResidencyRule[] = residencyRules,
): ResidencyDecision {
  requireZone('targetZone', question.targetZone);
  const bounds = boundsOf(question, rules);
  const refusing = bounds.find(({ zones }) => !zonesInclude(zones, question.targetZone));
  const strictest = bounds.reduce((a, b) => (b.zones.length < a.zones.length ? b : a));
  const { ruleId, reason, source, instruments } = refusing ?? strictest;
  const { targetZone } = question;
  const relied = bounds.flatMap(({ lawful, openedBy }) =>
    zonesInclude(lawful, targetZone) ? [] : openedBy.filter(({ targetZones }) => zonesInclude(targetZones, targetZone)),
  );
  return {
    ruleId,
    reason,
    source,
    instruments,
    allowed: refusing === undefined,
    reliesOn: refusing ? [] : [...new Set(relied)],
    allowedZones: bounds.map(({ zones }) => zones).reduce(intersect),
  };
}

/** Types of instruments that any rule names for this category of a zone's data; empty where the law knows none. */
export const instrumentTypes = (
  dataZone: string,
  category: string,
  rules: readonly ResidencyRule[] = residencyRules,
): readonly string[] => [
  ...new Set(
    rules
      .filter((rule) => rule.category === category && covers(rule.dataZone, dataZone))
      .flatMap((rule) => rule.instruments),
  ),
];

/** What is made of several inputs (a training set of sources, a model of a training set) carries all their bonds. */
export interface ResidencyInput {
  readonly dataZone: string;
  readonly categories: readonly string[];
  readonly workspaceZones?: readonly string[];
  /** Zones that this input inherited itself. */
  readonly zones?: readonly string[];
}

/** Zones = allowed for every input (`*` = anywhere, empty = nowhere); categories = the union, `none` when there is none. */
export function inheritResidency(
  inputs: readonly ResidencyInput[],
  rules: readonly ResidencyRule[] = residencyRules,
): { zones: string[]; categories: DataCategory[] } {
  const categories = new Set(inputs.flatMap((input) => input.categories as DataCategory[]));
  if (categories.size > 1) categories.delete('none');
  const zones = inputs
    .flatMap((input) => [...boundsOf(input, rules).map((bound) => bound.zones), ...(input.zones ? [input.zones] : [])])
    .reduce<readonly string[]>(intersect, ['*']);
  return { zones: [...zones], categories: categories.size === 0 ? ['none'] : [...categories].sort() };
}

/** Throws RESIDENCY_VIOLATION with the rule, the zones that are allowed and what to do. */
export function assertResidency(
  question: ResidencyQuestion,
  rules: readonly ResidencyRule[] = residencyRules,
): ResidencyDecision {
  const decision = decideResidency(question, rules);
  if (decision.allowed) return decision;
  const { dataZone, categories, targetZone, operation } = question;
  const { ruleId, allowedZones, source, instruments } = decision;
  const where =
    allowedZones.length > 0 ? `choose one of ${allowedZones.join(', ')}` : 'use data whose rules have a zone in common';
  const whatToDo = instruments.length > 0 ? `${where}, or record one of: ${instruments.join(', ')}` : where;
  throw refused(
    {
      rule: ruleId,
      found: `${operation} of ${categories.join(', ')} data of ${dataZone} in ${targetZone}`,
      limit: `${allowedZones.join(', ') || 'no zone'} (${source})`,
      whatToDo,
    },
    'RESIDENCY_VIOLATION',
    { dataZone, categories, targetZone, allowedZones },
  );
}

const NO_ZONE = {
  WORKSPACE_ZONES: 'work in a workspace that has a zone',
  INHERITED_ZONES: 'make it of data that have an allowed zone in common',
} as const;

/**
 * Throws RESIDENCY_VIOLATION where the target is none of the zones that bind it already: those of the workspace, or those
 * that data inherited from what it was made of.
 */
export function assertZoneAmong(question: {
  readonly targetZone: string;
  readonly allowedZones: readonly string[];
  readonly ruleId: 'WORKSPACE_ZONES' | 'INHERITED_ZONES';
  readonly operation: string;
}): void {
  const { targetZone, allowedZones, ruleId, operation } = question;
  requireZone('targetZone', targetZone);
  if (zonesInclude(allowedZones, targetZone)) return;
  const whatToDo = allowedZones.length > 0 ? `choose one of ${allowedZones.join(', ')}` : NO_ZONE[ruleId];
  throw refused(
    {
      rule: ruleId,
      found: `${operation} in ${targetZone}`,
      limit: allowedZones.join(', ') || 'no zone',
      whatToDo,
    },
    'RESIDENCY_VIOLATION',
    { targetZone, allowedZones },
  );
}

function requireZone(field: string, zone: string): void {
  if (ZONE.test(zone)) return;
  throw new PlatformError(
    'BAD_USER_INPUT',
    `${field}: expected an ISO country such as AE, or a free zone such as AE-DIFC; found ${JSON.stringify(zone)}.`,
    { details: { field, found: zone } },
  );
}
