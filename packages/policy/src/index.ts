export { type Ability, buildAbility, type Verdict } from './ability.js';
export { AbilityCache } from './ability-cache.js';
export { GROUP } from './bound-rules.js';
export type { Condition } from './condition.js';
export { assertCoverage, type CoverageOptions, type CoverageReport, checkCoverage } from './coverage.js';
export {
  type ConsideredRule,
  type Explanation,
  explain,
  type Question,
  type Remedy,
  type RuleOutcome,
} from './explain.js';
export { fieldsOf } from './field-patterns.js';
export { fieldClassesOf, fieldPolicyLinks, fieldPolicySdl } from './field-policy.js';
export { type Decider, requireIndependent } from './four-eyes.js';
export type { Row } from './memory-verdict.js';
export { policyMigrations } from './migrations.js';
export { type AttributeType, createNounCatalog, type FieldClass, type Noun, type NounCatalog } from './noun.js';
export { createPolicyStore, type PolicyStore, type PolicyStoreOptions, type StoredRule } from './policy-store.js';
export type { PlanColumns, ReadPlan } from './read-plan.js';
export { residencyRules } from './regimes.js';
export {
  assertResidency,
  assertZoneAmong,
  decideResidency,
  inheritResidency,
  instrumentTypes,
  type ResidencyDecision,
  type ResidencyInput,
  type ResidencyQuestion,
  type TransferInstrument,
  zonesInclude,
} from './residency.js';
export type { DataCategory, ResidencyRule } from './residency-rule.js';
export { type RetentionRule, retentionFloor, retentionRules } from './retention.js';
export type { PolicyAction, Rule } from './rule.js';
export { ruleBuilders } from './rule-builders.js';
export { type ChangedGroup, type Outcome, type PolicyChange, simulate, type VerdictChange } from './simulate.js';
export { SMALL_GROUP, SMALLEST_GROUP } from './small-groups.js';
export type { AttributeColumns, NounColumns, RelationColumns, RelationTables } from './sql-predicate.js';
export { STEP_UP_REQUIRED } from './step-up.js';
export { type RuleIssue, validateRule } from './validate-rule.js';
