import { type DocumentNode, type GraphQLSchema, Kind, visit } from 'graphql';
import { type Completion, compileCompletion } from './completion.js';

/** A caller chooses the switches: so many of their settings are kept for one document. */
const MAX_VARIANTS = 64;

/** Completions of a schema's documents, kept as long as the documents live. */
export function completionCache(schema: GraphQLSchema) {
  const known = new WeakMap<DocumentNode, { switches: readonly string[]; completions: Map<string, Completion> }>();
  return (
    document: DocumentNode,
    operationName: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): Completion => {
    let entry = known.get(document);
    if (!entry) {
      entry = { switches: switchesOf(document), completions: new Map() };
      known.set(document, entry);
    }
    let key = operationName ?? '';
    for (const name of entry.switches) key += `|${variables[name]}`;
    let completion = entry.completions.get(key);
    if (!completion) {
      completion = compileCompletion(schema, document, operationName, variables);
      if (entry.completions.size >= MAX_VARIANTS) entry.completions.clear();
      entry.completions.set(key, completion);
    }
    return completion;
  };
}

/** The variables that decide which fields are asked for. */
function switchesOf(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(node) {
      if (node.name.value !== 'skip' && node.name.value !== 'include') return;
      for (const { value } of node.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}
