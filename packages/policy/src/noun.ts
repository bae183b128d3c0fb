// The nouns of the graph as policy sees them: which fields a type has, of which class, and what conditions may mention.
import { PlatformError } from '@falaj/runtime';

/** How much harm a field does in the wrong hands; every field of every object type has exactly one. */
export const fieldClassNames = ['open', 'internal', 'sensitive', 'pii', 'secret', 'platform'] as const;
export type FieldClass = (typeof fieldClassNames)[number];

export type AttributeType = 'string' | 'number' | 'boolean' | 'timestamp';

/** A governed noun: what rules talk about. A subgraph declares one for each of its types. */
export interface Noun {
  /** GraphQL type name. */
  readonly name: string;
  /** GraphQL field to class. */
  readonly fields: Readonly<Record<string, FieldClass>>;
  /** What conditions may mention. */
  readonly attributes: Readonly<Record<string, AttributeType>>;
  /** Rows of other nouns that conditions may ask about: name to the noun of those rows. */
  readonly relations?: Readonly<Record<string, string>>;
}

export interface NounCatalog {
  readonly names: readonly string[];
  get(name: string): Noun | undefined;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ATTRIBUTE_TYPES: readonly string[] = ['string', 'number', 'boolean', 'timestamp'];

/** Throws CONFIG_INVALID for a noun declared twice, a malformed name, an unknown class, attribute type or related noun. */
export function createNounCatalog(nouns: readonly Noun[]): NounCatalog {
  const table = new Map<string, Noun>();
  const issues: string[] = [];
  for (const noun of nouns) {
    if (!NAME.test(noun.name)) issues.push(`"${noun.name}" is not a type name`);
    if (table.has(noun.name)) issues.push(`${noun.name} is declared twice`);
    for (const [field, fieldClass] of Object.entries(noun.fields)) {
      if (!NAME.test(field)) issues.push(`${noun.name}.${field} is not a field name`);
      if (!fieldClassNames.includes(fieldClass))
        issues.push(`${noun.name}.${field} has the unknown class "${fieldClass}"`);
    }
    for (const [attribute, type] of Object.entries(noun.attributes)) {
      if (!NAME.test(attribute)) issues.push(`attribute ${noun.name}.${attribute} is not a name`);
      if (!ATTRIBUTE_TYPES.includes(type))
        issues.push(`attribute ${noun.name}.${attribute} has the unknown type "${type}"`);
    }
    for (const [relation, target] of Object.entries(noun.relations ?? {})) {
      if (!NAME.test(relation)) issues.push(`relation ${noun.name}.${relation} is not a name`);
      if (Object.hasOwn(noun.attributes, relation))
        issues.push(`${noun.name}.${relation} is an attribute and a relation`);
      if (!nouns.some(({ name }) => name === target))
        issues.push(`relation ${noun.name}.${relation} leads to the unknown type "${target}"`);
    }
    table.set(noun.name, noun);
  }
  if (issues.length > 0)
    throw new PlatformError('CONFIG_INVALID', `The catalog of nouns is invalid: ${issues.join('; ')}.`, {
      details: { issues },
    });
  return { names: [...table.keys()], get: (name) => table.get(name) };
}
