// Refuses a document before it is planned. One rule counts everything, following fragments with memory of their totals,
// so that a fragment bomb costs no more to refuse than to read.
import { PlatformError } from '@falaj/runtime';
import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

export interface Limits {
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
  /** Fields after every fragment is spread. */
  readonly fields: number;
  readonly tokens: number;
  readonly bodyBytes: number;
}

export const defaultLimits: Limits = {
  depth: 15,
  aliases: 30,
  rootFields: 20,
  fields: 1000,
  tokens: 2000,
  bodyBytes: 1024 * 1024,
};

interface Size {
  depth: number;
  aliases: number;
  fields: number;
}

/** Throws QUERY_TOO_COMPLEX with the limit and what was found. The document must be free of fragment cycles. */
export function refuseOversized(document: DocumentNode, limits: Limits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, Size>();

  const measure = (set: SelectionSetNode): Size => {
    const size: Size = { depth: 0, aliases: 0, fields: 0 };
    for (const node of set.selections) {
      let inner: Size = { depth: 0, aliases: 0, fields: 0 };
      if (node.kind === Kind.FRAGMENT_SPREAD) inner = measureFragment(node.name.value);
      else if (node.selectionSet) inner = measure(node.selectionSet);
      const field = node.kind === Kind.FIELD;
      size.depth = Math.max(size.depth, inner.depth + (field ? 1 : 0));
      size.aliases += inner.aliases + (field && node.alias ? 1 : 0);
      size.fields += inner.fields + (field ? 1 : 0);
    }
    return size;
  };
  const measureFragment = (name: string): Size => {
    const found = known.get(name);
    if (found) return found;
    const fragment = fragments.get(name);
    const size = fragment ? measure(fragment.selectionSet) : { depth: 0, aliases: 0, fields: 0 };
    known.set(name, size);
    return size;
  };
  const hold = (what: string, found: number, limit: number) => {
    if (found > limit) {
      throw new PlatformError('QUERY_TOO_COMPLEX', `The document has ${what} ${found}; the limit is ${limit}.`, {
        details: { what, found, limit },
      });
    }
  };
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure(node.selectionSet);
    hold('depth', size.depth, limits.depth);
    hold('aliases', size.aliases, limits.aliases);
    hold('fields', size.fields, limits.fields);
    hold('rootFields', node.selectionSet.selections.length, limits.rootFields);
  }
}
