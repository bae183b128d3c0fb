import {
  type DocumentNode,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { HIDDEN_TYPENAME } from './completion.js';

const hidden = {
  kind: Kind.FIELD,
  alias: { kind: Kind.NAME, value: HIDDEN_TYPENAME },
  name: { kind: Kind.NAME, value: '__typename' },
} as const;

/** The document with the concrete type asked for wherever the schema leaves it open; the same object if nowhere. */
export function withHiddenTypenames(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: {
        leave(node, _key, parent) {
          const field = parent && 'kind' in parent && parent.kind === Kind.FIELD;
          if (!field || !isAbstractType(types.getParentType())) return undefined;
          return { ...node, selections: [...node.selections, hidden] };
        },
      },
    }),
  );
}
