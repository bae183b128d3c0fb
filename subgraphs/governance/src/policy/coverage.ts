// How much of a subgraph's schema the policy covers, read from the SDL itself rather than from what a subgraph claims.
import type { FieldClass } from '@falaj/policy';
import { fieldClasses } from '@falaj/subgraph-kit';
import { Kind, parse } from 'graphql';

export interface SubgraphCoverage {
  readonly subgraph: string;
  /** Object types, without the roots. */
  readonly types: number;
  readonly fields: number;
  /** Fields by class. */
  readonly classes: Readonly<Record<FieldClass, number>>;
  /** `Type.field` without a class; none in a subgraph that started. */
  readonly holes: readonly string[];
}

const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

export function coverageOf(subgraph: string, sdl: string): SubgraphCoverage {
  const document = parse(sdl, { noLocation: true });
  const table = fieldClasses(document);
  const classes: Record<FieldClass, number> = { open: 0, internal: 0, sensitive: 0, pii: 0, secret: 0, platform: 0 };
  const types = new Set<string>();
  const holes: string[] = [];
  let fields = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    const type = definition.name.value;
    if (ROOTS.has(type)) continue;
    types.add(type);
    for (const field of definition.fields ?? []) {
      const path = `${type}.${field.name.value}`;
      const fieldClass = table.get(path);
      fields += 1;
      if (fieldClass) classes[fieldClass] += 1;
      else holes.push(path);
    }
  }
  return { subgraph, types: types.size, fields, classes, holes };
}
