import type { Instrument } from './snapshot.js';

const DAY_MS = 86_400_000;
/** How long before its end an instrument should be renewed. */
export const RENEWAL_DAYS = 30;

/** A date without a time ends with its day in the Emirates. */
const endOf = ({ validTo }: Instrument): number =>
  Date.parse(validTo.length === 10 ? `${validTo}T23:59:59.999+04:00` : validTo);

/** Judged at the snapshot's own time, so that a verdict can be replayed. */
export const isValid = (instrument: Instrument, at: string): boolean => endOf(instrument) >= Date.parse(at);

export const endsSoon = (instrument: Instrument, at: string): boolean =>
  endOf(instrument) - Date.parse(at) < RENEWAL_DAYS * DAY_MS;
