// Conditions are data written by administrators. CASL's own reading of them grants access where a deny is malformed, so
// every condition passes this strict reader, and what comes out has one meaning in memory and in SQL.
import type { Principal } from '@falaj/runtime';
import { CompoundCondition, FieldCondition, type Condition as UcastCondition } from '@ucast/mongo2js';
import type { AttributeType, Noun, NounCatalog } from './noun.js';

/**
 * `{ zone: 'AE', level: { $gte: 2 } }`: all must hold. Per attribute `$eq $ne $in $nin $lt $lte $gt $gte $exists $not`;
 * over conditions `$and $or $nor $not`. A value may be `{ $var: 'principal.id' }`. Per relation `$some`: one related row
 * for which the condition holds, `{ experiment: { $some: { ownerId: { $var: 'principal.id' } } } }`; two relations deep.
 */
export type Condition = Readonly<Record<string, unknown>>;

export const variables = {
  'principal.id': 'scalar',
  'principal.workspaceId': 'scalar',
  'principal.zone': 'scalar',
  'principal.kind': 'scalar',
  'principal.zones': 'list',
  'principal.roles': 'list',
  /** Of a workload; nobody else has any, and an ALLOW that needs a value does not count without it. */
  'principal.resources': 'list',
} as const;
export type Variable = keyof typeof variables;

class VariableValue {
  readonly name: Variable;
  constructor(name: Variable) {
    this.name = name;
  }
}

export type Report = (path: string, problem: string) => void;

/** What names mean at one place of a condition. */
interface Scope {
  readonly noun: Noun;
  readonly catalog: NounCatalog;
  readonly report: Report;
  /** Relations that lead here. */
  readonly hops: number;
}

const ORDER = new Set(['$lt', '$lte', '$gt', '$gte']);
const EQUALITY = new Set(['$eq', '$ne']);
const LISTS = new Set(['$in', '$nin']);
const MAX_DEPTH = 8;
const MAX_LIST = 1_000;
/** Each is a subquery for each row. */
const MAX_RELATIONS = 2;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as typeof Object.prototype | null);

const show = (value: unknown): string => {
  try {
    return JSON.stringify(value)?.slice(0, 80) ?? String(value);
  } catch {
    return typeof value;
  }
};

/** Reads a condition on rows of the noun; reports every issue with its path. The result only counts when nothing was reported. */
export function parseCondition(
  input: unknown,
  noun: Noun,
  catalog: NounCatalog,
  report: Report,
  path = 'conditions',
): UcastCondition {
  return conjunction(input, { noun, catalog, report, hops: 0 }, path, 0);
}

const together = (parts: UcastCondition[]): UcastCondition =>
  parts.length === 1 && parts[0] ? parts[0] : new CompoundCondition('and', parts);

function conjunction(input: unknown, scope: Scope, path: string, depth: number): UcastCondition {
  const { report } = scope;
  const parts: UcastCondition[] = [];
  if (depth > MAX_DEPTH) report(path, `is nested deeper than ${MAX_DEPTH}`);
  else if (!isObject(input)) report(path, `must be an object of attributes, found ${show(input)}`);
  else if (Object.keys(input).length === 0) report(path, 'is empty: leave conditions out to match every row');
  else
    for (const [key, value] of Object.entries(input)) {
      const here = `${path}.${key}`;
      if (key === '$and' || key === '$or' || key === '$nor') {
        if (!Array.isArray(value) || value.length === 0)
          report(here, `needs a list of conditions, found ${show(value)}`);
        else
          parts.push(
            new CompoundCondition(
              key.slice(1),
              value.map((each, place) => conjunction(each, scope, `${here}[${place}]`, depth + 1)),
            ),
          );
      } else if (key === '$not') {
        parts.push(new CompoundCondition('not', [conjunction(value, scope, here, depth + 1)]));
      } else if (key.startsWith('$')) {
        report(here, `"${key}" is no operator; allowed here: $and, $or, $nor, $not`);
      } else parts.push(...ofName(key, value, scope, here, depth));
    }
  return together(parts);
}

