import type { FieldClass } from './noun.js';
import type { Rule } from './rule.js';

/** Short forms for the policy.ts of a subgraph; ids begin with its name. */
export function ruleBuilders(subgraph: string) {
  return {
    /** Lets roles read fields of these classes; the id is `<subgraph>.<subject>.<name>`. */
    read: (
      subject: string,
      name: string,
      classes: readonly FieldClass[],
      roles: readonly string[],
      reason: string,
    ): Rule => ({
      id: `${subgraph}.${subject}.${name}`,
      effect: 'ALLOW',
      actions: ['read'],
      subject,
      classes,
      roles,
      reason,
    }),
    /** Lets roles do these things; the id is `<subgraph>.<subject>.<actions>`. */
    act: (subject: string, actions: readonly string[], roles: readonly string[], reason: string): Rule => ({
      id: `${subgraph}.${subject}.${actions.join('-')}`,
      effect: 'ALLOW',
      actions,
      subject,
      roles,
      reason,
    }),
  };
}
