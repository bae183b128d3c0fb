import { mkdirSync, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type {
  BuiltFeatureView,
  FeatureType,
  FeatureValue,
  OfflineStoreV1,
  OnlineRow,
  PluginHost,
} from '@falaj/plugin-sdk';
import { openDuckDatabase } from './database.js';
import { erasedSql } from './erased-subjects.js';
import { stored, viewColumns } from './feature-rows.js';
import { SealedFiles } from './sealed-files.js';
import { columnsOf, reader, requireColumns, Sources } from './source.js';
import { literal, name } from './sql-text.js';
import { buildTrainingSet, readTrainingSet, redactTrainingSet } from './training-set.js';
import { ViewCache } from './view-cache.js';

export interface OfflineStoreConfig {
  readonly folders: readonly string[];
  readonly memoryLimit: string;
  readonly threads: number;
  readonly maxSourceBytes: number;
}

export async function openOfflineStore(config: OfflineStoreConfig, host: PluginHost): Promise<OfflineStoreV1> {
  const folder = (part: string): string => {
    const path = join(host.directory, part);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return realpathSync(path);
  };
  // The plugin's own folder stands in `plugins/` of the data directory.
  const dataDirectory = join(host.directory, '..', '..');
  const folders = config.folders.map((path) => {
    const absolute = isAbsolute(path) ? path : join(dataDirectory, path);
    mkdirSync(absolute, { recursive: true });
    return realpathSync(absolute);
  });
  const built = folder('views');
  const work = folder('work');
  const database = await openDuckDatabase({ ...config, folders: [...folders, built, work], spill: folder('spill') });
  const sources = new Sources(folders, config.maxSourceBytes);
  const sealed = new SealedFiles(built, work);
  await sealed.sweep();
  const views = new ViewCache(built, sources, sealed);

  return {
    describeSource: ({ source }, call) =>
      database.use(call, async (session) => {
        const file = await sources.open(source);
        const columns = await columnsOf(session, file);
        const [counted] = await session.rows<{ rows: number }>(`select count(*) as rows from ${reader(file)}`);
        return { columns, rows: counted?.rows ?? 0, digest: file.digest, bytes: file.bytes };
      }),

    previewSource: ({ source, columns, limit, offset, without }, call) =>
      database.use(call, async (session) => {
        const file = await sources.open(source);
        requireColumns(file, await columnsOf(session, file), [...columns, ...(without?.columns ?? [])]);
        if (columns.length === 0) return [];
        const gone = erasedSql((without?.columns ?? []).map(name), without?.erased);
        const shown = columns.map((column, place) => `${name(column)}::varchar as c${place}`).join(', ');
        const rows = await session.rows<Record<string, string | null>>(
          `select ${shown} from ${reader(file)} ${gone === null ? '' : `where not (${gone})`} limit ${literal(Math.max(0, Math.trunc(limit)))} offset ${literal(Math.max(0, Math.trunc(offset)))}`,
        );
        return rows.map((row) => columns.map((_, place) => row[`c${place}`] ?? null));
      }),

    buildFeatureView: ({ spec, erased }, call) =>
      database.use(call, async (session): Promise<BuiltFeatureView> => {
        const view = await views.open(session, spec, erased);
        const rows = `read_parquet(${literal(view.path)})`;
        const columns = viewColumns(spec);
        const [facts] = await session.rows<Record<string, number | null>>(
          `select count(*) as rows, count(distinct key) as keys, min(e) // 1000 as first, max(e) // 1000 as last from ${rows}`,
        );
        const statistics = [];
        for (const column of columns) {
          const numeric = column.type === 'FLOAT64' || column.type === 'INT64';
          const value = numeric ? `${stored(column.name)}::double` : 'null::double';
          const [row] = await session.rows<Record<string, number | null>>(
            `select count(${stored(column.name)}) as found, count(*) - count(${stored(column.name)}) as nulls, avg(${value}) as mean, min(${value}) as least, max(${value}) as most from ${rows}`,
          );
          statistics.push({
            feature: column.name,
            count: row?.found ?? 0,
            nulls: row?.nulls ?? 0,
            mean: row?.mean ?? null,
            min: row?.least ?? null,
            max: row?.most ?? null,
          });
        }
        return {
          rows: facts?.rows ?? 0,
          keys: facts?.keys ?? 0,
          columns,
          digest: view.digest,
          firstEventTime: facts?.first ?? null,
          lastEventTime: facts?.last ?? null,
          statistics,
        };
      }),

    latestRows: ({ spec, asOf, afterKey, limit, erased }, call) =>
      database.use(call, async (session): Promise<OnlineRow[]> => {
        const view = await views.open(session, spec, erased);
        const columns = viewColumns(spec);
        const at = `${literal(Math.trunc(asOf) * 1000)}::bigint`;
        const fresh = spec.ttlSeconds === null ? '' : `and e >= ${at} - ${literal(spec.ttlSeconds * 1e6)}::bigint`;
        const values = columns.map((column, place) => `${onlineSql(column.name, column.type)} as v${place}`).join(', ');
        const rows = await session.rows<Record<string, FeatureValue>>(
          `select key, e // 1000 as event_time, ${values}
           from (select * from read_parquet(${literal(view.path)}) where a <= ${at} qualify row_number() over (partition by key order by a desc) = 1)
           where true ${fresh} ${afterKey === null ? '' : `and key > ${literal(afterKey)}`}
           order by key limit ${literal(Math.max(1, Math.trunc(limit)))}`,
        );
        return rows.map((row) => ({
          key: String(row.key),
          eventTime: Number(row.event_time),
          values: columns.map((_, place) => row[`v${place}`] ?? null),
        }));
      }),

    buildTrainingSet: ({ spec, erased }, call) =>
      database.use(call, (session) => buildTrainingSet(session, spec, sources, views, work, erased)),

    redactTrainingSet: (args, call) => database.use(call, (session) => redactTrainingSet(session, args, work)),

    readTrainingSet: ({ data, columns }, call) =>
      database.use(call, (session) => readTrainingSet(session, data, columns, work)),

    health: (call) =>
      database.use(call, async (session) => {
        await session.rows('select 1 as ok');
        return { ok: true, detail: `${folders.length} source folders` };
      }),

    close: async () => {
      database.close();
      await sealed.close();
    },
  };
}

/** A value as the online store takes it: TIMESTAMP as epoch milliseconds. */
function onlineSql(column: string, type: FeatureType): string {
  return type === 'TIMESTAMP' ? `epoch_ms(${stored(column)})` : stored(column);
}
