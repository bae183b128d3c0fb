import { Attribute, connectionOf, DateTime } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { GateDefinition } from '../domain/gate-set.js';

const described = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, description]) => [name, { description }]));
const named = <K extends string>(values: Readonly<Record<K, string>>): Record<K, K> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, name])) as Record<K, K>;

const operatorNames = { GTE: 'At least.', GT: 'Greater than.', LTE: 'At most.', LT: 'Less than.' };
export const GateOperator = named(operatorNames);
registerEnumType(GateOperator, {
  name: 'GateOperator',
  description: 'How a score stands to its limit.',
  valuesConfig: described(operatorNames),
});

const referenceNames = {
  BASELINE: 'A baseline on the same held-out rows.',
  CHAMPION: 'The version that an alias names at present.',
};
export const GateReference = named(referenceNames);
registerEnumType(GateReference, {
  name: 'GateReference',
  description: 'What a score is compared with.',
  valuesConfig: described(referenceNames),
});

const unitNames = {
  ABSOLUTE: 'The limit is the reference plus the margin.',
  RATIO: 'The limit is the reference plus the margin times its size.',
};
export const GateUnit = named(unitNames);
registerEnumType(GateUnit, {
  name: 'GateUnit',
  description: 'How a margin counts.',
  valuesConfig: described(unitNames),
});

const sectionNames = {
  INTENDED_USE: 'What it is for, and what not.',
  DATA: 'What it learned from; filled from lineage.',
  METRICS: 'Scores; filled from the stored evaluation.',
  LIMITATIONS: 'Where it fails.',
  ETHICAL_CONSIDERATIONS: 'Whom it may harm, and how that is prevented.',
  OWNERS: 'Who answers for it.',
};
export const ModelCardSection = named(sectionNames);
registerEnumType(ModelCardSection, {
  name: 'ModelCardSection',
  description: 'A section of a model card.',
  valuesConfig: described(sectionNames),
});

const scopeNames = {
  MODEL: 'Set for the model.',
  WORKSPACE: 'The default of the workspace.',
  BUILT_IN: 'The default of the platform: nobody set another.',
};
export const GateScope = named(scopeNames);
registerEnumType(GateScope, {
  name: 'GateScope',
  description: 'Where gates come from.',
  valuesConfig: described(scopeNames),
});

@ObjectType({ description: 'A limit that a stored score must keep.' })
export class MetricThreshold {
  @Attribute(() => ID, 'open', 'Id, unique in its set.') id!: string;
  @Attribute(() => String, 'internal', 'Score, e.g. `auc`.') metric!: string;
  @Attribute(() => GateOperator, 'internal', 'How the score must stand to the limit.') operator!: string;
  @Attribute(() => Float, 'internal', 'Limit.') value!: number;
}

@ObjectType({ description: 'A comparison of a stored score with a baseline or with the version in use.' })
export class MetricComparison {
  @Attribute(() => ID, 'open', 'Id, unique in its set.') id!: string;
  @Attribute(() => String, 'internal', 'Score, e.g. `auc`.') metric!: string;
  @Attribute(() => GateReference, 'internal', 'What it is compared with.') reference!: string;
  @Attribute(() => String, 'internal', 'Baseline (null: the first) or alias (null: the one that is promoted to).')
  name!: string | null;
  @Attribute(() => GateOperator, 'internal', 'How the score must stand to the limit.') operator!: string;
  @Attribute(() => Float, 'internal', 'Margin.') margin!: number;
  @Attribute(() => GateUnit, 'internal', 'How the margin counts.') unit!: string;
}

@ObjectType({ description: 'How many approvals in a role a promotion needs.' })
export class RequiredApproval {
  @Attribute(() => String, 'open', 'Role.') role!: string;
  @Attribute(() => Int, 'internal', 'Different persons.') count!: number;
}

@ObjectType({ description: 'What a version must meet before an alias stands for it.' })
export class Gates {
  @Attribute(() => GateScope, 'internal', 'Where they come from.') scope!: string;
  @Attribute(() => Int, 'internal', 'Revision; 0 is built in.') revision!: number;
  @Attribute(() => String, 'internal', 'SHA-256 of the definition; approvals are for it.') digest!: string;
  @Attribute(() => [MetricThreshold], 'internal', 'Limits of scores.') thresholds!: GateDefinition['thresholds'];
  @Attribute(() => [MetricComparison], 'internal', 'Comparisons.') comparisons!: GateDefinition['comparisons'];
  @Attribute(() => [String], 'internal', 'Compliance checks that must pass; `*` is every one that judges a model.')
  complianceChecks!: string[];
  @Attribute(() => [ModelCardSection], 'internal', 'Sections of the model card that must be filled.')
  cardSections!: string[];
  @Attribute(() => Boolean, 'internal', 'Whether proof of parity is needed.') parityRequired!: boolean;
  @Attribute(() => [RequiredApproval], 'internal', 'Approvals.') approvals!: GateDefinition['approvals'];
  @Attribute(() => Int, 'internal', 'Hours after which a promotion without enough approvals expires.')
  approvalHours!: number;
}

