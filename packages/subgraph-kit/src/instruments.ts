// Transfer instruments live in governance; whoever places data asks for those in force, and only where the law alone refuses.
import { assertResidency, type ResidencyQuestion, type TransferInstrument } from '@falaj/policy';
import { isPlatformError } from '@falaj/runtime';
import type { Platform, RequestContext } from './platform.js';

const INSTRUMENTS = /* GraphQL */ `
  query InstrumentsInForce($after: String) {
    transferInstruments(first: 500, after: $after, filter: { state: APPROVED }) {
      edges { node { id type dataZone categories targetZones validFrom validTo } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

type Node = { readonly [K in keyof TransferInstrument | 'validFrom']: unknown } & { readonly id: string };

interface Asking {
  readonly platform: Pick<Platform, 'graph'>;
  readonly request: RequestContext;
}

interface Answer {
  readonly transferInstruments: {
    readonly edges: readonly { readonly node: Node }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** Approved, begun and not ended, as far as the caller may see. One with a masked field permits nothing. */
export async function instrumentsInForce({ platform, request }: Asking): Promise<TransferInstrument[]> {
  const found: TransferInstrument[] = [];
  const now = Date.now();
  for (let after: string | null = null; ; ) {
    const answer: Answer = await platform.graph.query(INSTRUMENTS, { after }, request);
    const { edges, pageInfo } = answer.transferInstruments;
    for (const { node } of edges) {
      if (Object.values(node).includes(null)) continue;
      const { validFrom, ...instrument } = node as unknown as TransferInstrument & { readonly validFrom: string };
      if (Date.parse(validFrom) <= now && now < Date.parse(instrument.validTo)) found.push(instrument);
    }
    if (!pageInfo.hasNextPage || !pageInfo.endCursor) return found;
    after = pageInfo.endCursor;
  }
}

/**
 * The law first, then what is recorded in addition to it. Answers the instruments that the placement rests on, none where
 * the law allows it by itself. Throws RESIDENCY_VIOLATION.
 */
export async function assertTransfers(
  context: Asking,
  questions: readonly ResidencyQuestion[],
): Promise<readonly TransferInstrument[]> {
  try {
    for (const question of questions) assertResidency(question);
    return [];
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'RESIDENCY_VIOLATION') throw error;
  }
  const instruments = await instrumentsInForce(context);
  const relied = questions.flatMap((question) => assertResidency({ ...question, instruments }).reliesOn);
  return [...new Map(relied.map((instrument) => [instrument.id, instrument])).values()];
}
