// The query planner's executor leaves null where the schema says `!`; this pass lets such a null rise as the
// GraphQL specification (6.4.4) says, so that typed clients can trust the types.
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
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { getVariableValues } from 'graphql/execution/values.js';

type Path = readonly (string | number)[];

/** The result with every unlawful null raised; each brings an error unless one at or under its path explains it. */
export function completeResult(
  schema: GraphQLSchema,
  document: DocumentNode,
  result: ExecutionResult,
  variables: Record<string, unknown>,
  operationName?: string,
): ExecutionResult {
  const operation = getOperationAST(document, operationName);
  if (!operation || !result.data) return result;
  const root = schema.getRootType(operation.operation);
  if (!root) return result;
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
  }
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables).coerced ?? {};
  const errors = [...(result.errors ?? [])];
  const explained = (path: Path) =>
    errors.some((error) => error.path && path.every((step, index) => error.path?.[index] === step));

  // `undefined` says: this null may not stand here, the parent must give way.
  const complete = (type: GraphQLOutputType, value: unknown, nodes: readonly FieldNode[], path: Path): unknown => {
    if (isNonNullType(type)) {
      const inner = complete(type.ofType, value, nodes, path);
      if (inner !== null && inner !== undefined) return inner;
      if (!explained(path)) {
        errors.push(new GraphQLError('A value that must not be null is missing.', { nodes, path: [...path] }));
      }
      return undefined;
    }
    if (value === null || value === undefined) return null;
    if (isListType(type)) {
      if (!Array.isArray(value)) return value;
      const items: unknown[] = [];
      for (const [index, item] of value.entries()) {
        const inner = complete(type.ofType, item, nodes, [...path, index]);
        if (inner === undefined) return null;
        items.push(inner);
      }
      return items;
    }
    if (isLeafType(type)) return value;
    const object = value as Record<string, unknown>;
    const runtime = isAbstractType(type) ? schema.getType(String(object.__typename)) : type;
    // Without __typename the concrete type is unknown, and so is what must not be null.
    if (!isObjectType(runtime)) return value;
    const fields = collectSubfields(schema, fragments, coerced, runtime, nodes);
    return completeFields(runtime, object, fields, path) ?? null;
  };
  const completeFields = (
    type: GraphQLObjectType,
    object: Record<string, unknown>,
    fields: ReadonlyMap<string, readonly FieldNode[]>,
    path: Path,
  ): Record<string, unknown> | undefined => {
    const completed: Record<string, unknown> = Object.create(null);
    for (const [key, nodes] of fields) {
      const name = nodes[0]?.name.value ?? '';
      const field = type.getFields()[name];
      const value = field ? complete(field.type, object[key], nodes, [...path, key]) : object[key];
      if (value === undefined) return undefined;
      completed[key] = value;
    }
    return completed;
  };
  const fields = collectFields(schema, fragments, coerced, root, operation.selectionSet);
  const data = completeFields(root, result.data, fields, []) ?? null;
  return { ...result, data, ...(errors.length > 0 ? { errors } : {}) };
}
