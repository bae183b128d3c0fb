// The class of a field as an SDL directive, so that the supergraph, its documentation and CI see it.
import { PlatformError } from '@falaj/runtime';
import { type DocumentNode, Kind } from 'graphql';
import { type FieldClass, fieldClassNames } from './noun.js';

/**
 * Definitions that a subgraph's SDL needs beside `fieldPolicyLinks`. The enum is shared by all subgraphs, so it may be
 * declared in each.
 */
export const fieldPolicySdl = `"""
How much harm a field does in the wrong hands; decides who may read it.
"""
enum FieldClass {
  OPEN
  INTERNAL
  SENSITIVE
  PII
  SECRET
  PLATFORM
}

"""
The class of a field. No field without one.
"""
directive @fieldPolicy(class: FieldClass!) on FIELD_DEFINITION
`;

/** The header that carries the directive through composition; federation v2.1 or later. */
export const fieldPolicyLinks = `extend schema
  @link(url: "https://falaj.dev/spec/policy/v1.0", import: ["@fieldPolicy"])
  @composeDirective(name: "@fieldPolicy")
`;

/**
 * `Type.field` to class, read from the SDL of a subgraph or a supergraph. Composition keeps both of two classes that
 * subgraphs give the same field, so a disagreement is refused here: CONFIG_INVALID names every such field.
 */
export function fieldClassesOf(document: DocumentNode): Map<string, FieldClass> {
  const classes = new Map<string, FieldClass>();
  const problems: string[] = [];
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const field of definition.fields ?? []) {
      const path = `${definition.name.value}.${field.name.value}`;
      for (const directive of field.directives ?? []) {
        if (directive.name.value !== 'fieldPolicy') continue;
        const value = directive.arguments?.find(({ name }) => name.value === 'class')?.value;
        const found = value?.kind === Kind.ENUM ? value.value.toLowerCase() : undefined;
        const fieldClass = fieldClassNames.find((name) => name === found);
        const known = classes.get(path);
        if (!fieldClass) problems.push(`${path} has the unknown class ${found ?? 'none'}`);
        else if (known && known !== fieldClass)
          problems.push(`${path} is ${known} in one subgraph and ${fieldClass} in another`);
        else classes.set(path, fieldClass);
      }
    }
  }
  if (problems.length > 0)
    throw new PlatformError('CONFIG_INVALID', `Classes of fields are inconsistent: ${problems.join('; ')}.`, {
      details: { problems },
    });
  return classes;
}
