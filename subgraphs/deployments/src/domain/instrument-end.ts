// What happens to a placement abroad once what permitted it has ended.

export const onInstrumentEnd = ['DRAIN', 'INCIDENT'] as const;
export type OnInstrumentEnd = (typeof onInstrumentEnd)[number];

export const permitEnds = ['EXPIRED', 'REVOKED'] as const;
export type PermitEnd = (typeof permitEnds)[number];

/** An incident is opened in either case, and nothing new begins to serve. */
export interface PlacementPolicy {
  /** `DRAIN`: what serves stops after the grace; `INCIDENT`: it goes on until people decide. */
  readonly onInstrumentEnd: OnInstrumentEnd;
  /** Minutes from the end until what serves stops. */
  readonly graceMinutes: number;
}

/** Processing abroad has no ground any more: an hour to move the traffic home, then it stops. */
export const defaultPlacementPolicy: PlacementPolicy = { onInstrumentEnd: 'DRAIN', graceMinutes: 60 };

/** When a placement whose permit ended then stops; null where people decide. */
export const drainsAt = (policy: PlacementPolicy, endedAt: Date): Date | null =>
  policy.onInstrumentEnd === 'DRAIN' ? new Date(endedAt.getTime() + policy.graceMinutes * 60_000) : null;
