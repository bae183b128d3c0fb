import { CreateMonitorDocument, EvaluateMonitorDocument, IncidentByIdDocument } from '@falaj/client';
import { type Flight, flightsBetween, predictEach, replayDays } from '../flight-replay.js';
import { type Journey, need, type Stage } from '../journey.js';
import { ENDPOINT } from './pipeline.js';

/** Flights of a window, and windows of the wrong clock after which the alarm must have come. */
const WINDOW = 500;
const WRONG_WINDOWS = 3;
const WRONG_BY_HOURS = 8;

/** A planted fault: from one day on a client sends local times as UTC. The monitor notices, and one incident opens. */
export const shift: Stage = {
  title: 'planted shift',
  async run(journey) {
    const scientist = need(journey.actors, 'scientist').client;
    const { createMonitor } = await scientist.data(CreateMonitorDocument, {
      input: {
        endpointId: need(journey.ids, 'replayEndpointId'),
        name: 'requests',
        // The delays of the last hours change from day to day: what is asked for does not.
        features: ['hour', 'route_profile__distance'],
        referenceFrom: need(journey.ids, 'replayFrom'),
        referenceTo: need(journey.ids, 'replayTo'),
        windowRows: WINDOW,
      },
    });
    const monitorId = need(createMonitor, 'monitor').id;
    const flights = flightsBetween('2001/03/08', '2001/03/31').slice(0, WINDOW * (1 + WRONG_WINDOWS));
    const right = await nextWindow(journey, monitorId, flights.slice(0, WINDOW), 0);
    if (right.verdict !== 'OK') throw new Error(`Before the fault the monitor says ${right.verdict}: ${right.reason}`);
    let wrong = 0;
    let last = right;
    while (last.verdict !== 'ALARM') {
      if (++wrong > WRONG_WINDOWS) throw new Error(`${WRONG_WINDOWS} windows of a wrong clock made no alarm.`);
      last = await nextWindow(journey, monitorId, flights.slice(wrong * WINDOW, (wrong + 1) * WINDOW), WRONG_BY_HOURS);
    }
    const { incident } = await scientist.data(IncidentByIdDocument, { id: last.incidentId });
    return (
      `OK on right times; ALARM on ${last.alarmed} after ${wrong} windows of ${WINDOW} flights; ` +
      `incident ${incident?.priority} ${incident?.state} "${incident?.title}", linked to ${incident?.links?.map(({ type }) => type).join(', ')}`
    );
  },
};

async function nextWindow(journey: Journey, monitorId: string, flights: readonly Flight[], shiftHours: number) {
  await replayDays(journey, flights, async (ofDay) => {
    await predictEach(journey, ENDPOINT, ofDay, { shiftHours });
    return 'ON';
  });
  const { evaluateMonitor } = await need(journey.actors, 'scientist').client.data(EvaluateMonitorDocument, {
    id: monitorId,
  });
  // By its newest window: the platform judges by itself too, and may have been quicker.
  const window = evaluateMonitor.monitor?.windows?.edges?.[0]?.node;
  return {
    verdict: window?.verdict,
    reason: window?.reason,
    alarmed: window?.alarmed?.join(', '),
    incidentId: evaluateMonitor.monitor?.incidentId ?? '',
  };
}