@ObjectType('GateSet', { description: 'One revision of the gates of a model or of the workspace; revisions are kept.' })
export class GateSet {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Model; null for the default of the workspace.') modelName!: string | null;
  @Attribute(() => Int, 'internal', 'Counted from 1.') revision!: number;
  @Attribute(() => String, 'internal', 'SHA-256 of the definition.') digest!: string;
  @Attribute(() => String, 'pii', 'Who set it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ObjectType('AliasProtection', { description: 'One revision of the list of aliases that move by promotion only.' })
export class AliasProtection {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => Int, 'internal', 'Counted from 1.') revision!: number;
  @Attribute(() => [String], 'internal', 'Protected aliases.') aliases!: string[];
  @Attribute(() => String, 'pii', 'Who set it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const GateSetConnection = connectionOf(() => GateSet, 'GateSet');

@InputType({ description: 'A limit that a stored score must keep.' })
export class MetricThresholdInput {
  @Field(() => ID, { description: 'Unique in the set: a-z, 0-9 and -.' }) id!: string;
  @Field(() => String, { description: 'Score, e.g. `auc`.' }) metric!: string;
  @Field(() => GateOperator, { description: 'How the score must stand to the limit.' }) operator!: string;
  @Field(() => Float, { description: 'Limit.' }) value!: number;
}

@InputType({ description: 'A comparison of a stored score.' })
export class MetricComparisonInput {
  @Field(() => ID, { description: 'Unique in the set: a-z, 0-9 and -.' }) id!: string;
  @Field(() => String, { description: 'Score, e.g. `auc`.' }) metric!: string;
  @Field(() => GateReference, { description: 'What it is compared with.' }) reference!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Baseline (default the first) or alias (default the one that is promoted to).',
  })
  name?: string;
  @Field(() => GateOperator, { description: 'How the score must stand to the limit.' }) operator!: string;
  @Field(() => Float, { nullable: true, description: 'Margin; default 0.' }) margin?: number;
  @Field(() => GateUnit, { nullable: true, description: 'How the margin counts; default ABSOLUTE.' }) unit?: string;
}

@InputType({ description: 'Approvals that a promotion needs.' })
export class RequiredApprovalInput {
  @Field(() => String, { description: 'Role.' }) role!: string;
  @Field(() => Int, { description: 'Different persons, 1 to 10.' }) count!: number;
}

@InputType({ description: 'The next revision of a gate set, as a whole.' })
export class SetGateSetInput {
  @Field(() => String, { nullable: true, description: 'Model; absent for the default of the workspace.' })
  modelName?: string;
  @Field(() => [MetricThresholdInput], { nullable: true, description: 'Limits; default none.' })
  thresholds?: MetricThresholdInput[];
  @Field(() => [MetricComparisonInput], { nullable: true, description: 'Comparisons; default none.' })
  comparisons?: MetricComparisonInput[];
  @Field(() => [String], { nullable: true, description: 'Compliance checks; default `*`.' })
  complianceChecks?: string[];
  @Field(() => [ModelCardSection], { nullable: true, description: 'Required sections of the card; default none.' })
  cardSections?: string[];
  @Field(() => Boolean, { nullable: true, description: 'Whether proof of parity is needed; default true.' })
  parityRequired?: boolean;
  @Field(() => [RequiredApprovalInput], { nullable: true, description: 'Approvals; default one approver.' })
  approvals?: RequiredApprovalInput[];
  @Field(() => Int, { nullable: true, description: 'Hours until a promotion expires, 1 to 2160; default 72.' })
  approvalHours?: number;
}

@InputType({ description: 'The aliases that move by promotion only.' })
export class SetProtectedAliasesInput {
  @Field(() => [String], { description: 'The whole list.' }) aliases!: string[];
}

@ObjectType({ description: 'Result of setGateSet.' })
export class SetGateSetPayload {
  @Attribute(() => GateSet, 'open', 'The new revision.', { nullable: true }) gateSet!: unknown;
}

@ObjectType({ description: 'Result of setProtectedAliases.' })
export class SetProtectedAliasesPayload {
  @Attribute(() => AliasProtection, 'open', 'The new revision.', { nullable: true }) protection!: unknown;
}
