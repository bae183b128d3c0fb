// The join: for each entity row at T the row of the view that was known at T, as one lookup per row.
import type { TrainingView } from '@falaj/plugin-sdk';
import { keySql } from './feature-rows.js';
import { literal, name } from './sql-text.js';

/**
 * SQL of a table `(rid, <columns>)` with one row per entity row of `spine(rid, t, …)`; features are null where nothing
 * was known, where the key or the time is null, or where the value is older than the view's TTL.
 *
 * Two phases: an ASOF join on key and available time alone picks the row's number, a hash join fetches its columns. The
 * TTL is applied after the join: inside it, it would hide an older row that must not be used either.
 */
export function pointInTimeSql(view: TrainingView, path: string, spine: string): string {
  const rows = `read_parquet(${literal(path)})`;
  const { ttlSeconds } = view.spec;
  const fresh = ttlSeconds === null ? null : `p.t - f.e <= ${literal(ttlSeconds * 1e6)}::bigint`;
  const columns = view.features.map(({ feature, column }) => {
    const value = `f.${name(feature)}`;
    return `${fresh ? `case when ${fresh} then ${value} end` : value} as ${name(column)}`;
  });
  return `
    with entity as (select rid, t, ${keySql(view.keys)} as key from ${spine}),
    picked as (
      select entity.rid, entity.t, v.i
      from entity asof left join (select key, a, i from ${rows}) v on entity.key = v.key and entity.t >= v.a
    )
    select p.rid, ${columns.join(', ')} from picked p left join ${rows} f on f.i = p.i`;
}
