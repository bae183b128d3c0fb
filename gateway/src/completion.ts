// The query planner's executors leave null where the schema says `!`; this pass lets such a null rise as the
// GraphQL specification (6.4.4) says, so that typed clients can trust the types. The same walk keeps what was asked for
// and leaves out what only the planner needed, and finds where withheld fields stand. It runs over every value of every
// response, so it is compiled once per document: to JavaScript, for only literal keys let the engine share the shapes.
import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getOperationAST,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { getVariableValues } from 'graphql/execution/values.js';
import {
  type Field,
  GIVE_WAY,
  type Item,
  maskedPaths,
  missingField,
  missingItem,
  type Walk,
} from './completion-walk.js';
import type { MaskedField, MaskedPath } from './contract.js';

/** Asked for beside the caller's own fields of an abstract type, for only it tells the concrete type. */
export const HIDDEN_TYPENAME = 'falajTypename__';

/** Completes one result; `masked` is what subgraphs withheld while making it. The result it is given stays as it is. */
export type Completion = (
  result: ExecutionResult,
  masked: readonly MaskedField[],
) => { result: ExecutionResult; masked: MaskedPath[] };

/** What stands for a value that is no null: its completed form, null, or GIVE_WAY. */
type Complete = (found: unknown, walk: Walk, place: Item | undefined) => unknown;

