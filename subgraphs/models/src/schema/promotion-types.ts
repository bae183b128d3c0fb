import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { createUnionType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { GateCheck as CheckOutcome } from '../domain/promotion-checks.js';
import { Gates } from './gate-types.js';
import { ModelAlias } from './model-types.js';

const described = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, description]) => [name, { description }]));

export const PromotionState = {
  PENDING: 'PENDING',
  DONE: 'DONE',
  BLOCKED: 'BLOCKED',
  REJECTED: 'REJECTED',
  EXPIRED: 'EXPIRED',
  INVALIDATED: 'INVALIDATED',
} as const;
registerEnumType(PromotionState, {
  name: 'PromotionState',
  description: 'Where a promotion stands; all but PENDING are final.',
  valuesConfig: described({
    PENDING: 'It waits for approvals.',
    DONE: 'The alias stands for the version.',
    BLOCKED: 'A check failed.',
    REJECTED: 'Somebody refused it.',
    EXPIRED: 'Approvals did not come in time.',
    INVALIDATED: 'Gates or model card changed while it waited.',
  }),
});

export const GateCheckStatus = {
  PASS: 'PASS',
  FAIL: 'FAIL',
  NOT_APPLICABLE: 'NOT_APPLICABLE',
  WAIVED: 'WAIVED',
} as const;
registerEnumType(GateCheckStatus, {
  name: 'GateCheckStatus',
  description: 'Verdict of a gate; what is not known is FAIL.',
  valuesConfig: described({
    PASS: 'It holds.',
    FAIL: 'It does not hold, or cannot be known.',
    NOT_APPLICABLE: 'There is nothing to judge, e.g. no version in use yet.',
    WAIVED: 'It does not hold; a waiver in force lets the version pass.',
  }),
});

export const GateCheckKind = {
  INTAKE: 'INTAKE',
  ATTESTATION: 'ATTESTATION',
  THRESHOLD: 'THRESHOLD',
  COMPARISON: 'COMPARISON',
  COMPLIANCE: 'COMPLIANCE',
  MODEL_CARD: 'MODEL_CARD',
  PARITY: 'PARITY',
} as const;
registerEnumType(GateCheckKind, {
  name: 'GateCheckKind',
  description: 'What a gate judges.',
  valuesConfig: described({
    INTAKE: 'The model file itself.',
    ATTESTATION: 'Who vouches for the file by a signature.',
    THRESHOLD: 'A score.',
    COMPARISON: 'A score beside another.',
    COMPLIANCE: 'A compliance check.',
    MODEL_CARD: 'The model card.',
    PARITY: 'Proof that the exported model answers as the trainer did.',
  }),
});

export const PromotionVerdict = { APPROVED: 'APPROVED', REJECTED: 'REJECTED' } as const;
registerEnumType(PromotionVerdict, {
  name: 'PromotionVerdict',
  description: 'What somebody decided.',
  valuesConfig: described({ APPROVED: 'For it.', REJECTED: 'Against it.' }),
});

@ObjectType({ description: 'A fact that a verdict stands on.' })
export class GateEvidence {
  @Attribute(() => String, 'open', 'Which fact.') name!: string;
  @Attribute(() => String, 'sensitive', 'Its value.') value!: string;
}

@ObjectType({ description: 'One gate and what it found.' })
export class GateCheck {
  @Attribute(() => ID, 'open', 'Gate, or compliance check.') checkId!: string;
  @Attribute(() => GateCheckKind, 'internal', 'What it judges.') kind!: string;
  @Attribute(() => GateCheckStatus, 'internal', 'Verdict.') status!: string;
  @Attribute(() => String, 'internal', 'What it is about.') title!: string;
  @Attribute(() => String, 'sensitive', 'What was found.') found!: string;
  @Attribute(() => String, 'sensitive', 'What is needed.') limit!: string;
  @Attribute(() => [GateEvidence], 'sensitive', 'What the verdict stands on.') evidence!: CheckOutcome['evidence'];
  @Attribute(() => String, 'internal', 'What would make it pass; empty where nothing is to be done.')
  whatToDo!: string;
}

