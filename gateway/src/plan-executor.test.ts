// Two executors of one plan: what the router runtime answers for a random world is what the compiled plan must answer.
// A switch that is always on sends the same operation to the router runtime, for a switch is not compiled.
import { anonymous } from '@falaj/runtime';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  visit,
} from 'graphql';
import { expect, test } from 'vitest';
import { composeSupergraph } from './compose.js';
import type { LocalSubgraph } from './contract.js';
import { loadGraph } from './graph.js';
import { planCache } from './plan-cache.js';

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])\n';
const sdls: Record<string, string> = {
  shop: `
    type Query { products(first: Int): [Product!] product(id: ID!): Product top: Product }
    type Mutation { rename(id: ID!, name: String!): Product close: Boolean }
    type Product @key(fields: "id") { id: ID! name: String! grams: Int seller: User buyers: [User] grid: [[User!]] kind: Kind parts: [Product!] }
    enum Kind { NEW USED }
    type User @key(fields: "id region") { id: ID! region: String }`,
  people: `
    type Query { me: User }
    type User @key(fields: "id region") { id: ID! region: String name: String! email: String friend: User }`,
  reviews: `
    type Query { latest(first: Int!): [Review!] }
    type Review { stars: Int! text: String author: User about: Product }
    type Product @key(fields: "id") { id: ID! reviews(first: Int): [Review!] rating: Float! }
    type User @key(fields: "id region") { id: ID! region: String reviews: [Review!] }`,
  post: `
    type Product @key(fields: "id") { id: ID! grams: Int @external postage: Float @requires(fields: "grams") }`,
};
const names = Object.keys(sdls);
const federation = `
  directive @key(fields: String!) repeatable on OBJECT
  directive @external on FIELD_DEFINITION
  directive @requires(fields: String!) on FIELD_DEFINITION
  scalar _Any
`;
const schemas = Object.fromEntries(
  names.map((name) => {
    const entities = ['User', 'Product'].filter((type) => (sdls[name] ?? '').includes(`type ${type} @key`)).join(' | ');
    const query = 'Query { _entities(representations: [_Any!]!): [_Entity]! }';
    return [
      name,
      buildSchema(
        `${federation} union _Entity = ${entities} ${sdls[name]} ${sdls[name]?.includes('type Query') ? 'extend ' : ''}type ${query}`,
      ),
    ];
  }),
);

/** A small generator, the same on every machine. */
function random(seed: number) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Everything hangs on the seed, the type, the id and the field: both executors find one world. */
class World {
  private readonly seed: number;
  constructor(seed: number) {
    this.seed = seed;
  }
  chance(...of: unknown[]): number {
    let hash = this.seed;
    for (const character of of.join('/')) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
    return random(hash)();
  }
  value<T>(key: string, make: () => T): T | null {
    const chance = this.chance(key, 'value');
    if (chance < 0.04) throw new GraphQLError(`no ${key}`, { extensions: { code: 'NOT_FOUND' } });
    return chance < 0.14 ? null : make();
  }
  id(key: string): string {
    return String(Math.floor(this.chance(key, 'id') * 6));
  }
  list<T>(key: string, make: (key: string) => T): T[] {
    return Array.from({ length: Math.floor(this.chance(key, 'length') * 4) }, (_, n) => make(`${key}${n}`));
  }
  user(key: string, id = this.id(key)): Record<string, unknown> {
    const of = (field: string) => `user ${id} ${field}`;
    return {
      __typename: 'User',
      id,
      region: Number(id) % 3 === 0 ? null : `region ${id}`,
      name: () => this.value(of('name'), () => `name ${id}`),
      email: () => this.value(of('email'), () => `${id}@example`),
      friend: () => this.value(of('friend'), () => this.user(of('friend'))),
      reviews: () => this.value(of('reviews'), () => this.list(of('reviews'), (each) => this.review(each))),
    };
  }
  product(key: string, id = this.id(key)): Record<string, unknown> {
    const of = (field: string) => `product ${id} ${field}`;
    return {
      __typename: 'Product',
      id,
      name: () => this.value(of('name'), () => `product ${id}`),
      grams: () => this.value(of('grams'), () => Number(id) * 100),
      seller: () => this.value(of('seller'), () => this.user(of('seller'))),
      buyers: () =>
        this.value(of('buyers'), () => this.list(of('buyers'), (each) => this.value(each, () => this.user(each)))),
      grid: () =>
        this.value(of('grid'), () => this.list(of('grid'), (row) => this.list(row, (each) => this.user(each)))),
      kind: () => this.value(of('kind'), () => (Number(id) % 2 ? 'NEW' : 'USED')),
      parts: () => this.value(of('parts'), () => this.list(of('parts'), (each) => this.product(each))),
      reviews: ({ first }: { first?: number }) =>
        this.value(of('reviews'), () => this.list(of('reviews'), (each) => this.review(each)).slice(0, first ?? 3)),
      rating: () => this.value(of('rating'), () => Number(id) / 2),
    };
  }
  review(key: string): Record<string, unknown> {
    return {
      stars: () => this.value(`${key} stars`, () => 3),
      text: () => this.value(`${key} text`, () => 'good'),
      author: () => this.value(`${key} author`, () => this.user(`${key} author`)),
      about: () => this.value(`${key} about`, () => this.product(`${key} about`)),
    };
  }
  /** Of an entity, by its representation. */
  entity(representation: { __typename: string; id: string; grams?: number }): unknown {
    const { __typename: type, id, grams } = representation;
    if (this.chance(type, id, 'gone') < 0.1) return null;
    const entity = type === 'User' ? this.user('', id) : this.product('', id);
    return { ...entity, postage: grams === undefined ? null : grams / 10 };
  }
}

