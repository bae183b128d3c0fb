// The life of an incident, as data: which state may follow which, what the step demands, and when the clock runs.
import { refused } from '@falaj/runtime';

export const incidentStates = ['NEW', 'ASSIGNED', 'IN_PROGRESS', 'PENDING', 'RESOLVED', 'CLOSED', 'REOPENED'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** What a step needs besides its name: an assignee on record, or a text. */
type Demand = 'ASSIGNEE' | 'TEXT';

interface Transition {
  readonly from: IncidentState;
  readonly to: IncidentState;
  readonly demands: readonly Demand[];
}

const step = (from: IncidentState, to: IncidentState, ...demands: Demand[]): Transition => ({ from, to, demands });

export const transitions: readonly Transition[] = [
  step('NEW', 'ASSIGNED', 'ASSIGNEE'),
  step('NEW', 'IN_PROGRESS', 'ASSIGNEE'),
  step('NEW', 'RESOLVED', 'TEXT'),
  step('ASSIGNED', 'IN_PROGRESS', 'ASSIGNEE'),
  step('ASSIGNED', 'PENDING', 'TEXT'),
  step('ASSIGNED', 'RESOLVED', 'TEXT'),
  step('IN_PROGRESS', 'ASSIGNED', 'ASSIGNEE'),
  step('IN_PROGRESS', 'PENDING', 'TEXT'),
  step('IN_PROGRESS', 'RESOLVED', 'TEXT'),
  step('PENDING', 'IN_PROGRESS', 'ASSIGNEE'),
  step('PENDING', 'RESOLVED', 'TEXT'),
  step('RESOLVED', 'CLOSED'),
  step('RESOLVED', 'REOPENED', 'TEXT'),
  step('CLOSED', 'REOPENED', 'TEXT'),
  step('REOPENED', 'ASSIGNED', 'ASSIGNEE'),
  step('REOPENED', 'IN_PROGRESS', 'ASSIGNEE'),
  step('REOPENED', 'RESOLVED', 'TEXT'),
];

/** States in which the clock of the resolution runs. */
const RUNNING: ReadonlySet<IncidentState> = new Set(['NEW', 'ASSIGNED', 'IN_PROGRESS', 'REOPENED']);
export const clockRuns = (state: IncidentState): boolean => RUNNING.has(state);

/** States in which the incident counts as open: a second alarm of its key joins it. */
export const openStates: readonly IncidentState[] = ['NEW', 'ASSIGNED', 'IN_PROGRESS', 'PENDING', 'REOPENED'];
export const isOpen = (state: IncidentState): boolean => openStates.includes(state);

/** Days for which a closed incident may be reopened. */
export const REOPEN_DAYS = 7;
const DAY_MS = 86_400_000;

export const nextStates = (from: IncidentState): IncidentState[] =>
  transitions.filter((each) => each.from === from).map(({ to }) => to);

export interface TransitionRequest {
  readonly from: IncidentState;
  readonly to: IncidentState;
  readonly assigneeId: string | null;
  /** Reason of a wait or a reopening, or the resolution. */
  readonly text: string | null;
  readonly closedAt: Date | null;
  readonly now: Date;
}

/** Throws PRECONDITION_FAILED that names the rule, what was found, the limit and what to do. */
export function assertTransition({ from, to, assigneeId, text, closedAt, now }: TransitionRequest): void {
  const transition = transitions.find((each) => each.from === from && each.to === to);
  if (!transition) {
    throw refused({
      rule: 'INCIDENT_TRANSITION',
      found: `${from} to ${to}`,
      limit: `from ${from} to one of ${nextStates(from).join(', ')}`,
      whatToDo: `take one of those steps first`,
    });
  }
  if (transition.demands.includes('ASSIGNEE') && !assigneeId) {
    throw refused({
      rule: 'INCIDENT_ASSIGNEE',
      found: 'nobody assigned',
      limit: `one assignee before ${to}`,
      whatToDo: 'call assignIncident first',
    });
  }
  if (transition.demands.includes('TEXT') && !text) {
    throw refused({
      rule: 'INCIDENT_TEXT',
      found: 'no text',
      limit: `a text for ${to}`,
      whatToDo: `give \`text\`: ${to === 'RESOLVED' ? 'how it was resolved' : 'the reason'}`,
    });
  }
  if (from === 'CLOSED' && closedAt && now.getTime() - closedAt.getTime() > REOPEN_DAYS * DAY_MS) {
    throw refused({
      rule: 'INCIDENT_REOPEN_PERIOD',
      found: `closed at ${closedAt.toISOString()}`,
      limit: `${REOPEN_DAYS} days after it was closed`,
      whatToDo: 'open a new incident and link this one',
    });
  }
}
