// Refuses a document before it is planned. One rule counts everything, following fragments with memory of their totals,
// so that a fragment bomb costs no more to refuse than to read.
import { PlatformError } from '@falaj/runtime';
import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  type SelectionSetNode,
  Source,
  TokenKind,
  type ValidationContext,
} from 'graphql';

export interface Limits {
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
  /** Fields after every fragment is spread. */
  readonly fields: number;
  readonly directives: number;
  /** Fields, each times the rows that the `first` or `last` of the connections around it asks for. */
  readonly cost: number;
  readonly tokens: number;
  readonly bodyBytes: number;
}

// `edges { node }` counts one level, so that depth 15 is fifteen levels of meaning. Introspection by tools is deep
// but is refused in production anyway.
export const defaultLimits: Limits = {
  depth: 15,
  aliases: 30,
  rootFields: 20,
  fields: 1000,
  directives: 50,
  cost: 100_000,
  tokens: 2000,
  bodyBytes: 1024 * 1024,
};

interface Size {
  depth: number;
  aliases: number;
  fields: number;
  directives: number;
  cost: number;
}

const nothing = (): Size => ({ depth: 0, aliases: 0, fields: 0, directives: 0, cost: 0 });

/** Throws QUERY_TOO_COMPLEX with the limit and what was found. */
export function refuseOversized(document: DocumentNode, limits: Limits): void {
  for (const [node, size] of sizesOf(document)) {
    hold('aliases', size.aliases, limits.aliases);
    hold('depth', size.depth, limits.depth);
    hold('fields', size.fields, limits.fields);
    hold('directives', size.directives + (node.directives?.length ?? 0), limits.directives);
    hold('rootFields', node.selectionSet.selections.length, limits.rootFields);
    hold('cost', size.cost, limits.cost);
  }
}

/** What an operation of the document costs, as `Limits.cost` counts it; at least 1. */
export const costOf = (document: DocumentNode, operation: OperationDefinitionNode): number =>
  Math.max(1, sizesOf(document).get(operation)?.cost ?? 0);

function sizesOf(document: DocumentNode): Map<OperationDefinitionNode, Size> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, Size>();

  const measure = (set: SelectionSetNode): Size => {
    const size = nothing();
    for (const node of set.selections) {
      let inner = nothing();
      if (node.kind === Kind.FRAGMENT_SPREAD) inner = measureFragment(node.name.value);
      else if (node.selectionSet) inner = measure(node.selectionSet);
      const field = node.kind === Kind.FIELD;
      const level = field && node.name.value !== 'edges' && !node.name.value.startsWith('__') ? 1 : 0;
      size.depth = Math.max(size.depth, inner.depth + level);
      size.aliases += inner.aliases + (field && node.alias ? 1 : 0);
      size.fields += inner.fields + (field ? 1 : 0);
      size.directives += inner.directives + (node.directives?.length ?? 0);
      size.cost += field ? 1 + inner.cost * rowsAskedFor(node) : inner.cost;
    }
    return size;
  };
  const measureFragment = (name: string): Size => {
    const found = known.get(name);
    if (found) return found;
    // A cycle counts once here; another rule refuses it.
    known.set(name, nothing());
    const fragment = fragments.get(name);
    const size = fragment ? measure(fragment.selectionSet) : nothing();
    known.set(name, size);
    return size;
  };
  const sizes = new Map<OperationDefinitionNode, Size>();
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) sizes.set(node, measure(node.selectionSet));
  }
  return sizes;
}

/** A page size given as a variable is held by the subgraph's own maximum; here it counts as a usual page. */
const USUAL_PAGE = 20;

function rowsAskedFor(field: Extract<SelectionSetNode['selections'][number], { kind: Kind.FIELD }>): number {
  for (const { name, value } of field.arguments ?? []) {
    if (name.value !== 'first' && name.value !== 'last') continue;
    if (value.kind === Kind.INT) return Math.max(1, Number(value.value));
    if (value.kind === Kind.VARIABLE) return USUAL_PAGE;
  }
  return 1;
}

function hold(what: keyof Limits, found: number, limit: number): void {
  if (found > limit) {
    throw new PlatformError('QUERY_TOO_COMPLEX', `The document has ${what} ${found}; the limit is ${limit}.`, {
      details: { what, found, limit },
    });
  }
}

/** The limits, and the response names that belong to GraphQL itself, as one validation rule. */
export function limitsRule(limits: Limits): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    Document(document) {
      try {
        refuseOversized(document, limits);
      } catch (error) {
        context.reportError(new GraphQLError((error as Error).message, { originalError: error as Error }));
      }
    },
    Field(node) {
      // The executor tells an object's type by its `__typename`; and `__proto__` is nobody's field.
      if (node.alias?.value.startsWith('__') && node.alias.value !== node.name.value) {
        context.reportError(
          new GraphQLError(`The alias ${node.alias.value} is reserved: names that start with "__" belong to GraphQL.`, {
            nodes: node,
          }),
        );
      }
    },
  });
}

/** The parser stops at the first token over the limit; the count is made only to tell it. */
export function tooManyTokens(body: string, limit: number): PlatformError | undefined {
  const lexer = new Lexer(new Source(body));
  let found = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) found += 1;
  } catch {
    // What does not even lex is the parser's to report, unless the limit was passed before.
  }
  if (found <= limit) return undefined;
  return new PlatformError('QUERY_TOO_COMPLEX', `The document has tokens ${found}; the limit is ${limit}.`, {
    details: { what: 'tokens', found, limit },
  });
}
