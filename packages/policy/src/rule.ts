import type { Condition } from './condition.js';
import type { FieldClass } from './noun.js';

/** `read`, `create`, `update`, `delete`, or a verb of a noun such as `deploy`; `*` is every action. */
export type PolicyAction = string;

/** One rule, as data. Deny overrides allow, whatever the order of the rules; without a rule nothing is allowed. */
export interface Rule {
  readonly id: string;
  readonly effect: 'ALLOW' | 'DENY';
  readonly actions: readonly PolicyAction[];
  /** A noun, or `*` for every one; `*` carries no conditions. */
  readonly subject: string;
  /** Field names or patterns such as `pii*`; absent, and without `classes`: the whole row. */
  readonly fields?: readonly string[];
  /** Instead of `fields`: every field of these classes. */
  readonly classes?: readonly FieldClass[];
  readonly conditions?: Condition;
  /** Roles, or groups as `group:<id>`. `*` is everyone who is signed in; an ALLOW of that kind leaves workloads out. */
  readonly roles: readonly string[];
  /** Code in capitals that callers are shown, e.g. `PII_RESTRICTED`. */
  readonly reason: string;
  /** The rule counts from this instant on. */
  readonly validFrom?: Date;
  /** The rule no longer counts from this instant on. */
  readonly validTo?: Date;
}
