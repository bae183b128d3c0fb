// The schema is the product: every subgraph's SDL, the supergraph, the API schema and the typed client are checked in,
// and `falaj schema check` fails when one of them is not what the code gives.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeSupergraph, loadGraph } from '@falaj/gateway';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { describeAll } from './platform/subgraphs.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Path below the repository's root -> content. */
async function schemaFiles(): Promise<Map<string, string>> {
  const { descriptions } = await describeAll();
  const files = new Map(descriptions.map(({ name, sdl }) => [`subgraphs/${name}/schema.graphql`, `${sdl.trim()}\n`]));
  const { supergraphSdl } = composeSupergraph(
    descriptions.map(({ name, sdl }) => ({ name, sdl, url: `http://127.0.0.1/${name}/graphql` })),
  );
  files.set('supergraph.graphql', `${supergraphSdl.trim()}\n`);
  const graph = await loadGraph({ supergraphSdl, subgraphs: [], identityHeaders: async () => ({}) });
  files.set('schema.graphql', `${printSchema(lexicographicSortSchema(graph.apiSchema)).trim()}\n`);
  return files;
}

async function clientFiles(): Promise<Map<string, string>> {
  const { generate } = await import('@graphql-codegen/cli');
  const folder = join(root, 'packages/client');
  const { default: config } = (await import(join(folder, 'codegen.mjs'))) as { default: object };
  const made = (await generate({ ...config, cwd: folder, silent: true, errorsOnly: true } as never, false)) as {
    filename: string;
    content: string;
  }[];
  return new Map(made.map(({ filename, content }) => [`packages/client/${filename}`, content]));
}

const write = (files: Map<string, string>): void => {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};

export async function writeSchemaFiles(): Promise<string[]> {
  const schemas = await schemaFiles();
  write(schemas);
  const client = await clientFiles();
  write(client);
  return [...schemas.keys(), ...client.keys()];
}

/** Files that differ from what the code gives, each with its first differing line. */
export async function staleSchemaFiles(): Promise<{ path: string; line: string }[]> {
  const stale: { path: string; line: string }[] = [];
  for (const [path, content] of [...(await schemaFiles()), ...(await clientFiles())]) {
    let found = '';
    try {
      found = readFileSync(join(root, path), 'utf8');
    } catch {
      stale.push({ path, line: 'missing' });
      continue;
    }
    const line = firstDifference(found, content);
    if (line) stale.push({ path, line });
  }
  return stale;
}

/** The first line in which a file differs from what the code gives; null where it does not. */
export function firstDifference(checkedIn: string, made: string): string | null {
  if (checkedIn === made) return null;
  const then = checkedIn.split('\n');
  const now = made.split('\n');
  let at = 0;
  while (then[at] === now[at]) at++;
  return `line ${at + 1}: checked in "${then[at]?.trim() ?? ''}", the code gives "${now[at]?.trim() ?? ''}"`;
}
