// The class of a field as an SDL directive, so that the supergraph, its documentation and CI see it.

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
