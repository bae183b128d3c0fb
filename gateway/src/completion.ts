// The query planner's executor leaves null where the schema says `!`; this pass lets such a null rise as the
// GraphQL specification (6.4.4) says, so that typed clients can trust the types. The same walk finds where withheld
// fields stand. The walk is compiled once per document, for it runs over every value of every response.
import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getOperationAST,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  visit,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { getVariableValues } from 'graphql/execution/values.js';
import type { MaskedField, MaskedPath } from './contract.js';

/** Asked for beside the caller's own fields of an abstract type, for only it tells the concrete type. */
export const HIDDEN_TYPENAME = 'falajTypename__';

/** Completes one result in place; `masked` is what subgraphs withheld while making it. */
export type Completion = (
  result: ExecutionResult,
  masked: readonly MaskedField[],
) => { result: ExecutionResult; masked: MaskedPath[] };

type Step = string | number;

interface Field {
  readonly key: string;
  readonly value: Value;
  /** `Type.field`, as a subgraph names what it withheld. */
  readonly coordinate: string;
  readonly pattern: string;
}

interface Value {
  readonly nonNull: boolean;
  readonly item: Value | undefined;
  /** The fields of an object, by its runtime type; undefined for a leaf. */
  readonly fieldsOf: ((object: Record<string, unknown>) => readonly Field[] | undefined) | undefined;
}

interface Walk {
  readonly path: Step[];
  readonly errors: GraphQLError[];
  readonly masked: ReadonlySet<string> | undefined;
  readonly nulls: Map<Field, number>;
}

/** Says: this null may not stand here, the parent must give way. */
const GIVE_WAY = Symbol('give way');

export function compileCompletion(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  variables: Readonly<Record<string, unknown>>,
): Completion {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return (result) => ({ result, masked: [] });
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
  }
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables).coerced ?? variables;

  const compileFields = (
    type: GraphQLObjectType,
    selected: ReadonlyMap<string, readonly FieldNode[]>,
    prefix: string,
  ): Field[] => {
    const fields: Field[] = [];
    for (const [key, nodes] of selected) {
      const name = nodes[0]?.name.value ?? '';
      const field = type.getFields()[name];
      const pattern = prefix ? `${prefix}.${key}` : key;
      if (field) {
        fields.push({
          key,
          value: compileValue(field.type, nodes, pattern),
          coordinate: `${type.name}.${name}`,
          pattern,
        });
      }
    }
    return fields;
  };
  const compileValue = (type: GraphQLOutputType, nodes: readonly FieldNode[], pattern: string): Value => {
    if (isNonNullType(type)) return { ...compileValue(type.ofType, nodes, pattern), nonNull: true };
    if (isListType(type)) {
      return { nonNull: false, item: compileValue(type.ofType, nodes, `${pattern}.*`), fieldsOf: undefined };
    }
    if (isLeafType(type)) return { nonNull: false, item: undefined, fieldsOf: undefined };
    const known = new Map<string, readonly Field[] | undefined>();
    const fieldsFor = (name: string) => {
      if (!known.has(name)) {
        const runtime = schema.getType(name);
        const fields = isObjectType(runtime)
          ? compileFields(runtime, collectSubfields(schema, fragments, coerced, runtime, nodes), pattern)
          : undefined;
        known.set(name, fields);
      }
      return known.get(name);
    };
    if (!isAbstractType(type)) {
      const fields = fieldsFor(type.name);
      return { nonNull: false, item: undefined, fieldsOf: () => fields };
    }
    return {
      nonNull: false,
      item: undefined,
      fieldsOf: (object) => {
        const name = object[HIDDEN_TYPENAME] ?? object.__typename;
        delete object[HIDDEN_TYPENAME];
        // Without a name the concrete type is unknown, and so is what must not be null.
        return typeof name === 'string' ? fieldsFor(name) : undefined;
      },
    };
  };
  const top = compileFields(root, collectFields(schema, fragments, coerced, root, operation.selectionSet), '');

  return (result, withheld) => {
    // The executor leaves `data` out when no subgraph answered: its nullable fields are null all the same.
    if (result.data === null) return { result, masked: [] };
    const data = result.data ?? {};
    const walk: Walk = {
      path: [],
      errors: [...(result.errors ?? [])],
      masked: withheld.length > 0 ? new Set(withheld.map(({ type, field }) => `${type}.${field}`)) : undefined,
      nulls: new Map(),
    };
    const stands = completeObject(data, top, walk);
    return {
      result: {
        ...result,
        data: stands ? data : null,
        ...(walk.errors.length > 0 ? { errors: walk.errors } : {}),
      },
      masked: walk.nulls.size > 0 ? maskedPaths(walk.nulls, withheld) : [],
    };
  };
}

