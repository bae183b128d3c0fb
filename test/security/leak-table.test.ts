// Leaks that a schema could open, closed in the schemas themselves: what composition would not refuse is refused here.
import { readFileSync } from 'node:fs';
import { type DocumentNode, type FieldDefinitionNode, Kind, parse } from 'graphql';
import { describe, expect, it } from 'vitest';

const subgraphs = ['deployments', 'experiments', 'features', 'governance', 'models'];
const documents = new Map<string, DocumentNode>(
  subgraphs.map((name) => [
    name,
    parse(readFileSync(new URL(`../../subgraphs/${name}/schema.graphql`, import.meta.url), 'utf8')),
  ]),
);
const classOf = (field: FieldDefinitionNode): string | undefined => {
  const value = field.directives?.find(({ name }) => name.value === 'fieldPolicy')?.arguments?.[0]?.value;
  return value?.kind === Kind.ENUM ? value.value : undefined;
};
const objects = (document: DocumentNode) =>
  document.definitions.flatMap((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
      ? [definition]
      : [],
  );

describe.each([...documents])('%s', (_name, document) => {
  it('keys are opaque ids of class open: they travel to every subgraph', () => {
    for (const type of objects(document))
      for (const directive of type.directives?.filter(({ name }) => name.value === 'key') ?? []) {
        const fields = directive.arguments?.find(({ name }) => name.value === 'fields')?.value;
        expect({ type: type.name.value, fields: fields?.kind === Kind.STRING ? fields.value : '' }).toEqual({
          type: type.name.value,
          fields: 'id',
        });
        const id = type.fields?.find(({ name }) => name.value === 'id');
        expect({ type: type.name.value, class: id && classOf(id) }).toEqual({ type: type.name.value, class: 'OPEN' });
      }
  });

  it('no field is fetched from one subgraph for another, where masks would have to follow', () => {
    for (const type of objects(document))
      for (const field of type.fields ?? [])
        for (const { name } of field.directives ?? [])
          expect(['requires', 'provides', 'fromContext', 'context']).not.toContain(name.value);
  });

  it('no interface shows what its implementations hide', () => {
    expect(document.definitions.filter(({ kind }) => kind === Kind.INTERFACE_TYPE_DEFINITION)).toEqual([]);
  });

  it('the directive of the classes bears its own name', () => {
    const links = document.definitions.flatMap((definition) =>
      definition.kind === Kind.SCHEMA_EXTENSION ? (definition.directives ?? []) : [],
    );
    const link = links.find((each) =>
      each.arguments?.some(({ value }) => value.kind === Kind.STRING && value.value.includes('/spec/policy/')),
    );
    const imports = link?.arguments?.find(({ name }) => name.value === 'import')?.value;
    // A renamed one would stand here as an object.
    expect(
      imports?.kind === Kind.LIST && imports.values.map((each) => each.kind === Kind.STRING && each.value),
    ).toEqual(['@fieldPolicy']);
    expect(link?.arguments?.some(({ name }) => name.value === 'as')).toBe(false);
  });
});

it('a field of several subgraphs has one class in all of them', () => {
  const classes = new Map<string, Set<string | undefined>>();
  for (const document of documents.values())
    for (const type of objects(document))
      for (const field of type.fields ?? []) {
        const path = `${type.name.value}.${field.name.value}`;
        classes.set(path, (classes.get(path) ?? new Set()).add(classOf(field)));
      }
  expect([...classes].filter(([, found]) => found.size > 1).map(([path]) => path)).toEqual([]);
});