/** An expression of the value `v` at the place `p` of the walk `w`, with what it refers to by name. */
interface Expression {
  readonly text: string;
  readonly refers: Readonly<Record<string, unknown>>;
}

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

  /** `steps`: the keys from the enclosing list item, or from the root; `pattern`: the same from the root, `*` for an index. */
  const compileObject = (
    type: GraphQLObjectType,
    selected: ReadonlyMap<string, readonly FieldNode[]>,
    steps: readonly string[],
    pattern: string,
  ): Complete => {
    const refers: Record<string, unknown> = { GIVE_WAY, missingField };
    const statements: string[] = [];
    const entries: string[] = [];
    for (const [key, nodes] of selected) {
      const name = nodes[0]?.name.value ?? '';
      const definition = type.getFields()[name];
      const literal = JSON.stringify(key);
      const at = entries.length;
      // A literal key `__proto__` would set the prototype.
      entries.push(`[${literal}]: f${at}`);
      if (!definition) {
        statements.push(`const f${at} = ${name === '__typename' ? JSON.stringify(type.name) : `o[${literal}]`};`);
        continue;
      }
      const field: Field = {
        nonNull: isNonNullType(definition.type),
        steps: [...steps, key],
        coordinate: `${type.name}.${name}`,
        pattern: pattern ? `${pattern}.${key}` : key,
      };
      const value = compileValue(definition.type, nodes, field.steps, field.pattern, `${at}`);
      Object.assign(refers, value.refers, { [`F${at}`]: field });
      const give = field.nonNull ? `return missingField(w, p, F${at})` : `f${at} = null`;
      statements.push(
        `v = o[${literal}];`,
        `let f${at} = v === null || v === undefined ? missingField(w, p, F${at}) : ${value.text};`,
        ...(field.nonNull || value.text !== 'v' ? [`if (f${at} === GIVE_WAY) ${give};`] : []),
      );
    }
    return compiled(`let v; ${statements.join('\n')} return { ${entries.join(', ')} };`, refers);
  };

  const compileValue = (
    type: GraphQLOutputType,
    nodes: readonly FieldNode[],
    steps: readonly string[],
    pattern: string,
    suffix: string,
  ): Expression => {
    const nullable = isNonNullType(type) ? type.ofType : type;
    if (isEnumType(nullable)) {
      // A subgraph may be newer than the supergraph: a value that clients do not know is none.
      const known = new Set(nullable.getValues().map(({ name }) => name));
      const name = `known${suffix}`;
      return {
        text: `(${name}.has(v) ? v : ${suffix === 'i' ? 'null' : `missingField(w, p, F${suffix})`})`,
        refers: { [name]: known },
      };
    }
    if (isLeafType(nullable)) return { text: 'v', refers: {} };
    const complete = isListType(nullable)
      ? compileList(nullable.ofType, nodes, steps, `${pattern}.*`)
      : isAbstractType(nullable)
        ? byRuntimeType((runtime) => compileSelection(runtime, nodes, steps, pattern))
        : compileSelection(nullable as GraphQLObjectType, nodes, steps, pattern);
    return complete
      ? { text: `complete${suffix}(v, w, p)`, refers: { [`complete${suffix}`]: complete } }
      : { text: 'v', refers: {} };
  };

  const compileSelection = (
    type: GraphQLObjectType,
    nodes: readonly FieldNode[],
    steps: readonly string[],
    pattern: string,
  ) => compileObject(type, collectSubfields(schema, fragments, coerced, type, nodes), steps, pattern);

  const compileList = (
    type: GraphQLOutputType,
    nodes: readonly FieldNode[],
    steps: readonly string[],
    pattern: string,
  ): Complete | undefined => {
    const item = compileValue(type, nodes, [], pattern, 'i');
    const nonNull = isNonNullType(type);
    // A list of lawful leaves needs no look inside.
    if (item.text === 'v' && !nonNull) return undefined;
    const enumItem = isEnumType(nonNull ? type.ofType : type);
    return compiled(
      `if (!Array.isArray(o)) return GIVE_WAY;
       const items = new Array(o.length);
       for (let index = 0; index < o.length; index++) {
         const v = o[index];
         let item = null;
         if (v !== null && v !== undefined) {
           ${item.text.includes('complete') ? 'const p = { up: list, steps, index };' : ''}
           item = ${item.text};
           ${enumItem ? '' : 'if (item === GIVE_WAY) item = null;'}
         }
         ${nonNull ? 'if (item === null) return missingItem(w, { up: list, steps, index });' : ''}
         items[index] = item;
       }
       return items;`,
      { ...item.refers, GIVE_WAY, missingItem, steps },
      'list',
    );
  };

  const byRuntimeType = (compileFor: (type: GraphQLObjectType) => Complete): Complete => {
    const known = new Map<string, Complete | undefined>();
    return (found, walk, place) => {
      const object = found as Record<string, unknown>;
      const name = object[HIDDEN_TYPENAME] ?? object.__typename;
      if (typeof name === 'string' && !known.has(name)) {
        const runtime = schema.getType(name);
        known.set(name, isObjectType(runtime) ? compileFor(runtime) : undefined);
      }
      const complete = typeof name === 'string' ? known.get(name) : undefined;
      if (complete) return complete(object, walk, place);
      // Without a name the concrete type is unknown, and so is what must not be null.
      const { [HIDDEN_TYPENAME]: _, ...rest } = object;
      return rest;
    };
  };

  const top = compileObject(root, collectFields(schema, fragments, coerced, root, operation.selectionSet), [], '');
  return (result, withheld) => {
    // The executor leaves `data` out when no subgraph answered: its nullable fields are null all the same.
    if (result.data === null) return { result, masked: [] };
    const walk: Walk = {
      errors: [...((result.errors as GraphQLError[] | undefined) ?? [])],
      masked: withheld.length > 0 ? new Set(withheld.map(({ type, field }) => `${type}.${field}`)) : undefined,
      nulls: new Map(),
    };
    const data = top(result.data ?? {}, walk, undefined);
    return {
      result: {
        ...result,
        data: data === GIVE_WAY ? null : (data as Record<string, unknown>),
        ...(walk.errors.length > 0 ? { errors: walk.errors } : {}),
      },
      masked: walk.nulls.size > 0 ? maskedPaths(walk.nulls, withheld) : [],
    };
  };
}

/** A function of an object or list `o`. Its text holds nothing of the caller but response keys, as JSON literals. */
function compiled(body: string, refers: Readonly<Record<string, unknown>>, place = 'p'): Complete {
  const text = `return function complete(o, w, ${place}) { if (typeof o !== 'object') return GIVE_WAY; ${body} }`;
  return new Function(...Object.keys(refers), text)(...Object.values(refers)) as Complete;
}
