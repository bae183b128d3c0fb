import { PlatformError, refused } from '@falaj/runtime';
import { Attribute, type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq, gte, inArray, isNotNull, or, type SQL, sql } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  assignInput,
  commentInput,
  linkInput,
  openIncidentInput,
  prioritizeInput,
  transitionInput,
} from '../../domain/incidents/incident-input.js';
import { nextStates, type IncidentState as State } from '../../domain/incidents/incident-states.js';
import type { Priority } from '../../domain/incidents/priority.js';
import { principals } from '../../store/governed.js';
import { type IncidentRow, incidentEvents, incidents } from '../../store/incidents/governed.js';
import { defaultZone, linkedTo, linksOf } from '../../store/incidents/reads.js';
import { incident, incidentEvent } from '../../store/incidents/tables.js';
import {
  assignIncident,
  insertLinks,
  openIncident,
  prioritizeIncident,
  recordEvent,
  transitionIncident,
} from '../../store/incidents/writes.js';
import type { GovernanceContext } from '../context.js';
import { Principal } from '../identity-types.js';
import {
  AssignIncidentInput,
  CommentIncidentInput,
  Incident,
  IncidentConnection,
  IncidentEventConnection,
  IncidentFilter,
  IncidentLink,
  IncidentPayload,
  IncidentState,
  LinkIncidentInput,
  OpenIncidentInput,
  OpenIncidentPayload,
  PrioritizeIncidentInput,
  TransitionIncidentInput,
} from './incident-types.js';

@Resolver(() => Incident)
export class IncidentResolver {
  @Query(() => Incident, { nullable: true, description: 'An incident by id.' })
  incident(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(incidents, id);
  }