function ofName(name: string, value: unknown, scope: Scope, path: string, depth: number): UcastCondition[] {
  const { attributes, relations = {} } = scope.noun;
  if (Object.hasOwn(attributes, name))
    return [ofAttribute(name, attributes[name] as AttributeType, value, scope.report, path, depth)];
  if (Object.hasOwn(relations, name)) return ofRelation(name, relations[name] as string, value, scope, path, depth);
  const known = [...Object.keys(attributes), ...Object.keys(relations)];
  scope.report(path, `"${name}" is no attribute; known: ${known.join(', ') || 'none'}`);
  return [];
}

function ofRelation(
  name: string,
  target: string,
  input: unknown,
  scope: Scope,
  path: string,
  depth: number,
): UcastCondition[] {
  const noun = scope.catalog.get(target);
  if (!noun) scope.report(path, `leads to the unknown type "${target}"`);
  else if (scope.hops >= MAX_RELATIONS) scope.report(path, `reaches through more than ${MAX_RELATIONS} relations`);
  else if (!isObject(input) || Object.keys(input).length !== 1 || !Object.hasOwn(input, '$some'))
    scope.report(path, `is a relation and needs {"$some": condition}, found ${show(input)}`);
  else {
    const inner = conjunction(input.$some, { ...scope, noun, hops: scope.hops + 1 }, `${path}.$some`, depth + 1);
    return [new FieldCondition('some', name, inner)];
  }
  return [];
}

/** The condition on related rows, where the condition is one on a relation. */
export const relatedCondition = (condition: UcastCondition): UcastCondition | undefined =>
  condition.operator === 'some' ? (condition.value as UcastCondition) : undefined;

function ofAttribute(
  name: string,
  type: AttributeType,
  input: unknown,
  report: Report,
  path: string,
  depth: number,
): UcastCondition {
  if (!isObject(input) || Object.hasOwn(input, '$var'))
    return new FieldCondition('eq', name, operand(type, input, report, path));
  const parts: UcastCondition[] = [];
  if (depth > MAX_DEPTH) report(path, `is nested deeper than ${MAX_DEPTH}`);
  else if (Object.keys(input).length === 0) report(path, 'needs a value or an operator, found {}');
  else
    for (const [operator, value] of Object.entries(input)) {
      const here = `${path}.${operator}`;
      const condition = (checked: unknown) => parts.push(new FieldCondition(operator.slice(1), name, checked));
      if (EQUALITY.has(operator)) condition(operand(type, value, report, here));
      else if (LISTS.has(operator)) condition(listOperand(type, value, report, here));
      else if (ORDER.has(operator)) {
        // Text has as many orders as collations; the database's and JavaScript's differ.
        if (type !== 'number' && type !== 'timestamp')
          report(here, `orders numbers and timestamps; "${name}" is a ${type}`);
        else if (value === null) report(here, 'cannot compare with null');
        else condition(operand(type, value, report, here));
      } else if (operator === '$exists') {
        if (typeof value !== 'boolean') report(here, `must be true or false, found ${show(value)}`);
        condition(value === true);
      } else if (operator === '$not') {
        parts.push(new CompoundCondition('not', [ofAttribute(name, type, value, report, here, depth + 1)]));
      } else report(here, `"${operator}" is no operator; allowed: $eq $ne $in $nin $lt $lte $gt $gte $exists $not`);
    }
  return together(parts);
}

function listOperand(type: AttributeType, value: unknown, report: Report, path: string): unknown {
  if (isObject(value) && Object.hasOwn(value, '$var')) return variable(type, value, 'list', report, path);
  if (!Array.isArray(value)) {
    report(path, `must be a list, found ${show(value)}`);
    return [];
  }
  if (value.length > MAX_LIST) report(path, `holds ${value.length} values; at most ${MAX_LIST}`);
  return value.map((each, place) => scalar(type, each, report, `${path}[${place}]`));
}

