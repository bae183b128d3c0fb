import { buildSchema } from 'graphql';
import { expect, it } from 'vitest';
import { assertCoverage, type CoverageOptions, checkCoverage } from './coverage.js';
import type { FieldClass } from './noun.js';

const sdl = (over: { email?: string; filter?: string; order?: string } = {}) => `
  scalar _Any
  type _Service { sdl: String! }
  type Query { models(filter: ModelFilter, orderBy: ModelOrder): ModelConnection! _service: _Service! }
  type Mutation { renameModel(input: RenameModelInput!): RenamePayload! }
  input RenameModelInput { id: ID! anything: String }
  type RenamePayload { model: Model }
  type ModelConnection { edges: [ModelEdge!]! }
  type ModelEdge { node: Model! }
  type Model { id: ID! name: String email: ${over.email ?? 'String'} createdAt: String }
  input ModelFilter { nameContains: String createdAfter: String email: String and: [ModelFilter!] ${over.filter ?? ''} }
  input ModelOrder { field: ModelOrderField! direction: Direction! }
  enum ModelOrderField { NAME CREATED_AT ${over.order ?? ''} }
  enum Direction { ASC DESC }
`;
const classes: Record<string, FieldClass> = {
  'RenamePayload.model': 'open',
  'ModelConnection.edges': 'open',
  'ModelEdge.node': 'open',
  'Model.id': 'open',
  'Model.name': 'internal',
  'Model.email': 'pii',
  'Model.createdAt': 'open',
};
const declared = { 'ModelFilter.createdAfter': 'Model.createdAt' };
const check = (text: string, without?: string, inputs: CoverageOptions['inputs'] = declared) =>
  checkCoverage(
    buildSchema(text),
    (type, field) => (`${type}.${field}` === without ? undefined : classes[`${type}.${field}`]),
    { inputs },
  );

it('passes a schema whose every field and input is covered', () => {
  const report = check(sdl());
  expect(report).toMatchObject({ unclassified: [], nonNull: [], uncoveredInputs: [] });
  expect(report.classes).toEqual({ open: 5, internal: 1, sensitive: 0, pii: 1, secret: 0, platform: 0 });
});

it('names fields without a class, payloads of mutations among them', () => {
  expect(check(sdl(), 'Model.email').unclassified).toEqual(['Model.email']);
  expect(check(sdl(), 'RenamePayload.model').unclassified).toEqual(['RenamePayload.model']);
});

it('names maskable fields that are non-null', () => {
  expect(check(sdl({ email: 'String!' })).nonNull).toEqual(['Model.email']);
});

it('names filters and orders that reach past the classes', () => {
  expect(check(sdl({ filter: 'salary: Float' })).uncoveredInputs).toEqual(['ModelFilter.salary']);
  expect(check(sdl({ order: 'SALARY' })).uncoveredInputs).toEqual(['ModelOrderField.SALARY']);
  expect(check(sdl(), undefined, {}).uncoveredInputs).toEqual(['ModelFilter.createdAfter']);
  expect(check(sdl(), undefined, { 'ModelFilter.createdAfter': 'Model.nothing' }).uncoveredInputs).toEqual([
    'ModelFilter.createdAfter',
  ]);
  expect(
    check(sdl({ filter: 'parentId: ID' }), undefined, { ...declared, 'ModelFilter.parentId': 'ROW' }).uncoveredInputs,
  ).toEqual([]);
});

it('refuses to start, naming every hole', () => {
  const schema = buildSchema(sdl({ email: 'String!', order: 'SALARY' }));
  expect(() =>
    assertCoverage(schema, (type, field) => (field === 'name' ? undefined : classes[`${type}.${field}`]), {
      inputs: declared,
    }),
  ).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /Model\.name has no class; Model\.email .*non-null; .*ModelFilter\.nameContains.*ModelOrderField\.NAME.*SALARY/,
      ),
    }),
  );
});
