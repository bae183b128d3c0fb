// Waivers of compliance checks live in governance; whoever judges a gate asks for those in force.
import type { SubgraphContext } from './context.js';

/** Leave to go on although a compliance check does not hold; asked for, granted by another and ended in governance. */
export interface ComplianceWaiver {
  readonly id: string;
  readonly checkId: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

const WAIVERS = /* GraphQL */ `
  query WaiversInForce($after: String) {
    complianceWaivers(first: 500, after: $after, filter: { state: APPROVED }) {
      edges { node { id checkId subjectType subjectId reason expiresAt maskedFields } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

const DECISIVE: ReadonlySet<string> = new Set(['checkId', 'subjectType', 'subjectId', 'state', 'expiresAt']);

interface Node extends Partial<ComplianceWaiver> {
  readonly id: string;
  readonly subjectType?: string | null;
  readonly subjectId?: string | null;
  readonly maskedFields: readonly string[];
}

interface Answer {
  readonly complianceWaivers: {
    readonly edges: readonly { readonly node: Node }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/**
 * By check: approved, not expired, of everything or of this object, as far as the caller may see. One whose deciding
 * fields are masked waives nothing.
 */
export async function waiversInForce(
  { platform, request }: Pick<SubgraphContext, 'platform' | 'request'>,
  subject: { readonly type: 'ModelVersion' | 'Endpoint'; readonly id: string },
): Promise<ReadonlyMap<string, ComplianceWaiver>> {
  const found = new Map<string, ComplianceWaiver>();
  for (let after: string | null = null; ; ) {
    const answer: Answer = await platform.graph.query(WAIVERS, { after }, request);
    const { edges, pageInfo } = answer.complianceWaivers;
    for (const { node } of edges) {
      const { id, checkId, reason, expiresAt, subjectType, subjectId } = node;
      // Without a subject it is of everything; one that is masked looks the same.
      const covers = subjectType ? subjectType === subject.type && subjectId === subject.id : true;
      if (node.maskedFields.some((field) => DECISIVE.has(field)) || !covers) continue;
      if (checkId && expiresAt && Date.parse(expiresAt) > Date.now())
        found.set(checkId, { id, checkId, expiresAt, reason: reason ?? '' });
    }
    if (!pageInfo.hasNextPage || !pageInfo.endCursor) return found;
    after = pageInfo.endCursor;
  }
}
