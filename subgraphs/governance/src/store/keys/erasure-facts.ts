// What the rest of the graph does and knows of an erasure.

import type { GovernanceContext } from '../../schema/context.js';
import { systemPrincipal } from '../compliance/graph-facts.js';
import type { AffectedModel } from './tables.js';

const ERASE = /* GraphQL */ `
  mutation EraseInferenceSubject($input: EraseInferenceSubjectInput!) {
    eraseInferenceSubject(input: $input) { keyDestroyed records studyRows }
  }
`;
const VERSIONS = /* GraphQL */ `
  query VersionsOfPersonalData($after: String) {
    modelVersions(first: 200, after: $after) {
      edges { node { id modelName version categories } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

interface Erased {
  readonly keyDestroyed: boolean;
  readonly records: number;
  readonly studyRows: number;
}

interface Versions {
  readonly modelVersions: {
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly modelName: string | null;
        readonly version: number | null;
        readonly categories: readonly string[] | null;
      };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** Erases zone by zone, as the caller. What was done stays done where a later zone fails: ask again. */
export async function eraseEverywhere(context: GovernanceContext, subject: string, erasureId: string) {
  const sum = { keysDestroyed: 0, records: 0, studyRows: 0 };
  for (const zone of context.principal.zones) {
    const { eraseInferenceSubject: erased } = await context.platform.graph.query<{ eraseInferenceSubject: Erased }>(
      ERASE,
      { input: { subject, zone, erasureId } },
      context.request,
    );
    sum.keysDestroyed += erased.keyDestroyed ? 1 : 0;
    sum.records += erased.records;
    sum.studyRows += erased.studyRows;
  }
  return sum;
}

/** Every version that learned from other than harmless data. Unreadable categories count as personal. */
export async function modelsOfPersonalData(context: GovernanceContext): Promise<AffectedModel[]> {
  const request = { ...context.request, principal: systemPrincipal(context, context.principal.zones) };
  const found: AffectedModel[] = [];
  for (let after: string | null = null; ; ) {
    const { modelVersions }: Versions = await context.platform.graph.query<Versions>(VERSIONS, { after }, request);
    for (const { node } of modelVersions.edges) {
      const categories = node.categories ?? ['unknown'];
      if (categories.every((category) => category === 'none')) continue;
      found.push({ id: node.id, name: node.modelName ?? '', version: node.version ?? 0, categories });
    }
    if (!modelVersions.pageInfo.hasNextPage) return found;
    after = modelVersions.pageInfo.endCursor;
  }
}