const operand = (type: AttributeType, value: unknown, report: Report, path: string): unknown =>
  isObject(value) && Object.hasOwn(value, '$var')
    ? variable(type, value, 'scalar', report, path)
    : scalar(type, value, report, path);

function variable(
  type: AttributeType,
  value: Record<string, unknown>,
  shape: 'scalar' | 'list',
  report: Report,
  path: string,
): unknown {
  const name = value.$var;
  if (Object.keys(value).length !== 1 || typeof name !== 'string' || !Object.hasOwn(variables, name))
    report(path, `unknown variable ${show(value)}; known: ${Object.keys(variables).join(', ')}`);
  else if (variables[name as Variable] !== shape)
    report(path, `${name} is a ${variables[name as Variable]}, needed is a ${shape}`);
  else if (type !== 'string') report(path, `${name} is text and cannot be compared with a ${type}`);
  return new VariableValue(name as Variable);
}

/** Timestamps become milliseconds since 1970, so that equality is equality of numbers. */
function scalar(type: AttributeType, value: unknown, report: Report, path: string): unknown {
  if (value === null) return null;
  if (type === 'timestamp') {
    const isIso =
      typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(value);
    const at = value instanceof Date ? value.getTime() : isIso ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(at))
      report(path, `must be an ISO 8601 instant such as 2026-01-01T00:00:00Z, found ${show(value)}`);
    return at;
  }
  const fits = type === 'number' ? Number.isFinite(value) : typeof value === type;
  if (!fits) report(path, `must be a ${type}, found ${show(value)}`);
  else if (typeof value === 'string' && value.includes('\0')) report(path, 'must not hold a zero byte');
  return Object.is(value, -0) ? 0 : value;
}

/** Puts the principal's values in; undefined when one of them has no value. */
export function resolveVariables(condition: UcastCondition, principal: Principal): UcastCondition | undefined {
  if (condition instanceof CompoundCondition) {
    const parts = (condition.value as UcastCondition[]).map((part) => resolveVariables(part, principal));
    return parts.every((part) => part !== undefined) ? new CompoundCondition(condition.operator, parts) : undefined;
  }
  const { field, operator } = condition as FieldCondition;
  const related = relatedCondition(condition);
  if (related) {
    const resolved = resolveVariables(related, principal);
    return resolved && new FieldCondition(operator, field, resolved);
  }
  if (!(condition.value instanceof VariableValue)) return condition;
  const value = principal[condition.value.name.slice('principal.'.length) as keyof Principal];
  if (value === undefined || value === null || value === '') return undefined;
  return new FieldCondition(operator, field, value);
}

/** What a condition must know of a row: attributes, and of the rows of each relation what it must know of them. */
export interface Mentions {
  readonly attributes: ReadonlySet<string>;
  readonly relations: ReadonlyMap<string, Mentions>;
}

export function mentionsOf(condition: UcastCondition): Mentions {
  const attributes = new Set<string>();
  const inner = new Map<string, UcastCondition[]>();
  const walk = (part: UcastCondition): void => {
    if (part instanceof CompoundCondition) {
      (part.value as UcastCondition[]).forEach(walk);
      return;
    }
    const { field } = part as FieldCondition;
    const related = relatedCondition(part);
    if (related) inner.set(field, [...(inner.get(field) ?? []), related]);
    else attributes.add(field);
  };
  walk(condition);
  const relations = [...inner].map(
    ([name, conditions]) => [name, mentionsOf(new CompoundCondition('and', conditions))] as const,
  );
  return { attributes, relations: new Map(relations) };
}

/** Names of the variables that a condition mentions. */
export function variablesOf(condition: UcastCondition): Variable[] {
  if (condition instanceof CompoundCondition) return (condition.value as UcastCondition[]).flatMap(variablesOf);
  const related = relatedCondition(condition);
  if (related) return variablesOf(related);
  return condition.value instanceof VariableValue ? [condition.value.name] : [];
}
