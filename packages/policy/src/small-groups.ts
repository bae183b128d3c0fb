// A figure over few persons tells of each of them: small groups are withheld, as statistics offices do (Hundepool et al.,
// Statistical Disclosure Control, 2012, minimum frequency rule).

/** Distinct subjects that a figure must be made of to be shown to who may not see the values themselves. */
export const SMALLEST_GROUP = 5;
/** Reason that callers are shown where a figure is withheld for that. */
export const SMALL_GROUP = 'SMALL_GROUP';