function complete(value: Value, found: unknown, walk: Walk): unknown {
  let completed = found;
  if (found === null || found === undefined) completed = null;
  else if (value.item) {
    if (Array.isArray(found) && !completeItems(found, value.item, walk)) completed = null;
  } else if (value.fieldsOf) {
    const fields = value.fieldsOf(found as Record<string, unknown>);
    if (fields && !completeObject(found as Record<string, unknown>, fields, walk)) completed = null;
  }
  if (completed !== null || !value.nonNull) return completed;
  explain(walk);
  return GIVE_WAY;
}

function completeItems(items: unknown[], item: Value, walk: Walk): boolean {
  // A list of lawful leaves needs no look inside.
  if (!item.nonNull && !item.item && !item.fieldsOf) return true;
  for (let index = 0; index < items.length; index++) {
    walk.path.push(index);
    const completed = complete(item, items[index], walk);
    walk.path.pop();
    if (completed === GIVE_WAY) return false;
    if (completed !== items[index]) items[index] = completed;
  }
  return true;
}

function completeObject(object: Record<string, unknown>, fields: readonly Field[], walk: Walk): boolean {
  for (const field of fields) {
    const found = object[field.key];
    if (walk.masked !== undefined && (found === null || found === undefined) && walk.masked.has(field.coordinate)) {
      walk.nulls.set(field, (walk.nulls.get(field) ?? 0) + 1);
    }
    walk.path.push(field.key);
    const completed = complete(field.value, found, walk);
    walk.path.pop();
    if (completed === GIVE_WAY) return false;
    if (completed !== found) object[field.key] = completed;
  }
  return true;
}

/** A null that gives way brings an error, unless one at or under its path explains it. */
function explain(walk: Walk): void {
  const path = [...walk.path];
  const explained = walk.errors.some(
    (error) => error.path && path.every((step, index) => error.path?.[index] === step),
  );
  if (!explained) {
    walk.errors.push(
      new GraphQLError('A value that must not be null is missing.', {
        path,
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
      }),
    );
  }
}

function maskedPaths(nulls: ReadonlyMap<Field, number>, withheld: readonly MaskedField[]): MaskedPath[] {
  const reasons = new Map<string, Map<string, number>>();
  for (const { type, field, reason, count } of withheld) {
    const of = reasons.get(`${type}.${field}`) ?? new Map<string, number>();
    reasons.set(`${type}.${field}`, of.set(reason, (of.get(reason) ?? 0) + count));
  }
  return [...nulls].flatMap(([{ coordinate, pattern }, count]) => {
    const [type = '', field = ''] = coordinate.split('.');
    const of = reasons.get(coordinate) ?? new Map<string, number>();
    // Several reasons share the nulls of one path; which null has which reason is not known here.
    return [...of].map(([reason, told]) => ({
      path: pattern,
      type,
      field,
      reason,
      count: of.size > 1 ? Math.min(count, told) : count,
    }));
  });
}

/** Completions of a schema's documents, kept as long as the documents live. */
export function completionCache(schema: GraphQLSchema) {
  const known = new WeakMap<DocumentNode, { switches: readonly string[]; completions: Map<string, Completion> }>();
  return (
    document: DocumentNode,
    operationName: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): Completion => {
    let entry = known.get(document);
    if (!entry) {
      entry = { switches: switchesOf(document), completions: new Map() };
      known.set(document, entry);
    }
    let key = operationName ?? '';
    for (const name of entry.switches) key += `|${variables[name]}`;
    let completion = entry.completions.get(key);
    if (!completion) {
      completion = compileCompletion(schema, document, operationName, variables);
      if (entry.completions.size >= MAX_VARIANTS) entry.completions.clear();
      entry.completions.set(key, completion);
    }
    return completion;
  };
}

const MAX_VARIANTS = 64;

/** The variables that decide which fields are asked for. */
function switchesOf(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(node) {
      if (node.name.value !== 'skip' && node.name.value !== 'include') return;
      for (const { value } of node.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}
