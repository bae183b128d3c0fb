// What stages ask of other subgraphs is text to the compiler: here it is held to the graph as it is checked in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../../..');
const folders = ['../domain/pipeline', '../store'].map((folder) => join(import.meta.dirname, folder));

const documents = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/\/\* GraphQL \*\/ `([^`]*)`/g)].map(
        ([, text = '']) => [`${file}: ${/(?:query|mutation) (\w+)/.exec(text)?.[1]}`, text] as const,
      ),
    ),
);
const graph = buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'));

it('are found', () => expect(documents.length).toBeGreaterThan(20));
it.each(documents)('%s fits the graph', (_name, text) => {
  expect(validate(graph, parse(text)).map(({ message }) => message)).toEqual([]);
});
