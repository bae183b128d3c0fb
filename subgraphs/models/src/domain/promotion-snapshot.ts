// What compliance checks see of a version that is to be promoted: lineage as the graph answers it to the caller. Absent
// facts stay absent, for a check must not pass on what is missing.
import type { Lineage } from './registration.js';

interface SourceAnswer {
  readonly name: string | null;
  readonly zone: string | null;
  readonly categories: readonly string[] | null;
}

export interface LineageAnswer {
  readonly run: { readonly id: string; readonly modelDigest: string | null } | null;
  readonly trainingSet: {
    readonly labelSource: SourceAnswer | null;
    readonly featureViews: readonly { readonly source: SourceAnswer | null }[] | null;
  } | null;
}

export const LINEAGE = /* GraphQL */ `
  query LineageToPromote($runId: ID!, $trainingSetId: ID!) {
    run(id: $runId) { id modelDigest }
    trainingSet(id: $trainingSetId) {
      labelSource { name zone categories }
      featureViews { source { name zone categories } }
    }
  }
`;

export interface SnapshotVersion {
  readonly modelName: string;
  readonly version: number;
  readonly zone: string;
  readonly digest: string;
  readonly allowedZones: readonly string[];
  readonly categories: readonly string[];
  readonly trainingSetDigest: string | null;
  readonly codeReference: string;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly evaluation: Lineage['evaluation'] | null;
}

export function promotionSnapshot(
  version: SnapshotVersion,
  lineage: LineageAnswer,
  alias: string,
  workspaceZones: readonly string[],
): Record<string, unknown> {
  const sources = [
    lineage.trainingSet?.labelSource,
    ...(lineage.trainingSet?.featureViews ?? []).map((view) => view.source),
  ];
  const baseline = version.evaluation?.baselines?.[0]?.scores ?? {};
  return {
    alias,
    targetZone: version.zone,
    workspaceZones,
    model: {
      name: version.modelName,
      version: version.version,
      digest: lineage.run?.modelDigest ?? undefined,
      registeredDigest: version.digest,
      allowedZones: version.allowedZones,
      categories: version.categories,
      dataZones: [version.zone],
      evaluation: Object.entries(version.evaluation?.scores ?? {}).flatMap(([metric, value]) =>
        value === null || typeof baseline[metric] !== 'number' ? [] : [{ metric, value, baseline: baseline[metric] }],
      ),
      lineage: {
        runId: lineage.run?.id,
        trainingSetDigest: version.trainingSetDigest ?? undefined,
        codeRef: version.codeReference,
        environment: version.environment,
      },
    },
    sources: [...new Map(sources.flatMap((source) => (source ? [[source.name, source] as const] : []))).values()],
    instruments: [],
  };
}
