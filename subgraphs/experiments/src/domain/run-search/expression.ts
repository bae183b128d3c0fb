// What a filter says, once it is understood. Logic is two-valued: a comparison with something that is not there is false,
// `!=`, NOT LIKE and NOT IN included, and NOT of it is true; IS NULL asks whether it is there.

export type Scope = 'metrics' | 'params' | 'tags' | 'attributes';

export interface FieldName {
  readonly scope: Scope;
  readonly name: string;
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Literal = number | string | Date;

export type Expression =
  | { readonly kind: 'AND'; readonly parts: readonly Expression[] }
  | { readonly kind: 'OR'; readonly parts: readonly Expression[] }
  | { readonly kind: 'NOT'; readonly part: Expression }
  | Comparison;

export type Comparison =
  | { readonly kind: 'COMPARE'; readonly field: FieldName; readonly operator: Operator; readonly value: Literal }
  | { readonly kind: 'IN'; readonly field: FieldName; readonly values: readonly Literal[]; readonly negated: boolean }
  | {
      readonly kind: 'LIKE';
      readonly field: FieldName;
      readonly pattern: string;
      readonly ignoreCase: boolean;
      readonly negated: boolean;
    }
  | { readonly kind: 'IS_NULL'; readonly field: FieldName; readonly negated: boolean };

export interface Order {
  readonly field: FieldName;
  readonly direction: 'ASC' | 'DESC';
}

/** Attributes of a run and how each compares. */
export const attributes = {
  id: 'text',
  name: 'text',
  kind: 'text',
  state: 'text',
  trainer: 'text',
  experimentId: 'text',
  trainingSetId: 'text',
  owner: 'text',
  zone: 'text',
  error: 'text',
  seed: 'number',
  step: 'number',
  createdAt: 'time',
  startedAt: 'time',
  finishedAt: 'time',
  archivedAt: 'time',
} as const;
export type AttributeName = keyof typeof attributes;
export type ValueType = 'text' | 'number' | 'time';

export const isAttribute = (name: string): name is AttributeName => Object.hasOwn(attributes, name);

/** How a field compares; a parameter is both: its text, and the number that the text may be. */
export function typesOf({ scope, name }: FieldName): readonly ValueType[] {
  if (scope === 'metrics') return ['number'];
  if (scope === 'params') return ['text', 'number'];
  if (scope === 'tags') return ['text'];
  return isAttribute(name) ? [attributes[name]] : [];
}

/** Every field that is mentioned. */
export function fieldsIn(expression: Expression): FieldName[] {
  if (expression.kind === 'AND' || expression.kind === 'OR') return expression.parts.flatMap(fieldsIn);
  return expression.kind === 'NOT' ? fieldsIn(expression.part) : [expression.field];
}
