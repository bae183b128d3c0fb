import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { budgetPeriods, budgetScopes, budgetVerdicts, usageUnits } from '../../domain/costs/budget.js';
import { costGroups } from '../../store/costs/spending.js';

const valuesOf = <T extends string>(names: readonly T[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { [K in T]: K };

export const UsageUnit = valuesOf(usageUnits);
registerEnumType(UsageUnit, { name: 'UsageUnit', description: 'What usage is counted in and priced by.' });
export const BudgetScope = valuesOf(budgetScopes);
registerEnumType(BudgetScope, { name: 'BudgetScope', description: 'Whose usage a budget counts.' });
export const BudgetPeriod = valuesOf(budgetPeriods);
registerEnumType(BudgetPeriod, {
  name: 'BudgetPeriod',
  description: 'When a budget begins anew, by the clock of its time zone; TOTAL never.',
});
export const BudgetVerdict = valuesOf(budgetVerdicts);
registerEnumType(BudgetVerdict, {
  name: 'BudgetVerdict',
  description: 'Whether new work may begin.',
  valuesConfig: {
    ALLOW: { description: 'It may.' },
    WARN: { description: 'It may; a budget is over its warning, or exhausted and overridden.' },
    BLOCK: { description: 'It may not: a budget is exhausted or the estimate would exhaust it.' },
  },
});
export const CostGroup = valuesOf(costGroups);
registerEnumType(CostGroup, { name: 'CostGroup', description: 'What a line of a cost report adds up; days of Dubai.' });

@ObjectType({ description: 'Price of one unit.' })
export class UnitPrice {
  @Attribute(() => UsageUnit, 'open', 'Unit.') unit!: string;
  @Attribute(() => Float, 'internal', 'Price of one, in the currency of the pool.') price!: number;
}

@EntityType('ComputePool', 'Machines with a price: what runs on them is charged by it.')
export class ComputePool {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => String, 'internal', 'What it is.') description!: string;
  @Attribute(() => String, 'internal', 'ISO 4217 code.') currency!: string;
  @Attribute(() => String, 'pii', 'Who made it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was made.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const ComputePoolConnection = connectionOf(() => ComputePool, 'ComputePool');

@EntityType('UsageRecord', 'What a run or an endpoint used of a pool; never changed.')
export class UsageRecord {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Key of who recorded it: the same key counts once.') key!: string;
  @Attribute(() => String, 'internal', 'Pool.') pool!: string;
  @Attribute(() => String, 'internal', 'Team it is charged to.') team!: string | null;
  @Attribute(() => String, 'internal', 'Type of what used it, e.g. `Run`.') subjectType!: string;
  @Attribute(() => ID, 'internal', 'Id of what used it.') subjectId!: string;
  @Attribute(() => UsageUnit, 'internal', 'Unit.') unit!: string;
  @Attribute(() => Float, 'internal', 'How many.') quantity!: number;
  @Attribute(() => Float, 'internal', 'Price at that time; null where the pool had none: used, not charged.')
  unitPrice!: number | null;
  @Attribute(() => Float, 'internal', 'Quantity x price, to a millionth.') cost!: number | null;
  @Attribute(() => String, 'internal', 'ISO 4217 code.') currency!: string | null;
  @Attribute(() => DateTime, 'internal', 'From when.') startedAt!: Date;
  @Attribute(() => DateTime, 'internal', 'Until when; decides the period that it counts in.') endedAt!: Date;
  @Attribute(() => String, 'pii', 'Who recorded it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was recorded.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const UsageRecordConnection = connectionOf(() => UsageRecord, 'UsageRecord');

@EntityType('BudgetOverride', 'Leave to begin work on an exhausted budget; never changed, it ends by itself.')
export class BudgetOverride {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Budget.') budgetId!: string;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => DateTime, 'internal', 'Until when it counts.') expiresAt!: Date;
  @Attribute(() => ID, 'internal', 'Id of who gave it.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who gave it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was given.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const BudgetOverrideConnection = connectionOf(() => BudgetOverride, 'BudgetOverride');

@EntityType('Budget', 'How much may be spent in a period. It warns, and when it is exhausted new work does not begin.')
export class Budget {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique among the budgets in force.') name!: string;
  @Attribute(() => BudgetScope, 'internal', 'Whose usage it counts.') scope!: string;
  @Attribute(() => String, 'internal', 'The team or pool; null for the workspace.') scopeName!: string | null;
  @Attribute(() => Float, 'internal', 'How much.') amount!: number;
  @Attribute(() => String, 'internal', 'ISO 4217 code.') currency!: string;
  @Attribute(() => BudgetPeriod, 'internal', 'When it begins anew.') period!: string;
  @Attribute(() => String, 'internal', 'IANA time zone of the period.') timeZone!: string;
  @Attribute(() => Int, 'internal', 'Share of the amount, in per cent, from which it warns.') warnPercent!: number;
  @Attribute(() => DateTime, 'internal', 'When it was retired; null while it is in force.') retiredAt!: Date | null;
  @Attribute(() => String, 'pii', 'Who set it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was set.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const BudgetConnection = connectionOf(() => Budget, 'Budget');

@ObjectType({ description: 'Which rule stops something, by what, and what to do about it.' })
export class RuleRefusal {
  @Attribute(() => String, 'open', 'Permanent name of the rule.') rule!: string;
  @Attribute(() => String, 'open', 'What was found.') found!: string;
  @Attribute(() => String, 'open', 'What is allowed.') limit!: string;
  @Attribute(() => String, 'open', 'What to do.') whatToDo!: string;
}

@ObjectType({ description: 'How a budget stands.' })
export class BudgetStanding {
  @Attribute(() => ID, 'open', 'Budget.') budgetId!: string;
  @Attribute(() => String, 'open', 'Its name.') name!: string;
  @Attribute(() => BudgetVerdict, 'open', 'What it says of new work.') verdict!: string;
  @Attribute(() => Float, 'internal', 'Charged in the running period.') spent!: number;
  @Attribute(() => Float, 'internal', 'How much may be spent.') amount!: number;
  @Attribute(() => String, 'internal', 'ISO 4217 code.') currency!: string;
  @Attribute(() => Float, 'internal', 'Share that is spent, in per cent.') usedPercent!: number;
  @Attribute(() => DateTime, 'internal', 'Begin of the running period; null for TOTAL.') periodStart!: Date | null;
  @Attribute(() => DateTime, 'internal', 'Until when an override lets work begin.') overriddenUntil!: Date | null;
  @Attribute(() => RuleRefusal, 'open', 'Why it blocks, or would without its override.', { nullable: true })
  refusal!: RuleRefusal | null;
}

@ObjectType({ description: 'Whether new work may begin, by the budgets that it would draw from.' })
export class BudgetDecision {
  @Attribute(() => BudgetVerdict, 'open', 'The gravest verdict; ALLOW where no budget applies.') verdict!: string;
  @Attribute(() => [RuleRefusal], 'open', 'Why it may not; empty unless BLOCK.') refusals!: RuleRefusal[];
  @Attribute(() => [BudgetStanding], 'open', 'Each budget that applies.') budgets!: BudgetStanding[];
}

@ObjectType({ description: 'What usage added up to.' })
export class Cost {
  @Attribute(() => Float, 'internal', 'Charged.') amount!: number;
  @Attribute(() => String, 'internal', 'ISO 4217 code; null where nothing was charged.') currency!: string | null;
  @Attribute(() => Int, 'internal', 'Usage records.') records!: number;
  @Attribute(() => Int, 'internal', 'Usage records without a price, which the amount lacks.') unpricedRecords!: number;
}

@ObjectType({ description: 'A line of a cost report.' })
export class CostLine {
  @Attribute(() => String, 'open', 'What it adds up, e.g. `Run:run_1`, a pool, a day.') key!: string;
  @Attribute(() => Cost, 'internal', 'What it came to.') cost!: Cost;
}

@InputType({ description: 'Price of one unit.' })
export class UnitPriceInput {
  @Field(() => UsageUnit, { description: 'Unit.' }) unit!: string;
  @Field(() => Float, { description: 'Price of one.' }) price!: number;
}

@InputType({
  description: 'A pool, new or in place of the one of this name; usage recorded from now on is charged so.',
})
export class SetComputePoolInput {
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it is.' }) description?: string;
  @Field(() => String, { description: 'ISO 4217 code; one for the whole workspace.' }) currency!: string;
  @Field(() => [UnitPriceInput], { description: 'One price for a unit.' }) prices!: UnitPriceInput[];
}

@InputType({ description: 'What was used. The same key counts once, so that a report may be repeated.' })
export class RecordUsageInput {
  @Field(() => String, { description: 'Key of who reports, e.g. `run:<id>:cpu`.' }) key!: string;
  @Field(() => String, { description: 'Pool; one that is not known is recorded without a price.' }) pool!: string;
  @Field(() => String, { nullable: true, description: 'Team to charge.' }) team?: string;
  @Field(() => String, { description: 'Type of what used it, e.g. `Run` or `Endpoint`.' }) subjectType!: string;
  @Field(() => ID, { description: 'Id of what used it.' }) subjectId!: string;
  @Field(() => UsageUnit, { description: 'Unit.' }) unit!: string;
  @Field(() => Float, { description: 'How many, above 0.' }) quantity!: number;
  @Field(() => DateTime, { description: 'From when.' }) startedAt!: Date;
  @Field(() => DateTime, { description: 'Until when.' }) endedAt!: Date;
}

@InputType({ description: 'A budget, new or in place of the one of this name.' })
export class SetBudgetInput {
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => BudgetScope, { description: 'Whose usage it counts.' }) scope!: string;
  @Field(() => String, { nullable: true, description: 'The team or pool; none for WORKSPACE.' }) scopeName?: string;
  @Field(() => Float, { description: 'How much.' }) amount!: number;
  @Field(() => String, { description: 'ISO 4217 code.' }) currency!: string;
  @Field(() => BudgetPeriod, { description: 'When it begins anew.' }) period!: string;
  @Field(() => String, { nullable: true, description: 'IANA time zone; default Asia/Dubai.' }) timeZone?: string;
  @Field(() => Int, { nullable: true, description: 'From which share it warns, in per cent; default 80.' })
  warnPercent?: number;
}

@InputType({ description: 'Leave to begin work on an exhausted budget.' })
export class OverrideBudgetInput {
  @Field(() => ID, { description: 'Budget.' }) budgetId!: string;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
  @Field(() => DateTime, { description: 'Until when, at most 31 days ahead.' }) expiresAt!: Date;
}

@InputType({ description: 'Work that is about to begin.' })
export class BudgetDecisionInput {
  @Field(() => String, { nullable: true, description: 'Pool that it would run on.' }) pool?: string;
  @Field(() => String, { nullable: true, description: 'Team that it would be charged to.' }) team?: string;
  @Field(() => Float, { nullable: true, description: 'What it is expected to cost; default 0.' })
  estimatedCost?: number;
}

@InputType({ description: 'A cost report.' })
export class CostsInput {
  @Field(() => DateTime, { description: 'Usage that ended at this instant or later.' }) since!: Date;
  @Field(() => DateTime, { description: 'Usage that ended before this instant.' }) until!: Date;
  @Field(() => CostGroup, { description: 'What a line adds up.' }) groupBy!: (typeof costGroups)[number];
  @Field(() => String, { nullable: true, description: 'Of objects of this type.' }) subjectType?: string;
  @Field(() => ID, { nullable: true, description: 'Of this object.' }) subjectId?: string;
  @Field(() => String, { nullable: true, description: 'Of this pool.' }) pool?: string;
  @Field(() => String, { nullable: true, description: 'Of this team.' }) team?: string;
}

@InputType({ description: 'Restricts usage records.' })
export class UsageFilter {
  @Field(() => String, { nullable: true, description: 'Of objects of this type.' }) subjectType?: string;
  @Field(() => ID, { nullable: true, description: 'Of this object.' }) subjectId?: string;
  @Field(() => String, { nullable: true, description: 'Of this pool.' }) pool?: string;
}

@ObjectType({ description: 'Result of setComputePool.' })
export class ComputePoolPayload {
  @Attribute(() => ComputePool, 'open', 'The pool.', { nullable: true }) computePool!: unknown;
}
@ObjectType({ description: 'Result of recordUsage.' })
export class UsagePayload {
  @Attribute(() => UsageRecord, 'open', 'The record.', { nullable: true }) usageRecord!: unknown;
  @Attribute(() => Boolean, 'open', 'False where the key had been recorded before.') created!: boolean;
}
@ObjectType({ description: 'Result of a change of a budget.' })
export class BudgetPayload {
  @Attribute(() => Budget, 'open', 'The budget.', { nullable: true }) budget!: unknown;
}
@ObjectType({ description: 'Result of overrideBudget.' })
export class BudgetOverridePayload {
  @Attribute(() => BudgetOverride, 'open', 'The override.', { nullable: true }) override!: unknown;
}