  @Query(() => IncidentConnection, { description: 'Incidents of the workspace, newest first.' })
  incidents(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => IncidentFilter, { nullable: true, description: 'Restriction.' }) filter:
      | IncidentFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    const link = filter?.linkedTo;
    return context.reads.page(incidents, {
      ...page,
      ...(link ? { where: linkedTo(link.type, link.id) } : {}),
      filters: conditions(filter ?? {}),
    });
  }

  @Attribute(() => [IncidentLink], 'internal', 'What it concerns.')
  links(@Root() row: IncidentRow, @Ctx() context: GovernanceContext) {
    return context.load('IncidentLink', row.id, (ids) => linksOf(context, ids));
  }

  @Attribute(() => [IncidentState], 'internal', 'States that it may enter next.')
  nextStates(@Root() row: IncidentRow): State[] {
    return row.state ? nextStates(row.state) : [];
  }

  @Attribute(() => Principal, 'internal', 'Who works on it.')
  assignee(@Root() row: IncidentRow, @Ctx() context: GovernanceContext) {
    if (!row.assigneeId) return null;
    return context.load('Principal', row.assigneeId, (ids) => context.reads.byIds(principals, ids));
  }

  @Attribute(() => IncidentEventConnection, 'internal', 'Timeline, newest first.')
  events(@Root() row: IncidentRow, @Args(() => PageArguments) page: PageArguments, @Ctx() context: GovernanceContext) {
    return context.children(incidentEvents, incidentEvent.incidentId, row.id, page);
  }

  @Mutation(() => OpenIncidentPayload, {
    description:
      'Opens an incident, or adds an occurrence to the one of the same key that is open. Priority, promises and due dates follow from impact and urgency.',
  })
  async openIncident(
    @Arg('input', () => OpenIncidentInput, { description: 'The alarm.' }) input: OpenIncidentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<OpenIncidentPayload> {
    const { links, evidence, zone, ...given } = parseInput(openIncidentInput, input);
    const wanted = {
      ...given,
      links: links ?? [],
      evidence: evidence ?? {},
      zone: zone ?? (await defaultZone(context)),
    };
    assertZone(context, wanted.zone);
    const { id, created } = await context.mutate(
      {
        action: 'openIncident',
        noun: 'Incident',
        verb: 'open',
        row: { workspaceId: context.principal.workspaceId, zone: wanted.zone, category: wanted.category },
        details: { dedupKey: wanted.dedupKey, category: wanted.category, zone: wanted.zone },
      },
      async (tx, audit) => {
        const opened = await openIncident(tx, context.ownership, wanted, new Date());
        audit.subject(opened.id, { created: opened.created, occurrences: opened.occurrences });
        return opened;
      },
    );
    return { incident: await context.reads.byId(incidents, id), created };
  }

  @Mutation(() => IncidentPayload, {
    description: 'Gives an incident to somebody who holds a role here; one that is NEW or REOPENED becomes ASSIGNED.',
  })
  async assignIncident(
    @Arg('input', () => AssignIncidentInput, { description: 'Who works on which.' }) input: AssignIncidentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IncidentPayload> {
    const { incidentId, principalId } = parseInput(assignInput, input);
    const assigneeId = principalId ?? context.principal.id;
    await assertMember(context, assigneeId);
    const spec = await change(context, incidentId, 'assignIncident', { assigneeId });
    await context.mutate(spec, (tx) =>
      assignIncident(tx, context.ownership, incidentId, { assigneeId, now: new Date() }),
    );
    return { incident: await context.reads.byId(incidents, incidentId) };
  }

  @Mutation(() => IncidentPayload, {
    description:
      'Moves an incident to its next state. A step that the rules do not allow is refused with rule, found value, limit and what to do.',
  })
  async transitionIncident(
    @Arg('input', () => TransitionIncidentInput, { description: 'The step.' }) input: TransitionIncidentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IncidentPayload> {
    const { incidentId, to, text } = parseInput(transitionInput, input);
    const spec = await change(context, incidentId, 'transitionIncident', { to });
    await context.mutate(spec, async (tx, audit) => {
      const from = await transitionIncident(tx, context.ownership, incidentId, {
        to,
        text: text ?? null,
        now: new Date(),
      });
      audit.subject(incidentId, { from });
    });
    return { incident: await context.reads.byId(incidents, incidentId) };
  }

  @Mutation(() => IncidentPayload, {
    description: 'Changes impact and urgency; time that was used up stays used up under the new promises.',
  })
  async prioritizeIncident(
    @Arg('input', () => PrioritizeIncidentInput, { description: 'The change.' }) input: PrioritizeIncidentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IncidentPayload> {
    const { incidentId, ...step } = parseInput(prioritizeInput, input);
    const spec = await change(context, incidentId, 'prioritizeIncident', step);
    await context.mutate(spec, (tx) =>
      prioritizeIncident(tx, context.ownership, incidentId, { ...step, now: new Date() }),
    );
    return { incident: await context.reads.byId(incidents, incidentId) };
  }

  @Mutation(() => IncidentPayload, { description: 'Adds a comment to the timeline of an incident.' })
  async commentIncident(
    @Arg('input', () => CommentIncidentInput, { description: 'The comment.' }) input: CommentIncidentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IncidentPayload> {
    const { incidentId, text } = parseInput(commentInput, input);
    const row = await context.reads.required(incidents, incidentId);
    await context.mutate(await change(context, incidentId, 'commentIncident', {}), (tx) =>
      recordEvent(tx, context.ownership, { id: incidentId, zone: row.zone ?? '' }, 'COMMENTED', {
        text,
        now: new Date(),
      }),
    );
    return { incident: await context.reads.byId(incidents, incidentId) };
  }

  @Mutation(() => IncidentPayload, { description: 'Links an incident to further objects.' })
  async linkIncident(
    @Arg('input', () => LinkIncidentInput, { description: 'The links.' }) input: LinkIncidentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IncidentPayload> {
    const { incidentId, links } = parseInput(linkInput, input);
    const row = await context.reads.required(incidents, incidentId);
    const place = { id: incidentId, zone: row.zone ?? '' };
    await context.mutate(await change(context, incidentId, 'linkIncident', { links }), async (tx) => {
      await insertLinks(tx, context.ownership, place, links);
      await recordEvent(tx, context.ownership, place, 'LINKED', { data: { links }, now: new Date() });
    });
    return { incident: await context.reads.byId(incidents, incidentId) };
  }
}

function conditions(filter: IncidentFilter) {
  const { stateIn, priorityIn, category, dedupKey, assigneeId, breached, createdAtSince } = filter;
  const some = or(isNotNull(incident.responseBreachedAt), isNotNull(incident.resolutionBreachedAt)) as SQL;
  return [
    ...(stateIn ? [{ field: 'state' as const, condition: inArray(incident.state, stateIn as State[]) }] : []),
    ...(priorityIn
      ? [{ field: 'priority' as const, condition: inArray(incident.priority, priorityIn as Priority[]) }]
      : []),
    ...(category ? [{ field: 'category' as const, condition: eq(incident.category, category) }] : []),
    ...(dedupKey ? [{ field: 'dedupKey' as const, condition: eq(incident.dedupKey, dedupKey) }] : []),
    ...(assigneeId ? [{ field: 'assigneeId' as const, condition: eq(incident.assigneeId, assigneeId) }] : []),
    ...(createdAtSince ? [{ field: 'createdAt' as const, condition: gte(incident.createdAt, createdAtSince) }] : []),
    ...(breached === undefined || breached === null
      ? []
      : [
          { field: 'resolutionBreachedAt' as const, condition: breached ? some : (sql`not (${some})` as SQL) },
          { field: 'responseBreachedAt' as const, condition: sql`true` as SQL },
        ]),
  ];
}

/** What a change of an incident is to policy and audit; NOT_FOUND where the caller may not see it. */
async function change(
  context: GovernanceContext,
  id: string,
  action: string,
  details: Readonly<Record<string, unknown>>,
) {
  const row = await context.reads.required(incidents, id);
  const { zone, state, priority, category, ownerId, assigneeId } = row;
  return {
    action,
    noun: 'Incident',
    verb: 'handle',
    subjectId: id,
    details,
    row: { workspaceId: context.principal.workspaceId, zone, state, priority, category, ownerId, assigneeId },
  };
}

/** An assignee must be able to work here: somebody who is in force and holds a role. */
async function assertMember(context: GovernanceContext, id: string): Promise<void> {
  const known = await context.reads.byId(principals, id);
  if (known && known.disabledAt === null) return;
  throw new PlatformError('BAD_USER_INPUT', 'input.principalId: found nobody of this workspace who is in force.', {
    details: { field: 'principalId', found: id },
  });
}

function assertZone(context: GovernanceContext, zone: string): void {
  if (context.principal.zones.includes(zone)) return;
  throw refused(
    {
      rule: 'INCIDENT_ZONE',
      found: zone || 'no zone',
      limit: context.principal.zones.join(', ') || 'none: you hold no role here',
      whatToDo: 'name a zone of this workspace',
    },
    'RESIDENCY_VIOLATION',
    { allowedZones: context.principal.zones },
  );
}
