import { Attribute, type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq, gte, isNotNull, isNull, lt } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  breakGlassInput,
  decideAccessInput,
  endAccessInput,
  requestAccessInput,
  reviewBreakGlassInput,
} from '../../domain/access/access-input.js';
import { requireGrantableRole } from '../../policy/roles.js';
import {
  breakGlass,
  decideAccess,
  endAccess,
  requestAccess,
  reviewBreakGlass,
} from '../../store/access/access-requests.js';
import { type AccessRequestRow, accessRequest, accessRequests } from '../../store/access/tables.js';
import { auditRecords, principals } from '../../store/governed.js';
import { incidents } from '../../store/incidents/governed.js';
import { defaultZone } from '../../store/incidents/reads.js';
import { record } from '../../store/tables.js';
import { AuditRecordConnection } from '../audit-record.js';
import type { GovernanceContext } from '../context.js';
import { Principal } from '../identity-types.js';
import { Incident } from '../incidents/incident-types.js';
import {
  AccessRequest,
  AccessRequestConnection,
  AccessRequestFilter,
  AccessRequestPayload,
  BreakGlassInput,
  DecideAccessRequestInput,
  EndAccessInput,
  RequestAccessInput,
  ReviewBreakGlassInput,
} from './access-request-types.js';

const NOUN = 'AccessRequest';

@Resolver(() => AccessRequest)
export class AccessRequestResolver {
  @Query(() => AccessRequest, { nullable: true, description: 'A request for access by id.' })
  accessRequest(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(accessRequests, id);
  }

