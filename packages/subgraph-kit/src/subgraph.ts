import { assertCoverage, type Noun, type Rule } from '@falaj/policy';
import { underTraceparent, withSpan } from '@falaj/runtime';
import type { DocumentNode, ExecutionResult, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import { isObjectType, parse } from 'graphql';
import { SubgraphContext } from './context.js';
import { createExecutor } from './execution.js';
import { buildFederatedSchema, fieldClasses, type SchemaSource } from './federated-schema.js';
import { attributeType, type GovernedTable } from './governed-table.js';
import { guardSchema, loggedFieldsOf } from './guard.js';
import type { Platform, RequestContext } from './platform.js';

/** Answers entity references of one type: ids in, rows (or stubs) out, in order, null where not visible. */
export type ReferenceResolver = (ids: readonly string[], context: never) => Promise<readonly unknown[]>;

/** References to rows of these tables, each type answered by one statement. */
// biome-ignore lint/suspicious/noExplicitAny: tables of different rows stand in one list.
export function referencesTo(tables: readonly GovernedTable<any>[]): Record<string, ReferenceResolver> {
  return Object.fromEntries(
    tables.map((table) => [
      table.noun,
      (ids: readonly string[], context: SubgraphContext) => context.reads.byIds(table, ids),
    ]),
  );
}

/** Everything that a subgraph is, as data; `main.ts` of each subgraph exports one. */
export interface SubgraphDefinition<Services = unknown> {
  readonly name: string;
  readonly resolvers: SchemaSource['resolvers'];
  // biome-ignore lint/complexity/noBannedTypes: type-graphql names classes, abstract ones included, by this type.
  readonly orphanedTypes?: readonly Function[];
  // biome-ignore lint/suspicious/noExplicitAny: tables of different rows stand in one list.
  readonly tables: readonly GovernedTable<any>[];
  /** Attributes that rules may mention on types without a table. */
  readonly attributes?: Readonly<Record<string, Noun['attributes']>>;
  readonly references: Readonly<Record<string, ReferenceResolver>>;
  /** Filter fields that have another name than the field whose class decides: `Input.field` to `Type.field`. */
  readonly filterFields?: Readonly<Record<string, string>>;
  /** Built-in rules: the abilities of this subgraph's nouns, from its policy.ts. */
  readonly rules: readonly Rule[];
  readonly migrations: { readonly name: string; readonly folder: string };
  /** Wires domain and store; called once. The returned `stop` ends what it started. */
  createServices(platform: Platform): Promise<{ services: Services; stop?: () => Promise<void> }>;
}

export interface SubgraphRequest {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string | undefined;
  readonly context: RequestContext;
}

/** A running subgraph. */
export interface Subgraph {
  readonly name: string;
  readonly sdl: string;
  readonly schema: GraphQLSchema;
  execute(request: SubgraphRequest): Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a description asks nothing of the services, whatever their type.
type AnyDefinition = SubgraphDefinition<any>;

const schemaOf = (definition: AnyDefinition, resolveEntities: Parameters<typeof buildFederatedSchema>[1]) =>
  buildFederatedSchema(
    {
      resolvers: definition.resolvers,
      ...(definition.orphanedTypes ? { orphanedTypes: definition.orphanedTypes } : {}),
      entities: Object.keys(definition.references),
    },
    resolveEntities,
  );

/** SDL, nouns and their tables without a running platform: for composition, for the rule validator, for the schema check. */
export async function describeSubgraph(
  definition: AnyDefinition,
): Promise<{ name: string; sdl: string; nouns: Noun[]; tables: AnyDefinition['tables'] }> {
  const { sdl } = await schemaOf(definition, () => null);
  return { name: definition.name, sdl, nouns: nounsOf(sdl, definition), tables: definition.tables };
}

/** Nouns are the object types of the schema; attributes are the columns that the tables offer to conditions. */
function nounsOf(
  sdl: string,
  { tables, attributes: declared = {} }: Pick<SubgraphDefinition, 'tables' | 'attributes'>,
): Noun[] {
  const columns = new Map(tables.map((table) => [table.noun, table]));
  const fields = new Map<string, Record<string, Noun['fields'][string]>>();
  for (const [path, fieldClass] of fieldClasses(parse(sdl))) {
    const [type = '', field = ''] = path.split('.');
    fields.set(type, { ...fields.get(type), [field]: fieldClass });
  }
  return [...fields].map(([name, own]) => ({
    name,
    fields: own,
    attributes: {
      ...declared[name],
      ...Object.fromEntries(
        Object.entries(columns.get(name)?.attributes ?? {}).map(([key, column]) => [key, attributeType(column)]),
      ),
    },
    relations: Object.fromEntries(
      Object.entries(columns.get(name)?.relations ?? {}).map(([key, { to }]) => [key, to().noun]),
    ),
  }));
}

/** Builds the schema, proves that every field has a class, guards it, and wires the services. */
export async function startSubgraph<Services>(
  definition: SubgraphDefinition<Services>,
  platform: Platform,
): Promise<Subgraph> {
  const references = definition.references;
  const governed = new Set(definition.tables.map((table) => table.noun));
  const resolveEntities = async (
    _source: unknown,
    args: { representations: readonly { __typename: string; id?: string }[] },
    context: SubgraphContext,
    info: GraphQLResolveInfo,
  ): Promise<unknown[]> => {
    const groups = new Map<string, { id: string; place: number }[]>();
    args.representations.forEach((representation, place) => {
      const group = groups.get(representation.__typename) ?? [];
      group.push({ id: representation.id ?? '', place });
      groups.set(representation.__typename, group);
    });
    const answers = new Array<unknown>(args.representations.length).fill(null);
    await Promise.all(
      [...groups].map(async ([typename, group]) => {
        const resolve = references[typename];
        if (!resolve) return;
        const rows = await resolve(
          group.map((entry) => entry.id),
          context as never,
        );
        group.forEach((entry, index) => {
          const row = rows[index] as { id?: unknown; __typename?: string } | null | undefined;
          if (row) {
            row.__typename = typename;
            if (governed.has(typename)) context.shown.row(typename, row, info);
            answers[entry.place] = row;
          }
        });
      }),
    );
    return answers;
  };
  const { sdl, schema, classOf } = await schemaOf(definition, resolveEntities);
  assertCoverage(schema, classOf, definition.filterFields ? { inputs: definition.filterFields } : {});
  guardSchema(schema, governed, classOf);
  const loggedFields = loggedFieldsOf(schema, classOf);
  const fieldsOf = (type: string): readonly string[] => {
    const found = schema.getType(type);
    return isObjectType(found) ? Object.keys(found.getFields()) : [];
  };
  const { services, stop } = await definition.createServices(platform);
  const run = createExecutor(schema);
  return {
    name: definition.name,
    sdl,
    schema,
    execute: (request) =>
      underTraceparent(request.context.traceparent, () =>
        withSpan(`subgraph.${definition.name}`, { 'graphql.operation.name': request.operationName ?? '' }, async () => {
          const ability = await platform.abilityFor(request.context.principal);
          return run(
            request,
            new SubgraphContext(
              request.context,
              platform,
              services,
              ability,
              fieldsOf,
              loggedFields,
            ) as SubgraphContext,
            async () => (await platform.abilityFor(request.context.principal)).basis === ability.basis,
          );
        }),
      ),
    close: async () => {
      await stop?.();
    },
  };
}
