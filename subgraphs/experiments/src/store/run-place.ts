// Where a run may read its training sets: by the law that they carry, or by instruments for all that they were made of.
import { assertResidency, assertZoneAmong } from '@falaj/policy';
import {
  jointPermit,
  type Origin,
  permitTransfer,
  type SubgraphContext,
  type TransferPermit,
} from '@falaj/subgraph-kit';

/** What a run asks of a training set to be placed; its sources are what instruments are for. */
export interface PlacedSet {
  readonly zone: string;
  readonly categories: readonly string[];
  readonly allowedZones: readonly string[];
  readonly labelSource: Origin;
  readonly featureViews: readonly { readonly source: Origin }[] | null;
}

/** Answers null where the law of all sets allows the zone. Throws RESIDENCY_VIOLATION. */
export async function permitRun(
  context: Pick<SubgraphContext, 'platform' | 'request' | 'principal'>,
  sets: readonly PlacedSet[],
  targetZone: string,
): Promise<TransferPermit | null> {
  const operation = 'train';
  const permits: TransferPermit[] = [];
  for (const { zone, categories, allowedZones, labelSource, featureViews } of sets) {
    const permitted = await permitTransfer(context, {
      origins: [labelSource, ...(featureViews ?? [null]).map((view) => view?.source ?? null)],
      targetZone,
      operation,
      lawful() {
        assertResidency({ dataZone: zone, categories, targetZone, workspaceZones: allowedZones, operation });
        assertZoneAmong({ targetZone, allowedZones, ruleId: 'INHERITED_ZONES', operation });
      },
    });
    if (permitted) permits.push(permitted.permit);
  }
  return jointPermit(permits);
}
