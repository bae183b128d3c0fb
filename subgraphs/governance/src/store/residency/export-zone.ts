// Whether records of a workspace may be written into a zone: what leaves the database is a copy, bound as the data that it
// tells of.
import type { Database } from '@falaj/database';
import { assertResidency, assertZoneAmong, type TransferInstrument } from '@falaj/policy';
import { sql } from 'drizzle-orm';

interface Bonds {
  readonly zones: readonly string[] | null;
  readonly sources: readonly { readonly zone: string; readonly categories: readonly string[] }[];
  readonly instruments: readonly TransferInstrument[];
}

/**
 * Throws RESIDENCY_VIOLATION where the zone is none of the workspace, or the law of one of its data sources forbids it and
 * no transfer instrument in force opens it. A workspace without zones, such as the platform's own, holds no data.
 */
export async function assertExportZone(database: Database, workspaceId: string, targetZone: string): Promise<void> {
  const { zones, sources, instruments } = await bondsOf(database, workspaceId);
  if (!zones || zones.length === 0) return;
  const operation = 'export';
  assertZoneAmong({ targetZone, allowedZones: zones, ruleId: 'WORKSPACE_ZONES', operation });
  for (const { zone: dataZone, categories } of sources)
    assertResidency({ dataZone, categories, targetZone, workspaceZones: zones, operation, instruments });
}

async function bondsOf(database: Database, workspaceId: string): Promise<Bonds> {
  const { rows } = await database.asSystem((tx) =>
    tx.execute<Bonds & Record<string, unknown>>(sql`
      select
        (select to_jsonb(allowed_zones) from identity.workspace where id = ${workspaceId}) as zones,
        coalesce((select jsonb_agg(distinct jsonb_build_object('zone', zone, 'categories', categories))
          from features.data_source where workspace_id = ${workspaceId}), '[]') as sources,
        coalesce((select jsonb_agg(jsonb_build_object('id', id, 'type', type, 'dataZone', data_zone,
            'categories', categories, 'targetZones', target_zones, 'validTo', valid_to))
          from governance.transfer_instrument where workspace_id = ${workspaceId} and state = 'APPROVED'
            and valid_from <= clock_timestamp() and valid_to > clock_timestamp()), '[]') as instruments`),
  );
  return rows[0] ?? { zones: null, sources: [], instruments: [] };
}
