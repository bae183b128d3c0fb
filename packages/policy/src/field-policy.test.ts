import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { fieldClassesOf, fieldPolicyLinks, fieldPolicySdl } from './field-policy.js';

const federation = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@composeDirective"])`;
const compose = (...bodies: string[]) => {
  const result = composeServices(
    bodies.map((body, place) => ({
      name: `s${place}`,
      typeDefs: parse(`${federation}\n${fieldPolicyLinks}\n${fieldPolicySdl}\n${body}`),
    })),
  );
  expect(result.errors ?? []).toEqual([]);
  return parse(result.supergraphSdl ?? '');
};

it('carries the class of every field through composition', () => {
  const supergraph = compose(
    'type Query { model: Model } type Model @key(fields: "id") { id: ID! @fieldPolicy(class: OPEN) email: String @fieldPolicy(class: PII) }',
    'type Model @key(fields: "id") { id: ID! @fieldPolicy(class: OPEN) cost: Float @fieldPolicy(class: SENSITIVE) }',
  );
  expect(Object.fromEntries(fieldClassesOf(supergraph))).toEqual({
    'Model.id': 'open',
    'Model.email': 'pii',
    'Model.cost': 'sensitive',
  });
});

it('refuses two classes for one field, which the composer lets pass', () => {
  const supergraph = compose(
    'type Query { model: Model } type Model @key(fields: "id") { id: ID! @fieldPolicy(class: OPEN) email: String @shareable @fieldPolicy(class: PII) }',
    'type Model @key(fields: "id") { id: ID! @fieldPolicy(class: OPEN) email: String @shareable @fieldPolicy(class: OPEN) }',
  );
  expect(() => fieldClassesOf(supergraph)).toThrow(/Model\.email is pii in one subgraph and open in another/);
});
