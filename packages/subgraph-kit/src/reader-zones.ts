// Reading from abroad is a transfer: values of regulated data are shown to those who work where the law, or an instrument
// recorded in addition to it, lets the data go. Not a rule of the policy: no role and no grant opens it.
import { decideResidency, type TransferInstrument, zonesInclude } from '@falaj/policy';
import { PlatformError, type Principal, refused } from '@falaj/runtime';
import type { GraphClient } from './graph-client.js';
import { instrumentsInForce } from './instruments.js';
import type { Origin } from './transfer-permit.js';

/** What values are of. */
export interface ReadData {
  readonly categories: readonly string[];
  /** Zones to which the law lets it go without an instrument, where that was worked out before. */
  readonly allowedZones?: readonly string[];
  /** All that it was made of, for the law of each, and for instruments; looked up only for who reads from elsewhere. */
  origins(): Promise<readonly Origin[]> | readonly Origin[];
}

/** Why a field is withheld, beside the codes of rules. */
export const READER_ABROAD = 'READER_ABROAD';

/** A revoked instrument opens nothing after this. */
const KEPT_MS = 1_000;
const LIMIT_MS = 10_000;

interface Kept {
  readonly instruments: Promise<readonly TransferInstrument[]>;
  readonly at: number;
}

export class ReaderZones {
  readonly #graph: GraphClient;
  readonly #kept = new Map<string, Kept>();

  constructor(graph: GraphClient) {
    this.#graph = graph;
  }

  /** Null where the reader may be shown the values; what is regulated by nothing costs nothing. */
  async refusal(reader: Principal, data: ReadData): Promise<PlatformError | null> {
    const { categories, allowedZones } = data;
    if (categories.every((category) => category === 'none')) return null;
    if (allowedZones && zonesInclude(allowedZones, reader.zone)) return null;
    const origins = await data.origins();
    const questions = origins.flatMap((origin) => {
      if (origin?.categories?.every((category) => category === 'none')) return [];
      return [origin?.zone && origin.categories ? { dataZone: origin.zone, categories: origin.categories } : null];
    });
    if (questions.length === 0 || questions.includes(null)) return unknownOrigin(reader, categories);
    const asked = questions.filter((question) => question !== null);
    if (reader.zone === '') return unknownReader(categories);
    const refuses = (instruments: readonly TransferInstrument[]): PlatformError | null => {
      for (const { dataZone, categories } of asked) {
        const decision = decideResidency({
          dataZone,
          categories,
          targetZone: reader.zone,
          operation: 'read',
          instruments,
        });
        if (!decision.allowed) return abroad(reader, dataZone, categories, decision);
      }
      return null;
    };
    return refuses([]) && refuses(await this.#instruments(reader));
  }

  /** Throws RESIDENCY_VIOLATION where the reader may not be shown the values. */
  async assert(reader: Principal, data: ReadData): Promise<void> {
    const refusal = await this.refusal(reader, data);
    if (refusal) throw refusal;
  }

  /** As the platform's own program: whoever reads need not be able to see what permits it. */
  #instruments({ workspaceId, zones }: Principal): Promise<readonly TransferInstrument[]> {
    const now = Date.now();
    const before = this.#kept.get(workspaceId);
    if (before && now - before.at < KEPT_MS) return before.instruments;
    const instruments = instrumentsInForce({
      platform: { graph: this.#graph },
      request: {
        principal: {
          id: 'reader-zones',
          kind: 'SERVICE',
          name: 'reader zones',
          workspaceId,
          roles: ['service'],
          zone: zones[0] ?? '',
          zones,
        },
        requestId: 'reader-zones',
        traceparent: '',
        signal: AbortSignal.timeout(LIMIT_MS),
      },
    });
    for (const [id, { at }] of this.#kept) if (now - at >= KEPT_MS) this.#kept.delete(id);
    this.#kept.set(workspaceId, { instruments, at: now });
    // A failed look-up is no knowledge: the next reader tries again.
    instruments.catch(() => this.#kept.delete(workspaceId));
    return instruments;
  }
}

const refusal = (rule: string, found: string, limit: string, whatToDo: string, details: Record<string, unknown>) =>
  refused({ rule, found, limit, whatToDo }, 'RESIDENCY_VIOLATION', { reason: READER_ABROAD, ...details });

function abroad(
  { zone }: Principal,
  dataZone: string,
  categories: readonly string[],
  { ruleId, allowedZones, source, instruments }: ReturnType<typeof decideResidency>,
): PlatformError {
  const from = `read it from ${allowedZones.join(', ') || dataZone}`;
  return refusal(
    ruleId,
    `read of ${categories.join(', ')} data of ${dataZone} by somebody who works in ${zone}`,
    `${allowedZones.join(', ')} (${source})`,
    instruments.length > 0 ? `${from}, or have one of these recorded: ${instruments.join(', ')}` : from,
    { dataZone, categories, targetZone: zone, allowedZones },
  );
}

const unknownOrigin = ({ zone }: Principal, categories: readonly string[]): PlatformError =>
  refusal(
    'UNKNOWN_ORIGIN',
    `read of ${categories.join(', ')} data, not all of whose sources are known here, by somebody who works in ${zone || 'an unknown zone'}`,
    'a zone that the law of every source allows',
    'read it from a zone among allowedZones',
    { categories, targetZone: zone },
  );

const unknownReader = (categories: readonly string[]): PlatformError =>
  refusal(
    'UNKNOWN_READER_ZONE',
    `read of ${categories.join(', ')} data by somebody of whom no zone is recorded`,
    'a reader whose zone is known',
    'have the zone of the principal recorded',
    { categories },
  );
