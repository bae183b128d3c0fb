// type-graphql classes -> SDL with federation directives -> an executable subgraph schema.
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type FieldClass, fieldPolicyLinks, fieldPolicySdl } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  type DocumentNode,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  parse,
  print,
} from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSONObject } from 'graphql-scalars';
import { buildSchema, createResolversMap, type NonEmptyArray } from 'type-graphql';
import type { SubgraphContext } from './context.js';

/** Instants as ISO 8601 text in UTC. */
export const DateTime = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'An instant as ISO 8601 text, e.g. `2026-03-01T08:30:00.000Z`.',
  extensions: {},
});

/** Structured detail whose shape a plugin or a run decides. */
export const JSONObject = new GraphQLScalarType({
  ...GraphQLJSONObject.toConfig(),
  name: 'JSONObject',
  description: 'A JSON object whose shape is described where it is used.',
  specifiedByURL: null,
  extensions: {},
});

// Version 2.9 is the newest that the composer accepts.
const FEDERATION = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@composeDirective"])
`;

function unusedBus(): never {
  throw new PlatformError('INTERNAL', 'A subscription must bring its own `subscribe` source.');
}

export interface SchemaSource {
  // biome-ignore lint/complexity/noBannedTypes: type-graphql names classes, abstract ones included, by this type.
  readonly resolvers: NonEmptyArray<Function>;
  /** Types that no field of this subgraph answers: stubs of entities that are only extended here. */
  // biome-ignore lint/complexity/noBannedTypes: type-graphql names classes, abstract ones included, by this type.
  readonly orphanedTypes?: readonly Function[];
  /** Type names whose `_entities` this subgraph answers. */
  readonly entities: readonly string[];
}

/** The `_entities` root, resolved by type and in one batch each; installed by the subgraph. */
export type EntitiesResolver = (
  source: unknown,
  args: { representations: readonly { __typename: string; id?: string }[] },
  context: SubgraphContext,
  info: GraphQLResolveInfo,
) => unknown;

export interface FederatedSchema {
  readonly sdl: string;
  readonly schema: GraphQLSchema;
  readonly classOf: (type: string, field: string) => FieldClass | undefined;
}

export async function buildFederatedSchema(
  source: SchemaSource,
  resolveEntities: EntitiesResolver,
): Promise<FederatedSchema> {
  const classes = await buildSchema({
    resolvers: source.resolvers,
    orphanedTypes: [...(source.orphanedTypes ?? [])],
    scalarsMap: [{ type: Date, scalar: DateTime }],
    skipCheck: true,
    validate: false,
    // Subscriptions bring their own event source; type-graphql asks for a bus all the same.
    pubSub: { publish: unusedBus, subscribe: unusedBus },
  });
  const sdl = `${FEDERATION}\n${fieldPolicyLinks}\n${fieldPolicySdl}\n${printSchemaWithDirectives(classes)}\n`;
  const resolvers = createResolversMap(classes) as Record<string, Record<string, unknown>>;
  // graphql-jit takes no promise where type-graphql gives one: values of a union carry their `__typename`.
  for (const type of Object.values(classes.getTypeMap()))
    if (isAbstractType(type))
      resolvers[type.name] = { __resolveType: (value: { __typename: string }) => value.__typename };
  resolvers.Query = { ...resolvers.Query, ...(source.entities.length > 0 ? { _entities: resolveEntities } : {}) };
  const document = parse(sdl, { noLocation: true });
  const schema = buildSubgraphSchema([{ typeDefs: document, resolvers: resolvers as never }]);
  const table = fieldClasses(document);
  return { sdl: print(document), schema, classOf: (type, field) => table.get(`${type}.${field}`) };
}

/** Reads `@fieldPolicy(class:)` of every object field out of SDL. */
export function fieldClasses(document: DocumentNode): Map<string, FieldClass> {
  const table = new Map<string, FieldClass>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const field of definition.fields ?? []) {
      const directive = field.directives?.find((d) => d.name.value === 'fieldPolicy');
      const value = directive?.arguments?.find((a) => a.name.value === 'class')?.value;
      if (value?.kind === Kind.ENUM)
        table.set(`${definition.name.value}.${field.name.value}`, value.value.toLowerCase() as FieldClass);
    }
  }
  return table;
}
