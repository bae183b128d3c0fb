// The sample's flights as traffic: each asks its endpoint when it is due to leave, and is answered for later.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { MaterializeFeatureViewDocument } from '@falaj/client';
import { type Journey, need } from './journey.js';

/** Requests under way at a time. */
const CONCURRENT = 16;

export interface Flight {
  /** Scheduled departure, `2001/02/01 06:30`, read as UTC. */
  readonly date: string;
  /** Minutes after it. */
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

export interface Answered {
  readonly flight: Flight;
  /** Scheduled time and route: they stand for a flight's number. */
  readonly subject: string;
  readonly inferenceId: string;
  readonly variant: string;
  readonly score: number;
}

/** A file of the package that holds the sample; the package exports its script only: its files are found beside it. */
export function sampleFile(name: string): string {
  const [before = ''] = createRequire(import.meta.url)
    .resolve('vega-datasets')
    .split(`vega-datasets${sep}`);
  return join(before, 'vega-datasets', 'data', name);
}

/** Flights due from one day up to another, in the order of the sample, which is that of time. */
export function flightsBetween(from: string, to: string): Flight[] {
  const all = JSON.parse(readFileSync(sampleFile('flights-20k.json'), 'utf8')) as Flight[];
  return all.filter(({ date }) => date >= from && date < to);
}

export const isLate = ({ delay }: Flight): boolean => delay > 15;

const dueAt = ({ date }: Flight): Date => new Date(`${date.replaceAll('/', '-').replace(' ', 'T')}:00.000Z`);

/**
 * The flights day by day, each day with the features as of its midnight, until `ask` says DONE; how many days. Online
 * features go forward in time only.
 */
export async function replayDays(
  journey: Journey,
  flights: readonly Flight[],
  ask: (flights: readonly Flight[]) => Promise<'DONE' | 'ON'>,
): Promise<number> {
  const days = Map.groupBy(flights, ({ date }) => date.slice(0, 10));
  let asked = 0;
  for (const [day, ofDay] of days) {
    journey.progress(day);
    const asOf = `${day.replaceAll('/', '-')}T00:00:00.000Z`;
    for (const featureViewId of need(journey.ids, 'featureViews'))
      await need(journey.actors, 'engineer').client.data(MaterializeFeatureViewDocument, {
        input: { featureViewId, asOf },
      });
    asked++;
    if ((await ask(ofDay)) === 'DONE') break;
  }
  return asked;
}

/** One request per flight by the Open Inference Protocol; `shiftHours` is the fault of a client with a wrong clock. */
export async function predictEach(
  journey: Journey,
  endpoint: string,
  flights: readonly Flight[],
  { shiftHours = 0 }: { readonly shiftHours?: number } = {},
): Promise<Answered[]> {
  const answers: Answered[] = [];
  const waiting = flights.entries();
  const work = async (): Promise<void> => {
    for (const [place, flight] of waiting)
      answers[place] = await predictOne(
        journey,
        endpoint,
        flight,
        new Date(dueAt(flight).getTime() + shiftHours * 3_600_000),
      );
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  return answers;
}

async function predictOne(journey: Journey, endpoint: string, flight: Flight, at: Date): Promise<Answered> {
  const subject = `${flight.date} ${flight.origin}-${flight.destination}`;
  const column = (name: string, value: string) => ({ name, datatype: 'BYTES', shape: [1], data: [value] });
  const response = await fetch(new URL(`/v2/models/${endpoint}/infer`, journey.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${need(journey.actors, 'approver').token}`,
      'x-falaj-workspace': need(journey.ids, 'workspaceId'),
    },
    body: JSON.stringify({
      parameters: { subject },
      inputs: [
        column('origin', flight.origin),
        column('destination', flight.destination),
        column('event_time', at.toISOString()),
      ],
    }),
  });
  const body = (await response.json()) as {
    readonly error?: string;
    readonly parameters?: { readonly inference_id?: string; readonly variant?: string };
    readonly outputs?: readonly { readonly data: readonly number[] }[];
  };
  if (!response.ok) throw new Error(`${endpoint} answered ${response.status}: ${body.error}`);
  return {
    flight,
    subject,
    inferenceId: body.parameters?.inference_id ?? '',
    variant: body.parameters?.variant ?? '',
    score: body.outputs?.[0]?.data[0] ?? Number.NaN,
  };
}
