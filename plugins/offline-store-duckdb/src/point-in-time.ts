// The join: for each entity row at T the row of the view that was known at T, as one lookup per row.
import type { TrainingView } from '@falaj/plugin-sdk';
import { keySql, stored } from './feature-rows.js';
import { literal, name } from './sql-text.js';

/**
 * SQL of a table `("#rid", <columns>)` of the entity rows of `spine("#rid", "#t", …)` that have an answer, to be joined to all from
 * the left. A null key or time has none: an ASOF join takes a null time for the latest of all, so it never gets there.
 * Features are null where the value is older than the view's TTL.
 *
 * Two phases: an ASOF join on the key's number and available time alone picks the row's number, a hash join fetches its columns. The
 * TTL is applied after the join: inside it, it would hide an older row that must not be used either.
 */
export function pointInTimeSql(view: TrainingView, path: string, spine: string): string {
  const rows = `read_parquet(${literal(path)})`;
  const { ttlSeconds } = view.spec;
  const fresh = ttlSeconds === null ? null : `p.t - f.e <= ${literal(ttlSeconds * 1e6)}::bigint`;
  const columns = view.features.map(({ feature, column }) => {
    const value = `f.${stored(feature)}`;
    return `${fresh ? `case when ${fresh} then ${value} end` : value} as ${name(column)}`;
  });
  return `
    with entity as (select "#rid" as rid, "#t" as t, ${keySql(view.keys)} as key from ${spine}),
    keys as (select key, any_value(kid) as kid from ${rows} group by key),
    asked as (select rid, t, kid from entity join keys using (key) where t is not null),
    picked as (
      select asked.rid, asked.t, v.i
      from asked asof join (select kid, a, i from ${rows}) v on asked.kid = v.kid and asked.t >= v.a
    )
    select p.rid as "#rid", ${columns.join(', ')} from picked p join ${rows} f on f.i = p.i`;
}
