import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { complianceSubjects } from '../../domain/compliance/compliance-input.js';
import { checkGates, checkSeverities, findingStatuses } from '../../domain/compliance/finding.js';
import { waiverStates } from '../../store/compliance/tables.js';

const valuesOf = <T extends string>(names: readonly T[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { [K in T]: K };

export const FindingStatus = valuesOf(findingStatuses);
registerEnumType(FindingStatus, {
  name: 'FindingStatus',
  description: 'What a check found.',
  valuesConfig: {
    PASS: { description: 'It was judged and holds.' },
    FAIL: { description: 'It was judged and does not hold.' },
    NOT_APPLICABLE: { description: 'There is nothing that it speaks of.' },
    UNKNOWN: { description: 'It could not be judged: missing data never passes.' },
  },
});
export const CheckGate = valuesOf(checkGates);
registerEnumType(CheckGate, {
  name: 'CheckGate',
  description: 'What a finding other than PASS and NOT_APPLICABLE does.',
  valuesConfig: {
    BLOCK_PROMOTION: { description: 'Stops promotion, and deployment with it.' },
    BLOCK_DEPLOYMENT: { description: 'Stops deployment.' },
    OPEN_INCIDENT: { description: 'A FAIL opens an incident.' },
    WARN: { description: 'Advice: it is reported.' },
  },
});
export const CheckSeverity = valuesOf(checkSeverities);
registerEnumType(CheckSeverity, { name: 'CheckSeverity', description: 'How grave it is when a check does not hold.' });
export const WaiverState = valuesOf(waiverStates);
registerEnumType(WaiverState, {
  name: 'WaiverState',
  description: 'Where a waiver stands. Only an APPROVED one counts, until it expires.',
});
export const ComplianceSubjectType = valuesOf(complianceSubjects);
registerEnumType(ComplianceSubjectType, {
  name: 'ComplianceSubjectType',
  description: 'Type of an object that can be judged by itself.',
});

@ObjectType({ description: 'A part of a law or standard.' })
export class FrameworkReference {
  @Attribute(() => String, 'open', 'Framework, e.g. `PDPL`, `ISO 27001:2022`.') framework!: string;
  @Attribute(() => String, 'open', 'Article, control or subcategory.') reference!: string;
}

@ObjectType({ description: 'A check of the catalogue.' })
export class ComplianceCheck {
  @Attribute(() => String, 'open', 'Permanent id, e.g. `RES-005`.') checkId!: string;
  @Attribute(() => Int, 'internal', 'Version of the check.') version!: number;
  @Attribute(() => String, 'internal', 'Plugin that judges it.') plugin!: string;
  @Attribute(() => String, 'internal', 'What must hold.') title!: string;
  @Attribute(() => CheckSeverity, 'internal', 'How grave it is when it does not.') severity!: string;
  @Attribute(() => CheckGate, 'internal', 'What it then does.') gate!: string;
  @Attribute(() => [FrameworkReference], 'internal', 'What it gives evidence for.') references!: FrameworkReference[];
}

@ObjectType({ description: 'A fact that a check looked at.' })
export class FindingEvidence {
  @Attribute(() => String, 'open', 'What it is.') name!: string;
  @Attribute(() => String, 'sensitive', 'What was found.') value!: string;
}

@ObjectType({ description: 'What a check found at one moment.' })
export class ComplianceFinding {
  @Attribute(() => String, 'open', 'Permanent id of the check.') checkId!: string;
  @Attribute(() => Int, 'internal', 'Version of the check.') version!: number;
  @Attribute(() => String, 'internal', 'Plugin that judged.') plugin!: string;
  @Attribute(() => String, 'internal', 'What must hold.') title!: string;
  @Attribute(() => FindingStatus, 'open', 'What was found.') status!: string;
  @Attribute(() => CheckSeverity, 'internal', 'How grave it is.') severity!: string;
  @Attribute(() => CheckGate, 'internal', 'What it does where it does not hold.') gate!: string;
  @Attribute(() => String, 'internal', 'What was found, what the limit is, what to do.') reason!: string;
  @Attribute(() => [FrameworkReference], 'internal', 'What it gives evidence for.') references!: FrameworkReference[];
  @Attribute(() => [FindingEvidence], 'internal', 'Facts that it looked at.') evidence!: FindingEvidence[];
  @Attribute(() => ID, 'open', 'Waiver that lifts its gate; the status stays.', { nullable: true })
  waiverId!: string | null;
  @Attribute(() => String, 'internal', 'When it was judged, ISO 8601.') evaluatedAt!: string;
}

@EntityType('ComplianceReport', 'All findings of one run; never changed.')
export class ComplianceReport {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Framework asked for; null for all.') framework!: string | null;
  @Attribute(() => String, 'internal', 'Type of the object judged; null for the workspace.') subjectType!:
    | string
    | null;
  @Attribute(() => ID, 'internal', 'Its id.') subjectId!: string | null;
  @Attribute(() => [ComplianceFinding], 'internal', 'What each check found.') findings!: ComplianceFinding[];
  @Attribute(() => Int, 'internal', 'Findings that hold.') passed!: number;
  @Attribute(() => Int, 'internal', 'Findings that do not hold, waived ones included.') failed!: number;
  @Attribute(() => Int, 'internal', 'Findings that could not be judged.') unknown!: number;
  @Attribute(() => Int, 'internal', 'Findings about nothing.') notApplicable!: number;
  @Attribute(() => Int, 'internal', 'Findings whose gate a waiver lifts.') waived!: number;
  @Attribute(() => String, 'internal', 'SHA-256 of the state that was judged.') snapshotDigest!: string;
  @Attribute(() => DateTime, 'internal', 'When it began.') startedAt!: Date;
  @Attribute(() => String, 'pii', 'Who ran it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was stored.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const ComplianceReportConnection = connectionOf(() => ComplianceReport, 'ComplianceReport');

@EntityType(
  'ComplianceWaiver',
  'Leave to go on although a check does not hold: asked for, decided by another, ends by itself.',
)
export class ComplianceWaiver {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Check.') checkId!: string;
  @Attribute(() => String, 'internal', 'Type of the one object that it is for; null for everything.')
  subjectType!: string | null;
  @Attribute(() => ID, 'internal', 'Its id.') subjectId!: string | null;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => DateTime, 'internal', 'Until when it counts.') expiresAt!: Date;
  @Attribute(() => WaiverState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => ID, 'internal', 'Id of who asked.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who asked.') owner!: string;
  @Attribute(() => ID, 'internal', 'Id of who decided.') decidedById!: string | null;
  @Attribute(() => String, 'internal', 'Why it was decided so.') decision!: string | null;
  @Attribute(() => DateTime, 'internal', 'When it was decided.') decidedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When it was asked for.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const ComplianceWaiverConnection = connectionOf(() => ComplianceWaiver, 'ComplianceWaiver');

@ObjectType({ description: 'How far the checks cover a framework, and how the last run of the whole workspace stood.' })
export class FrameworkCoverage {
  @Attribute(() => String, 'open', 'Framework.') framework!: string;
  @Attribute(() => [String], 'internal', 'Its parts for which there are checks; other parts need people and paper.')
  references!: string[];
  @Attribute(() => Int, 'internal', 'Checks that give evidence for it.') checks!: number;
  @Attribute(() => ID, 'internal', 'Last report of the whole workspace with all its checks; null before the first.')
  reportId!: string | null;
  @Attribute(() => Int, 'internal', 'Of those checks, how many held then.') passed!: number | null;
  @Attribute(() => Int, 'internal', 'How many did not.') failed!: number | null;
  @Attribute(() => Int, 'internal', 'How many could not be judged.') unknown!: number | null;
  @Attribute(() => Int, 'internal', 'How many were about nothing.') notApplicable!: number | null;
  @Attribute(() => Int, 'internal', 'Of how many a waiver lifted the gate.') waived!: number | null;
}

@ObjectType({ description: 'Whether compliance lets an object pass a gate.' })
export class ComplianceVerdict {
  @Attribute(() => Boolean, 'open', 'True where nothing blocks.') allowed!: boolean;
  @Attribute(() => [ComplianceFinding], 'open', 'Findings that block: FAIL or UNKNOWN, of this gate, not waived.')
  blocking!: ComplianceFinding[];
}

@InputType({ description: 'One object.' })
export class ComplianceSubjectInput {
  @Field(() => ComplianceSubjectType, { description: 'Its type.' }) type!: (typeof complianceSubjects)[number];
  @Field(() => ID, { description: 'Its id.' }) id!: string;
}

@InputType({ description: 'What to judge.' })
export class RunComplianceInput {
  @Field(() => String, { nullable: true, description: 'Framework, e.g. `PDPL`; default all.' }) framework?: string;
  @Field(() => ComplianceSubjectInput, { nullable: true, description: 'One object; default the whole workspace.' })
  subject?: ComplianceSubjectInput;
}

@InputType({ description: 'What is to pass which gate.' })
export class ComplianceVerdictInput {
  @Field(() => CheckGate, { description: 'Gate: BLOCK_PROMOTION or BLOCK_DEPLOYMENT.' }) gate!: string;
  @Field(() => ComplianceSubjectInput, { description: 'What is to pass.' }) subject!: ComplianceSubjectInput;
}

@InputType({ description: 'A waiver to be decided by somebody else.' })
export class RequestWaiverInput {
  @Field(() => String, { description: 'Check, e.g. `MDL-004`.' }) checkId!: string;
  @Field(() => ComplianceSubjectInput, { nullable: true, description: 'One object; default everything.' })
  subject?: ComplianceSubjectInput;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
  @Field(() => DateTime, { description: 'Until when, at most 366 days ahead.' }) expiresAt!: Date;
}

@InputType({ description: 'The decision on a waiver.' })
export class DecideWaiverInput {
  @Field(() => ID, { description: 'Waiver.' }) waiverId!: string;
  @Field(() => Boolean, { description: 'Whether it counts from now on.' }) approve!: boolean;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
}

@InputType({ description: 'The end of a waiver before its time.' })
export class RevokeWaiverInput {
  @Field(() => ID, { description: 'Waiver.' }) waiverId!: string;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
}

@InputType({ description: 'Restricts reports.' })
export class ComplianceReportFilter {
  @Field(() => String, { nullable: true, description: 'Of this framework.' }) framework?: string;
  @Field(() => ID, { nullable: true, description: 'Of this object.' }) subjectId?: string;
}

@InputType({ description: 'Restricts waivers.' })
export class ComplianceWaiverFilter {
  @Field(() => String, { nullable: true, description: 'Of this check.' }) checkId?: string;
  @Field(() => WaiverState, { nullable: true, description: 'In this state.' }) state?: (typeof waiverStates)[number];
}

@ObjectType({ description: 'Result of runCompliance.' })
export class CompliancePayload {
  @Attribute(() => ComplianceReport, 'open', 'The report.', { nullable: true }) report!: unknown;
}
@ObjectType({ description: 'Result of a change of a waiver.' })
export class WaiverPayload {
  @Attribute(() => ComplianceWaiver, 'open', 'The waiver.', { nullable: true }) waiver!: unknown;
}
