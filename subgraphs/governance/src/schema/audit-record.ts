import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  JSONObject,
  PageArguments,
} from '@falaj/subgraph-kit';
import { eq, gte, lt } from 'drizzle-orm';
import { Arg, Args, Ctx, Field, FieldResolver, ID, InputType, Int, Query, Resolver, Root } from 'type-graphql';
import { type AuditRecordRow, auditRecords, principals } from '../store/governed.js';
import { record } from '../store/tables.js';
import type { GovernanceContext } from './context.js';
import { AuditOutcome } from './enums.js';

@EntityType(
  'AuditRecord',
  'Who did what to which object, how it ended, and under which policy. Records are never changed.',
)
export class AuditRecord {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => DateTime, 'internal', 'When it happened.') at!: Date;
  @Attribute(() => String, 'internal', 'Mutation, e.g. `createEndpoint`.') action!: string;
  @Attribute(() => String, 'internal', 'Id of the principal who acted.') actorId!: string;
  @Attribute(() => String, 'internal', 'USER, SERVICE, WORKLOAD or ANONYMOUS.') actorKind!: string;
  @Attribute(() => String, 'internal', 'Type of the object.') subjectType!: string;
  @Attribute(() => String, 'internal', 'Id of the object; null where none came to be.') subjectId!: string | null;
  @Attribute(() => AuditOutcome, 'internal', 'How it ended.') outcome!: string;
  @Attribute(() => String, 'internal', 'Error code of a refusal or failure.') reason!: string | null;
  @Attribute(() => String, 'internal', 'Request that it was part of.') requestId!: string;
  @Attribute(() => String, 'internal', 'Trace that it was part of.') traceId!: string | null;
  @Attribute(() => Int, 'internal', "Version of the workspace's rules that decided.") policyVersion!: number;
  @Attribute(() => JSONObject, 'sensitive', 'What the action says about itself; never a secret.') details!: Record<
    string,
    unknown
  >;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(
    () => String,
    'pii',
    'Name of the principal who acted; null where the name is withheld or no longer known.',
  )
  actorName!: unknown;
}

export const AuditRecordConnection = connectionOf(() => AuditRecord, 'AuditRecord');

@InputType({ description: 'Restricts audit records; all that is given must hold.' })
export class AuditFilter {
  @Field(() => String, { nullable: true, description: 'Type of the object, e.g. `Endpoint`.' }) subjectType?: string;
  @Field(() => ID, { nullable: true, description: 'Id of the object.' }) subjectId?: string;
  @Field(() => String, { nullable: true, description: 'Mutation.' }) action?: string;
  @Field(() => ID, { nullable: true, description: 'Principal who acted.' }) actorId?: string;
  @Field(() => AuditOutcome, { nullable: true, description: 'How it ended.' }) outcome?: string;
  @Field(() => DateTime, { nullable: true, description: 'At this instant or later.' }) atSince?: Date;
  @Field(() => DateTime, { nullable: true, description: 'Before this instant.' }) atUntil?: Date;
}

function conditions(filter: AuditFilter) {
  return [
    ...(filter.subjectType
      ? [{ field: 'subjectType' as const, condition: eq(record.subjectType, filter.subjectType) }]
      : []),
    ...(filter.subjectId ? [{ field: 'subjectId' as const, condition: eq(record.subjectId, filter.subjectId) }] : []),
    ...(filter.action ? [{ field: 'action' as const, condition: eq(record.action, filter.action) }] : []),
    ...(filter.actorId ? [{ field: 'actorId' as const, condition: eq(record.actorId, filter.actorId) }] : []),
    ...(filter.outcome ? [{ field: 'outcome' as const, condition: eq(record.outcome, filter.outcome) }] : []),
    ...(filter.atSince ? [{ field: 'at' as const, condition: gte(record.at, filter.atSince) }] : []),
    ...(filter.atUntil ? [{ field: 'at' as const, condition: lt(record.at, filter.atUntil) }] : []),
  ];
}

@Resolver(() => AuditRecord)
export class AuditRecordResolver {
  @Query(() => AuditRecord, { nullable: true, description: 'An audit record by id.' })
  auditRecord(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(auditRecords, id);
  }

  @Query(() => AuditRecordConnection, { description: 'Audit records of the workspace, newest first.' })
  auditRecords(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Restriction.' }) filter: AuditFilter | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(auditRecords, { ...page, filters: conditions(filter ?? {}) });
  }

  @FieldResolver()
  async actorName(@Root() row: AuditRecordRow, @Ctx() context: GovernanceContext): Promise<string | null> {
    // The column behind this field is the actor's id: null where the policy withholds the name.
    if (!row.actorName) return null;
    const actor = await context.load('Principal', row.actorName, (ids) => context.reads.byIds(principals, ids));
    return actor?.name ?? null;
  }
}
