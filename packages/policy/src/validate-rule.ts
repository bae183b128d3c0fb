// Rules are checked where they are written and again where they are loaded: what stands in the table may have come there
// by another way.
import { PlatformError } from '@falaj/runtime';
import type { Condition as UcastCondition } from '@ucast/mongo2js';
import { parseCondition } from './condition.js';
import { matchesPattern } from './field-patterns.js';
import { type FieldClass, fieldClassNames, type NounCatalog } from './noun.js';
import type { Rule } from './rule.js';

export interface RuleIssue {
  readonly path: string;
  readonly problem: string;
}

export interface CheckedRule {
  readonly rule: Rule;
  /** The condition as read; its variables are not resolved yet. */
  readonly condition: UcastCondition | undefined;
}

const KNOWN = new Set([
  'id',
  'effect',
  'actions',
  'subject',
  'fields',
  'classes',
  'conditions',
  'roles',
  'reason',
  'validFrom',
  'validTo',
]);
const ACTION = /^(\*|[A-Za-z][A-Za-z0-9_-]*)$/;
const FIELD = /^[A-Za-z0-9_.*]+$/;
const ROLE = /^(\*|[A-Za-z0-9][A-Za-z0-9_.:-]*)$/;
const REASON = /^[A-Z][A-Z0-9_]*$/;

/** The rule, when it is sound. Throws BAD_USER_INPUT that lists every issue with its path. */
export function validateRule(rule: unknown, nouns: NounCatalog): Rule {
  const { issues, checked } = inspectRule(rule, nouns);
  if (checked) return checked.rule;
  throw new PlatformError(
    'BAD_USER_INPUT',
    `The rule is invalid: ${issues.map(({ path, problem }) => `${path} ${problem}`).join('; ')}.`,
    { details: { issues } },
  );
}

const inspected = new WeakMap<NounCatalog, WeakMap<object, Inspection>>();
interface Inspection {
  readonly issues: readonly RuleIssue[];
  readonly checked?: CheckedRule;
}

/** What is wrong with the rule, and the rule when nothing is. A rule object is read once for each catalog. */
export function inspectRule(rule: unknown, nouns: NounCatalog): Inspection {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
    return { issues: [{ path: 'rule', problem: 'must be an object' }] };
  const known = inspected.get(nouns) ?? new WeakMap<object, Inspection>();
  inspected.set(nouns, known);
  const result = known.get(rule) ?? inspect(rule as Record<string, unknown>, nouns);
  known.set(rule, result);
  return result;
}

function inspect(input: Record<string, unknown>, nouns: NounCatalog): Inspection {
  const issues: RuleIssue[] = [];
  const report = (path: string, problem: string) => void issues.push({ path, problem });
  const texts = (key: string, form: RegExp, required: boolean): string[] => {
    const value = input[key];
    if (value === undefined && !required) return [];
    if (!Array.isArray(value) || value.length === 0) {
      report(key, 'must be a list with at least one entry');
      return [];
    }
    value.forEach((each: unknown, place) => {
      if (typeof each !== 'string' || !form.test(each))
        report(`${key}[${place}]`, `is malformed: ${JSON.stringify(each)}`);
    });
    return value as string[];
  };

  for (const key of Object.keys(input)) if (!KNOWN.has(key)) report(key, 'is no part of a rule');
  if (typeof input.id !== 'string' || input.id === '') report('id', 'must be a text');
  if (input.effect !== 'ALLOW' && input.effect !== 'DENY') report('effect', 'must be ALLOW or DENY');
  if (typeof input.reason !== 'string' || !REASON.test(input.reason))
    report('reason', 'must be a code in capitals such as PII_RESTRICTED');
  texts('actions', ACTION, true);
  texts('roles', ROLE, true);
  const fields = texts('fields', FIELD, false);
  const classes = texts('classes', /^/, false);
  if (input.fields !== undefined && input.classes !== undefined) report('classes', 'excludes fields: give one of them');
  classes.forEach((name, place) => {
    if (!fieldClassNames.includes(name as FieldClass))
      report(`classes[${place}]`, `"${name}" is no class; known: ${fieldClassNames.join(', ')}`);
  });
  for (const key of ['validFrom', 'validTo']) {
    const value = input[key];
    if (value !== undefined && !(value instanceof Date && !Number.isNaN(value.getTime())))
      report(key, 'must be a Date');
  }

  const { subject } = input;
  const noun = typeof subject === 'string' ? nouns.get(subject) : undefined;
  if (subject !== '*' && !noun) report('subject', `must be * or a known type, found ${JSON.stringify(subject)}`);
  if (noun || subject === '*') {
    const all = noun
      ? Object.keys(noun.fields)
      : nouns.names.flatMap((name) => Object.keys(nouns.get(name)?.fields ?? {}));
    fields.forEach((pattern, place) => {
      // A pattern may wait for fields to come; an exact name that fits none is a slip of the pen.
      if (typeof pattern === 'string' && !pattern.includes('*') && !all.some((field) => matchesPattern(pattern, field)))
        report(`fields[${place}]`, `"${pattern}" is no field of ${noun?.name ?? 'any type'}`);
    });
  }
  let condition: UcastCondition | undefined;
  if (input.conditions !== undefined) {
    if (subject === '*') report('conditions', 'need a subject: * has no attributes');
    else if (noun) condition = parseCondition(input.conditions, noun, nouns, report);
  }
  return issues.length > 0 ? { issues } : { issues, checked: { rule: input as unknown as Rule, condition } };
}
