import { Attribute, connectionOf, DateTime, EntityType, JSONObject } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { incidentStates } from '../../domain/incidents/incident-states.js';
import { levels, priorities } from '../../domain/incidents/priority.js';
import { incidentEventKinds } from '../../store/incidents/tables.js';

const valuesOf = <T extends string>(names: readonly T[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { [K in T]: K };

export const IncidentState = valuesOf(incidentStates);
registerEnumType(IncidentState, {
  name: 'IncidentState',
  description: 'Where an incident stands (ITIL).',
  valuesConfig: {
    NEW: { description: 'Nobody took it up yet; the response clock runs.' },
    ASSIGNED: { description: 'It has an assignee.' },
    IN_PROGRESS: { description: 'It is worked on.' },
    PENDING: { description: 'It waits for somebody else; the clock stands still.' },
    RESOLVED: { description: 'Service is restored; the clock stands still.' },
    CLOSED: { description: 'Confirmed. It can be reopened for seven days.' },
    REOPENED: { description: 'It came back; the clock goes on where it stood.' },
  },
});

export const IncidentLevel = valuesOf(levels);
registerEnumType(IncidentLevel, { name: 'IncidentLevel', description: 'How wide (impact), how soon (urgency).' });

export const IncidentPriority = valuesOf(priorities);
registerEnumType(IncidentPriority, {
  name: 'IncidentPriority',
  description: 'Impact x urgency; P1 is the gravest.',
});

export const IncidentEventKind = valuesOf(incidentEventKinds);
registerEnumType(IncidentEventKind, { name: 'IncidentEventKind', description: 'What happened to an incident.' });

@ObjectType({ description: 'An object that an incident concerns.' })
export class IncidentLink {
  @Attribute(() => String, 'open', 'Type, e.g. `Endpoint`, `ModelVersion`, `Monitor`, `Run`.') type!: string;
  @Attribute(() => ID, 'open', 'Its id.') id!: string;
}

@EntityType('IncidentEvent', 'One entry of the timeline of an incident; entries are never changed.')
export class IncidentEvent {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => IncidentEventKind, 'internal', 'What happened.') kind!: string;
  @Attribute(() => IncidentState, 'internal', 'State before.') fromState!: string | null;
  @Attribute(() => IncidentState, 'internal', 'State after.') toState!: string | null;
  @Attribute(() => String, 'sensitive', 'What somebody wrote.') text!: string | null;
  @Attribute(() => JSONObject, 'sensitive', 'Facts of the entry, e.g. evidence of an occurrence.') data!: Record<
    string,
    unknown
  >;
  @Attribute(() => ID, 'internal', 'Id of who did it; `platform` for the sweep of service levels.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Name of who did it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it happened; a breach bears the instant of the breach.')
  createdAt!: Date;
  @Attribute(() => String, 'internal', 'Zone of the incident.') zone!: string;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const IncidentEventConnection = connectionOf(() => IncidentEvent, 'IncidentEvent');

@EntityType('Incident', 'Something that hurts or threatens a service, from the first alarm to the close.')
export class Incident {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Alarms of one key join one open incident.') dedupKey!: string;
  @Attribute(() => String, 'internal', 'What is wrong, in one line.') title!: string;
  @Attribute(() => String, 'sensitive', 'What is wrong, at length.') description!: string;
  @Attribute(() => String, 'internal', 'Kind of incident, e.g. DRIFT, ROLLBACK, COMPLIANCE.') category!: string;
  @Attribute(() => IncidentLevel, 'internal', 'How wide the harm is.') impact!: string;
  @Attribute(() => IncidentLevel, 'internal', 'How soon it must be mended.') urgency!: string;
  @Attribute(() => IncidentPriority, 'internal', 'Impact x urgency.') priority!: string;
  @Attribute(() => IncidentState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => JSONObject, 'sensitive', 'Evidence of the latest occurrence.') evidence!: Record<string, unknown>;
  @Attribute(() => Int, 'internal', 'How often its alarm came while it was open.') occurrences!: number;
  @Attribute(() => DateTime, 'internal', 'When the alarm last came.') lastOccurredAt!: Date;
  @Attribute(() => ID, 'internal', 'Id of who works on it.') assigneeId!: string | null;
  @Attribute(() => String, 'sensitive', 'What it waits for while PENDING.') waitingFor!: string | null;
  @Attribute(() => String, 'sensitive', 'How it was resolved.') resolution!: string | null;
  @Attribute(() => String, 'internal', 'Business calendar by which its clocks count.') calendar!: string;
  @Attribute(() => DateTime, 'internal', 'Until when somebody must take it up; null while the clock stands.')
  responseDueAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When somebody took it up.') respondedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When the promised response was missed; null where it was not.')
  responseBreachedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'Until when it must be resolved; null while the clock stands.')
  resolutionDueAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When it was resolved.') resolvedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When the promised resolution was missed; null where it was not.')
  resolutionBreachedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When it was closed.') closedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Zone of what it concerns.') zone!: string;
  @Attribute(() => ID, 'internal', 'Id of who opened it.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Name of who opened it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was opened.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const IncidentConnection = connectionOf(() => Incident, 'Incident');

@InputType({ description: 'An object that an incident concerns.' })
export class IncidentLinkInput {
  @Field(() => String, { description: 'Type name of the graph, e.g. `Endpoint`.' }) type!: string;
  @Field(() => ID, { description: 'Its id.' }) id!: string;
}

@InputType({ description: 'An alarm. While an incident of its key is open, the alarm is an occurrence of that one.' })
export class OpenIncidentInput {
  @Field(() => String, { description: 'Same key, same incident while one is open, e.g. `drift:<monitor>`.' })
  dedupKey!: string;
  @Field(() => String, { description: 'What is wrong, in one line.' }) title!: string;
  @Field(() => String, { nullable: true, description: 'What is wrong, at length.' }) description?: string;
  @Field(() => IncidentLevel, { description: 'How wide the harm is.' }) impact!: string;
  @Field(() => IncidentLevel, { description: 'How soon it must be mended.' }) urgency!: string;
  @Field(() => String, { description: 'Kind in capitals, e.g. DRIFT, ROLLBACK, COMPLIANCE, SECURITY_BREACH.' })
  category!: string;
  @Field(() => String, { nullable: true, description: 'Zone of what it concerns; default that of the workspace.' })
  zone?: string;
  @Field(() => [IncidentLinkInput], { nullable: true, description: 'What it concerns.' }) links?: IncidentLinkInput[];
  @Field(() => JSONObject, { nullable: true, description: 'Facts that show it.' }) evidence?: Record<string, unknown>;
}

@InputType({ description: 'The next step of an incident.' })
export class TransitionIncidentInput {
  @Field(() => ID, { description: 'Incident.' }) incidentId!: string;
  @Field(() => IncidentState, { description: 'State to enter; see `Incident.nextStates`.' }) to!: string;
  @Field(() => String, {
    nullable: true,
    description: 'How it was resolved, what it waits for, why it is reopened: demanded for those steps.',
  })
  text?: string;
}

@InputType({ description: 'Who works on an incident.' })
export class AssignIncidentInput {
  @Field(() => ID, { description: 'Incident.' }) incidentId!: string;
  @Field(() => ID, { nullable: true, description: 'Principal of this workspace; default yourself.' })
  principalId?: string;
}

@InputType({ description: 'Another impact and urgency; the priority and its promises follow.' })
export class PrioritizeIncidentInput {
  @Field(() => ID, { description: 'Incident.' }) incidentId!: string;
  @Field(() => IncidentLevel, { description: 'How wide the harm is.' }) impact!: string;
  @Field(() => IncidentLevel, { description: 'How soon it must be mended.' }) urgency!: string;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A comment for the timeline.' })
export class CommentIncidentInput {
  @Field(() => ID, { description: 'Incident.' }) incidentId!: string;
  @Field(() => String, { description: 'What to note.' }) text!: string;
}

@InputType({ description: 'Further objects that an incident concerns.' })
export class LinkIncidentInput {
  @Field(() => ID, { description: 'Incident.' }) incidentId!: string;
  @Field(() => [IncidentLinkInput], { description: 'What else it concerns.' }) links!: IncidentLinkInput[];
}

@InputType({ description: 'Restricts a list of incidents; all that is given must hold.' })
export class IncidentFilter {
  @Field(() => [IncidentState], { nullable: true, description: 'In one of these states.' }) stateIn?: string[];
  @Field(() => [IncidentPriority], { nullable: true, description: 'Of one of these priorities.' })
  priorityIn?: string[];
  @Field(() => String, { nullable: true, description: 'Of this category.' }) category?: string;
  @Field(() => String, { nullable: true, description: 'Of this key.' }) dedupKey?: string;
  @Field(() => ID, { nullable: true, description: 'Assigned to this principal.' }) assigneeId?: string;
  @Field(() => IncidentLinkInput, { nullable: true, description: 'That concern this object.' })
  linkedTo?: IncidentLinkInput;
  @Field(() => Boolean, { nullable: true, description: 'Whether a promise was missed.' }) breached?: boolean;
  @Field(() => DateTime, { nullable: true, description: 'Opened at this instant or later.' }) createdAtSince?: Date;
}

@ObjectType({ description: 'Result of openIncident.' })
export class OpenIncidentPayload {
  @Attribute(() => Incident, 'open', 'The incident; null where its zone may not be seen.', { nullable: true })
  incident!: unknown;
  @Attribute(() => Boolean, 'open', 'False where the alarm joined an open incident.') created!: boolean;
}

@ObjectType({ description: 'Result of a change of an incident.' })
export class IncidentPayload {
  @Attribute(() => Incident, 'open', 'The incident after the change.', { nullable: true }) incident!: unknown;
}
