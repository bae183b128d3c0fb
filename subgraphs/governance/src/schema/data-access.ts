import { verifyReadLog } from '@falaj/audit';
import { PlatformError } from '@falaj/runtime';
import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  PageArguments,
  readPseudonyms,
  SubjectKeys,
} from '@falaj/subgraph-kit';
import { eq, gte, lt, sql } from 'drizzle-orm';
import { Arg, Args, Ctx, Field, ID, InputType, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { type DataAccessRow, dataAccesses, principals } from '../store/governed.js';
import { dataAccess } from '../store/tables.js';
import type { GovernanceContext } from './context.js';
import { Principal } from './identity-types.js';

@ObjectType({
  description:
    'One answer that showed fields of class sensitive or above: who read which fields of which records, why, and under which policy. It stood in the log before the answer was sent.',
})
export class DataAccess {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => DateTime, 'internal', 'When it was read.') at!: Date;
  @Attribute(() => ID, 'internal', 'Id of the principal who read.') readerId!: string;
  @Attribute(() => String, 'internal', 'Kind of that principal: USER, SERVICE, WORKLOAD or ANONYMOUS.')
  readerKind!: string;
  @Attribute(() => ID, 'internal', 'Who is answerable where a workload read; else null.', { nullable: true })
  onBehalfOf!: string | null;
  @Attribute(() => String, 'internal', 'Zone that the reader worked from.') readerZone!: string;
  @Attribute(
    () => String,
    'internal',
    'Purpose as the reader said it in `x-falaj-purpose`; null where none was said.',
    {
      nullable: true,
    },
  )
  purpose!: string | null;
  @Attribute(
    () => String,
    'internal',
    'SHA-256 of the document that was sent, in hex: the id of a registered document. Null where a part of the platform asked by itself.',
    { nullable: true },
  )
  operationHash!: string | null;
  @Attribute(() => Int, 'internal', "Version of the workspace's rules that decided.") policyVersion!: number;
  @Attribute(() => String, 'internal', 'Type of the records.') subjectType!: string;
  @Attribute(
    () => [ID],
    'internal',
    'Ids of the records, at most 1,000; one answer with more has several entries. Empty for values that belong to no record.',
  )
  subjectIds!: string[];
  @Attribute(
    () => [String],
    'internal',
    'Fields of class sensitive or above that were shown of each of these records; a field of a value inside the record as `Type.field`.',
  )
  fields!: string[];
  @Attribute(() => String, 'internal', 'Request that it was part of.') requestId!: string;
  @Attribute(() => String, 'internal', 'Trace that it was part of.', { nullable: true }) traceId!: string | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const DataAccessConnection = connectionOf(() => DataAccess, 'DataAccess');

@ObjectType({ description: 'What hashing every sealed entry of the read log again found.' })
export class DataAccessVerification {
  @Attribute(() => Boolean, 'internal', 'Every seal fits its entries, and no entry stands outside of them.')
  intact!: boolean;
  @Attribute(() => Int, 'internal', 'Entries that were hashed again.') verified!: number;
  @Attribute(() => Int, 'internal', 'Seals whose entries are only in a verified export.') archivedSeals!: number;
  @Attribute(() => Int, 'internal', 'Entries written since the last seal; there is one every five minutes.')
  pending!: number;
  @Attribute(() => [ID], 'internal', 'Audit records whose seal does not fit its entries; the first hundred.')
  brokenSeals!: readonly string[];
  @Attribute(() => Int, 'internal', 'Entries that were put in behind the log.') unsealed!: number;
}

@InputType({ description: 'One record of the graph.' })
export class RecordInput {
  @Field(() => String, {
    description: 'Its type, e.g. `Run`; `DataSubject` for a person, `FeatureRow` for the features of another entity.',
  })
  type!: string;
  @Field(() => ID, {
    description:
      'Its id; of a person the name that requests give; of a feature row `<view>/<version><key>`, e.g. `incomes/1["DXB"]`.',
  })
  id!: string;
}

@InputType({ description: 'Restricts the read log; all that is given must hold.' })
export class DataAccessFilter {
  @Field(() => ID, { nullable: true, description: 'Principal who read.' }) readerId?: string;
  @Field(() => String, { nullable: true, description: 'Type of the records.' }) subjectType?: string;
  @Field(() => DateTime, { nullable: true, description: 'At this instant or later.' }) atSince?: Date;
  @Field(() => DateTime, { nullable: true, description: 'Before this instant.' }) atUntil?: Date;
}

const conditions = ({ readerId, subjectType, atSince, atUntil }: DataAccessFilter) => [
  ...(readerId ? [{ field: 'readerId' as const, condition: eq(dataAccess.readerId, readerId) }] : []),
  ...(subjectType ? [{ field: 'subjectType' as const, condition: eq(dataAccess.subjectType, subjectType) }] : []),
  ...(atSince ? [{ field: 'at' as const, condition: gte(dataAccess.at, atSince) }] : []),
  ...(atUntil ? [{ field: 'at' as const, condition: lt(dataAccess.at, atUntil) }] : []),
];

/** How the log names a record. A data subject is asked for by name, and stands there under an id for each zone of the caller. */
async function idsInLog({ principal, platform }: GovernanceContext, { type, id }: RecordInput): Promise<string[]> {
  if (type !== 'DataSubject') return [id];
  const places = principal.zones.map((zone) => ({ workspaceId: principal.workspaceId, zone }));
  const subjects = new SubjectKeys(platform.database, platform.plugins);
  const keys = await Promise.all(places.map((place) => subjects.known(place, [id])));
  return keys.flatMap(readPseudonyms);
}

@Resolver(() => DataAccess)
export class DataAccessResolver {
  @Query(() => DataAccessConnection, {
    nullable: true,
    description:
      'Who read which sensitive fields of which records, newest first; for auditors and administrators. Asking is written down too, as a read of `dataAccessLog` of the record.',
  })
  async dataAccessLog(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('subject', () => RecordInput, { nullable: true, description: 'Reads of this record only.' })
    subject: RecordInput | undefined,
    @Arg('filter', () => DataAccessFilter, { nullable: true, description: 'Restriction.' })
    filter: DataAccessFilter | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    context.ability.authorize('read', 'DataAccess');
    if (subject && (subject.type === '' || subject.id === ''))
      throw new PlatformError('BAD_USER_INPUT', 'subject: found an empty text, expected type and id of a record.');
    const ids = subject ? await idsInLog(context, subject) : [];
    for (const id of ids) context.shown.record(subject?.type ?? '', id, 'dataAccessLog');
    if (ids.length === 0) context.shown.record('DataAccess', null, 'dataAccessLog');
    const readsOf = ids.map((id) => sql`select audit.reads_of(${subject?.type}, ${id})`);
    const found = readsOf.length === 0 ? sql`false` : sql`${dataAccess.id} in (${sql.join(readsOf, sql` union `)})`;
    return context.reads.page(dataAccesses, {
      ...page,
      filters: conditions(filter ?? {}),
      ...(subject ? { where: found } : {}),
    });
  }

  @Query(() => DataAccessVerification, {
    nullable: true,
    description:
      'Hashes every sealed entry of the read log again and holds it to its seal. Seals are audit records: `verifyAuditLog` says whether they are untouched.',
  })
  verifyDataAccessLog(@Ctx() context: GovernanceContext): Promise<DataAccessVerification> {
    context.ability.authorize('read', 'DataAccessVerification');
    return context.transaction((tx) => verifyReadLog(tx, context.principal.workspaceId, context.services.auditKey));
  }

  @Attribute(() => Principal, 'internal', 'Who read; null where they are no longer known.', { nullable: true })
  reader(@Root() row: DataAccessRow, @Ctx() context: GovernanceContext): Promise<unknown> {
    return context.load('Principal', row.readerId, (ids) => context.reads.byIds(principals, ids));
  }
}