@EntityType('Promotion', 'The way of a version to an alias: what was judged, who decided, what came of it.')
export class Promotion {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Model.') modelName!: string;
  @Attribute(() => ID, 'internal', 'Version.') modelVersionId!: string;
  @Attribute(() => Int, 'internal', 'Number of the version.') version!: number;
  @Attribute(() => String, 'internal', 'Alias.') alias!: string;
  @Attribute(() => PromotionState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => String, 'internal', 'Why it was requested.') reason!: string;
  @Attribute(() => Int, 'internal', 'Revision of the gates; 0 is built in.') gateRevision!: number;
  @Attribute(() => String, 'internal', 'SHA-256 of the gates.') gateDigest!: string;
  @Attribute(() => String, 'internal', 'SHA-256 of all that approvals are for: version, gates, model card.')
  binding!: string;
  @Attribute(() => [GateCheck], 'sensitive', 'Gates, as judged last.') checks!: CheckOutcome[];
  @Attribute(() => DateTime, 'internal', 'When it expires without enough approvals.') expiresAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When it became final.') decidedAt!: Date | null;
  @Attribute(() => String, 'internal', 'What came of it.') outcome!: string | null;
  @Attribute(() => String, 'internal', 'Zone of the version.') zone!: string;
  @Attribute(() => String, 'pii', 'Who requested it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was requested.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ObjectType('PromotionDecision', { description: 'What one person decided about a promotion; decisions are kept.' })
export class PromotionDecision {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => PromotionVerdict, 'internal', 'For or against.') decision!: string;
  @Attribute(() => String, 'internal', 'Role in which it was decided.') role!: string;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => String, 'internal', 'What it is for; see `Promotion.binding`.') binding!: string;
  @Attribute(() => DateTime, 'internal', 'When.') at!: Date;
  @Attribute(() => String, 'pii', 'Who.') by!: string;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ObjectType({ description: 'Approvals in a role that a promotion lacks.' })
export class MissingApprovals {
  @Attribute(() => String, 'open', 'Role.') role!: string;
  @Attribute(() => Int, 'internal', 'Different persons that are needed.') needed!: number;
  @Attribute(() => Int, 'internal', 'Approvals that count so far.') given!: number;
}

@ObjectType({ description: 'What a promotion would meet now; nothing is stored.' })
export class PromotionEvaluation {
  @Attribute(() => ID, 'open', 'Version.') modelVersionId!: string;
  @Attribute(() => String, 'open', 'Alias.') alias!: string;
  @Attribute(() => Gates, 'internal', 'Gates that count.') gates!: Gates;
  @Attribute(() => Boolean, 'internal', 'Whether no check fails; approvals come on top.') passed!: boolean;
  @Attribute(() => [GateCheck], 'internal', 'Every check.') checks!: readonly CheckOutcome[];
}

/** A settled promotion as the mutations answer it. */
interface Settled {
  readonly __typename: string;
  readonly promotion: unknown;
}

@ObjectType({ description: 'The alias stands for the version.' })
export class PromotionDone implements Settled {
  readonly __typename = 'PromotionDone';
  @Attribute(() => Promotion, 'open', 'The promotion.', { nullable: true }) promotion!: unknown;
  @Attribute(() => ModelAlias, 'open', 'The alias as it stands.', { nullable: true }) alias!: unknown;
}

@ObjectType({ description: 'Every check passes; approvals are missing.' })
export class PromotionPending implements Settled {
  readonly __typename = 'PromotionPending';
  @Attribute(() => Promotion, 'open', 'The promotion.', { nullable: true }) promotion!: unknown;
  @Attribute(() => [MissingApprovals], 'open', 'What is missing.') missing!: MissingApprovals[];
}

@ObjectType({ description: 'Checks failed; the alias stands as before.' })
export class PromotionBlocked implements Settled {
  readonly __typename = 'PromotionBlocked';
  @Attribute(() => Promotion, 'open', 'The promotion.', { nullable: true }) promotion!: unknown;
  @Attribute(() => [GateCheck], 'open', 'Each check that failed, with its evidence and what to do.')
  failed!: readonly CheckOutcome[];
}

@ObjectType({ description: 'The promotion ended without effect: rejected, expired, or overtaken by a change.' })
export class PromotionClosed implements Settled {
  readonly __typename = 'PromotionClosed';
  @Attribute(() => Promotion, 'open', 'The promotion.', { nullable: true }) promotion!: unknown;
  @Attribute(() => String, 'open', 'What to do.') whatToDo!: string;
}

export const PromotionResult = createUnionType({
  name: 'PromotionResult',
  description: 'What became of a promotion.',
  types: () => [PromotionDone, PromotionPending, PromotionBlocked, PromotionClosed] as const,
});

export const PromotionConnection = connectionOf(() => Promotion, 'Promotion');

@InputType({ description: 'A version that an alias shall stand for.' })
export class RequestPromotionInput {
  @Field(() => ID, { description: 'Version.' }) modelVersionId!: string;
  @Field(() => String, { description: 'Alias.' }) alias!: string;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A decision about a promotion.' })
export class PromotionDecisionInput {
  @Field(() => ID, { description: 'Promotion.' }) promotionId!: string;
  @Field(() => String, { description: 'Role in which you decide: one that you hold and that the gates ask for.' })
  role!: string;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'Restricts a list of promotions.' })
export class PromotionFilter {
  @Field(() => ID, { nullable: true, description: 'Of this version.' }) modelVersionId?: string;
  @Field(() => PromotionState, { nullable: true, description: 'In this state.' }) state?: string;
}