  @Query(() => AccessRequestConnection, {
    description:
      'Requests for access and broken glasses, newest first: all for auditors and administrators, else one’s own.',
  })
  accessRequests(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => AccessRequestFilter, { nullable: true, description: 'Restriction.' }) filter:
      | AccessRequestFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(accessRequests, { ...page, filters: conditions(filter ?? {}) });
  }

  @Attribute(() => Principal, 'internal', 'Who asked for it or took it.', { nullable: true })
  requester(@Root() row: AccessRequestRow, @Ctx() context: GovernanceContext): Promise<unknown> {
    return context.load('Principal', row.ownerId, (ids) => context.reads.byIds(principals, ids));
  }

  @Attribute(() => Incident, 'internal', 'The incident that a broken glass is for.', { nullable: true })
  incident(@Root() row: AccessRequestRow, @Ctx() context: GovernanceContext): Promise<unknown> | null {
    if (row.incidentId === null) return null;
    return context.load('Incident', row.incidentId, (ids) => context.reads.byIds(incidents, ids));
  }

  @Attribute(
    () => AuditRecordConnection,
    'internal',
    'All that its holder did here while it gave the role, newest first.',
  )
  activity(
    @Root() { ownerId, beginsAt, endsAt }: AccessRequestRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    const never = new Date(0);
    const held = and(
      eq(record.actorId, ownerId),
      gte(record.at, beginsAt ?? never),
      lt(record.at, (beginsAt && endsAt) ?? never),
    );
    return context.reads.page(auditRecords, { ...page, ...(held ? { where: held } : {}) });
  }

  @Mutation(() => AccessRequestPayload, {
    description: 'Asks for a role for a time. It is held once an administrator who is somebody else approved it.',
  })
  async requestAccess(
    @Arg('input', () => RequestAccessInput, { description: 'What is needed, and why.' }) input: RequestAccessInput,
    @Ctx() context: GovernanceContext,
  ): Promise<AccessRequestPayload> {
    const wanted = parseInput(requestAccessInput, input);
    const { role, durationSeconds, reason } = wanted;
    const { id } = await context.mutate(
      {
        action: 'requestAccess',
        noun: NOUN,
        verb: 'request',
        details: { role, durationSeconds, justification: reason },
      },
      async (tx, audit) => {
        requireGrantableRole(role, context.principal.workspaceId);
        const made = await requestAccess(tx, context.services.directory, context.ownership, wanted);
        audit.subject(made.id);
        return made;
      },
    );
    return shown(context, id);
  }

  @Mutation(() => AccessRequestPayload, {
    description:
      'Grants the role that was asked for, from now on for its time, or does not. Whoever asked does not decide.',
  })
  async decideAccessRequest(
    @Arg('input', () => DecideAccessRequestInput, { description: 'The decision.' }) input: DecideAccessRequestInput,
    @Ctx() context: GovernanceContext,
  ): Promise<AccessRequestPayload> {
    const { accessRequestId: id, approve, reason } = parseInput(decideAccessInput, input);
    const { ownerId, role } = await context.reads.required(accessRequests, id);
    const to = approve ? 'APPROVED' : 'REJECTED';
    await context.mutate(
      {
        action: 'decideAccessRequest',
        noun: NOUN,
        verb: 'decide',
        subjectId: id,
        details: { to, principalId: ownerId, role, justification: reason },
      },
      async (tx, audit) => {
        const { endsAt } = await decideAccess(tx, context.services.directory, person(context), id, {
          to,
          reason,
          now: new Date(),
        });
        audit.subject(id, { endsAt: endsAt?.toISOString() ?? null });
      },
    );
    return shown(context, id);
  }

  @Mutation(() => AccessRequestPayload, {
    description:
      'Takes a request back, or ends the access that it gave: its holder may, and every administrator. Other grants of the role stay.',
  })
  async endAccess(
    @Arg('input', () => EndAccessInput, { description: 'Which, and why.' }) input: EndAccessInput,
    @Ctx() context: GovernanceContext,
  ): Promise<AccessRequestPayload> {
    const { accessRequestId: id, reason } = parseInput(endAccessInput, input);
    const { ownerId, role } = await context.reads.required(accessRequests, id);
    await context.mutate(
      {
        action: 'endAccess',
        noun: NOUN,
        verb: 'end',
        row: { workspaceId: context.principal.workspaceId, ownerId },
        subjectId: id,
        details: { principalId: ownerId, role, justification: reason },
      },
      (tx) => endAccess(tx, context.services.directory, context.ownership, id, { reason, now: new Date() }),
    );
    return shown(context, id);
  }

  @Mutation(() => AccessRequestPayload, {
    description:
      'Takes a role at once, for at most an hour: for emergencies. It opens an incident of P2 or belongs to one, ends by itself, and must be reviewed by somebody else before the same person can do it again.',
  })
  async breakGlass(
    @Arg('input', () => BreakGlassInput, { description: 'Which role, and what happens.' }) input: BreakGlassInput,
    @Ctx() context: GovernanceContext,
  ): Promise<AccessRequestPayload> {
    const { incidentId, ...wanted } = parseInput(breakGlassInput, input);
    const { role, durationSeconds, reason } = wanted;
    if (incidentId) await context.reads.required(incidents, incidentId);
    const zone = await defaultZone(context);
    const { id } = await context.mutate(
      {
        action: 'breakGlass',
        noun: NOUN,
        verb: 'breakGlass',
        details: { role, durationSeconds, justification: reason },
      },
      async (tx, audit) => {
        requireGrantableRole(role, context.principal.workspaceId);
        const broken = await breakGlass(
          tx,
          context.services.directory,
          person(context),
          { ...wanted, incidentId: incidentId ?? null, zone },
          new Date(),
        );
        audit.subject(broken.id, { incidentId: broken.incidentId, endsAt: broken.endsAt.toISOString() });
        return broken;
      },
    );
    return shown(context, id);
  }

  @Mutation(() => AccessRequestPayload, {
    description: 'Writes down what was found in what was done behind a broken glass. Whoever broke it does not review.',
  })
  async reviewBreakGlass(
    @Arg('input', () => ReviewBreakGlassInput, { description: 'Which, and what was found.' })
    input: ReviewBreakGlassInput,
    @Ctx() context: GovernanceContext,
  ): Promise<AccessRequestPayload> {
    const { accessRequestId: id, review } = parseInput(reviewBreakGlassInput, input);
    await context.reads.required(accessRequests, id);
    await context.mutate(
      { action: 'reviewBreakGlass', noun: NOUN, verb: 'review', subjectId: id, details: { justification: review } },
      (tx) => reviewBreakGlass(tx, person(context), id, { review, now: new Date() }),
    );
    return shown(context, id);
  }
}

function conditions({ state, kind, ownerId, reviewed }: AccessRequestFilter) {
  return [
    ...(state ? [{ field: 'state' as const, condition: eq(accessRequest.state, state) }] : []),
    ...(kind ? [{ field: 'kind' as const, condition: eq(accessRequest.kind, kind) }] : []),
    ...(ownerId ? [{ field: 'ownerId' as const, condition: eq(accessRequest.ownerId, ownerId) }] : []),
    ...(reviewed === undefined || reviewed === null
      ? []
      : [
          { field: 'kind' as const, condition: eq(accessRequest.kind, 'BREAK_GLASS') },
          {
            field: 'reviewedAt' as const,
            condition: reviewed ? isNotNull(accessRequest.reviewedAt) : isNull(accessRequest.reviewedAt),
          },
        ]),
  ];
}

const person = ({ ownership, principal }: GovernanceContext) => ({ ...ownership, kind: principal.kind });

async function shown(context: GovernanceContext, id: string): Promise<AccessRequestPayload> {
  return { accessRequest: await context.reads.byId(accessRequests, id) };
}
