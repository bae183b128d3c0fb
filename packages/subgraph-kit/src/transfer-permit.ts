// What is placed where the law alone does not let it be: by transfer instruments for everything that it was made of, until
// the first of them ends.
import type { TransferInstrument } from '@falaj/policy';
import { isPlatformError, type PlatformError, refused } from '@falaj/runtime';
import type { SubgraphContext } from './context.js';
import { assertTransfers } from './instruments.js';

/** What a placement rests on that the law alone would not allow. */
export interface TransferPermit {
  /** Ids of transfer instruments. */
  readonly instruments: readonly string[];
  /** ISO 8601: when the first of them ends. */
  readonly validTo: string;
}

/** A part of what something was made of; null where the caller may not see it. */
export type Origin = { readonly zone: string | null; readonly categories: readonly string[] | null } | null;

export interface Transfer {
  readonly origins: readonly Origin[];
  readonly targetZone: string;
  /** For the message, e.g. `train`. */
  readonly operation: string;
  /** Throws RESIDENCY_VIOLATION where the law alone refuses. */
  lawful(): void;
}

/**
 * By law, which answers null, or by instruments in force that open the zone to every origin: what the caller may not see
 * could be under a stricter law and counts as not covered. Throws RESIDENCY_VIOLATION.
 */
export async function permitTransfer(
  context: Pick<SubgraphContext, 'platform' | 'request' | 'principal'>,
  { origins, targetZone, operation, lawful }: Transfer,
): Promise<{ readonly permit: TransferPermit; readonly instruments: readonly TransferInstrument[] } | null> {
  try {
    lawful();
    return null;
  } catch (error) {
    const known = origins.flatMap((origin) =>
      origin?.zone && origin.categories ? [{ dataZone: origin.zone, categories: origin.categories }] : [],
    );
    if (!isPlatformError(error) || error.code !== 'RESIDENCY_VIOLATION' || known.length < origins.length) throw error;
    const question = { targetZone, workspaceZones: context.principal.zones, operation };
    const instruments = await assertTransfers(
      context,
      known.map((origin) => ({ ...origin, ...question })),
    );
    const permit = jointPermit(
      instruments.map(({ id, validTo }) => ({ instruments: [id], validTo: new Date(validTo).toISOString() })),
    );
    if (!permit) throw error;
    return { permit, instruments };
  }
}

/** What several permits together come to; null where there are none. */
export function jointPermit(permits: readonly TransferPermit[]): TransferPermit | null {
  const [first] = permits.map(({ validTo }) => validTo).sort((a, b) => Date.parse(a) - Date.parse(b));
  if (first === undefined) return null;
  return { instruments: [...new Set(permits.flatMap(({ instruments }) => instruments))], validTo: first };
}

/** Columns `transfer_instruments` and `permitted_until` of what was placed. */
export const permitColumns = (permit: TransferPermit | null | undefined) => ({
  transferInstruments: [...(permit?.instruments ?? [])],
  permittedUntil: permit ? new Date(permit.validTo) : null,
});

/** Throws RESIDENCY_VIOLATION where what was placed rests on something that has ended by its recorded time. */
export function assertPermitInForce(
  what: string,
  {
    transferInstruments,
    permittedUntil,
  }: { readonly transferInstruments: readonly string[]; readonly permittedUntil: Date | null },
): void {
  if (permittedUntil && permittedUntil.getTime() <= Date.now())
    throw instrumentEnded(what, transferInstruments, `until ${permittedUntil.toISOString()}`);
}

/** What a caller is told of a placement that nothing permits any more. */
export const instrumentEnded = (what: string, instruments: readonly string[], end: string): PlatformError =>
  refused(
    {
      rule: 'INSTRUMENT_ENDED',
      found: `${what}, placed by ${instruments.join(', ')}, ${end}`,
      limit: 'a transfer instrument in force',
      whatToDo: 'record the instrument that follows it and do it anew',
    },
    'RESIDENCY_VIOLATION',
    { instruments },
  );