function localWorld(seed: number): LocalSubgraph[] {
  const world = new World(seed);
  const rootValue = {
    products: ({ first }: { first?: number }) =>
      world.value('products', () => world.list('products', (key) => world.product(key)).slice(0, first ?? 9)),
    product: ({ id }: { id: string }) => world.entity({ __typename: 'Product', id }),
    top: () => world.value('top', () => world.product('top')),
    me: () => world.value('me', () => world.user('me')),
    latest: ({ first }: { first: number }) =>
      world.value('latest', () => world.list('latest', (key) => world.review(key)).slice(0, first)),
    rename: ({ id, name }: { id: string; name: string }) => ({
      ...(world.entity({ __typename: 'Product', id }) as object),
      name,
    }),
    close: () => world.value('close', () => true),
    _entities: ({ representations }: { representations: never[] }) => representations.map((each) => world.entity(each)),
  };
  return names.map((name) => ({
    name,
    execute: async ({ document, variables, operationName }) => ({
      ...(await execute({
        schema: schemas[name] as never,
        document,
        variableValues: variables,
        operationName: operationName ?? null,
        rootValue,
      })),
      extensions: { falaj: { masked: [{ type: 'User', field: 'email', reason: 'PII', count: 1 }] } },
    }),
  }));
}

const documents = [
  '{ products { id name reviews(first: 2) { stars author { name email } } rating } me { name } }',
  '{ top { seller { name friend { name reviews { text about { name postage } } } } buyers { email } } }',
  '{ products { seller { name } buyers { name reviews { stars } } reviews { author { name } about { seller { email } } } } }',
  'query ($id: ID!, $first: Int = 1) { product(id: $id) { ...P parts { ...P postage } } } fragment P on Product { name kind reviews(first: $first) { text } }',
  '{ top { grid { name email } parts { parts { rating seller { friend { email } } } } } latest(first: 2) { about { rating } author { id region } } }',
  '{ a: top { x: name seller { y: name } } b: products(first: 2) { seller { z: name: name } t: __typename } }'.replace(
    'z: name: name',
    'z: name',
  ),
  'mutation { rename(id: "2", name: "new") { name rating postage } again: rename(id: "3", name: "other") { seller { name } } close }',
].map((text) => parse(text));

const [always] = (parse('{ a @include(if: true) }').definitions[0] as OperationDefinitionNode).selectionSet.selections;

const switched = (document: DocumentNode): DocumentNode =>
  visit(document, {
    [Kind.OPERATION_DEFINITION]: (node: OperationDefinitionNode) => ({
      ...node,
      selectionSet: {
        ...node.selectionSet,
        selections: node.selectionSet.selections.map((each) => ({ ...each, directives: always?.directives })),
      },
    }),
  }) as DocumentNode;

/**
 * Errors by message and path; in no order, for fetches run at once. The router runtime makes an object null without a
 * word where an entity is gone and a field of it must not be null: completion says it of the compiled plan's answer.
 */
const comparable = ({ data, errors, extensions }: ExecutionResult) => ({
  data,
  errors: (errors ?? [])
    .map(({ message, path }) => `${message} at ${path?.join('.')}`)
    .filter((error) => !error.startsWith('A value that must not be null is missing.'))
    .toSorted(),
  extensions,
});

test('agrees with the router runtime on 1,050 random answers', async () => {
  const { supergraphSdl } = composeSupergraph(
    names.map((name) => ({ name, sdl: link + (sdls[name] ?? ''), url: 'http://127.0.0.1:1' })),
  );
  const context = { principal: anonymous, requestId: '', traceparent: '', signal: new AbortController().signal };
  let faults = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const graph = await loadGraph({ supergraphSdl, subgraphs: localWorld(seed), identityHeaders: async () => ({}) });
    if (seed === 1) {
      const planOf = planCache(supergraphSdl, graph.apiSchema);
      for (const document of documents) {
        expect(await planOf(document, undefined)).toBeTypeOf('function');
        expect(await planOf(switched(document), undefined)).toBeUndefined();
      }
    }
    for (const [index, document] of documents.entries()) {
      const variables = { id: String(seed % 6) };
      const compiled = await graph.execute(document, variables, context);
      const interpreted = await graph.execute(switched(document), variables, context);
      expect(comparable(compiled), `seed ${seed}, document ${index}`).toEqual(comparable(interpreted));
      if (compiled.errors) faults += 1;
    }
  }
  expect(faults).toBeGreaterThan(150);
}, 120_000);
