import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BuiltTrainingSet,
  type ColumnValues,
  type ErasedSubjects,
  type FeatureType,
  type OfflineStoreV1,
  PluginError,
  type RedactedTrainingSet,
  type RequestFeature,
  type TrainingColumn,
  type TrainingSetSpec,
} from '@falaj/plugin-sdk';
import type { Session } from './database.js';
import { erasedSql } from './erased-subjects.js';
import { viewColumns } from './feature-rows.js';
import { instantSql } from './instants.js';
import { pointInTimeSql } from './point-in-time.js';
import { columnsOf, reader, requireColumns, type SourceColumn, type Sources } from './source.js';
import { literal, name } from './sql-text.js';
import type { ViewCache } from './view-cache.js';

const OPERATORS = { EQ: '=', NE: '<>', LT: '<', LTE: '<=', GT: '>', GTE: '>=' } as const;
const EVENT_TIME = 'event_time';

/** UTC, as inference computes them from the request. */
const REQUEST_SQL: Record<RequestFeature['function'], string> = {
  HOUR: '(hour(at) + minute(at) / 60.0)::double',
  WEEKDAY: 'isodow(at)::double',
  MONTH: 'month(at)::double',
  DAY_OF_MONTH: 'day(at)::double',
};

export async function buildTrainingSet(
  session: Session,
  spec: TrainingSetSpec,
  sources: Sources,
  views: ViewCache,
  folder: string,
  erased?: ErasedSubjects,
): Promise<BuiltTrainingSet> {
  const source = await sources.open(spec.source);
  const found = await columnsOf(session, source);
  const keys = spec.views.flatMap((view) => view.keys.flatMap((key) => ('column' in key ? [key.column] : [])));
  requireColumns(source, found, [...spec.carry, spec.label.column, ...keys]);
  const columns = columnsOfSet(spec, found);
  // Views first: their temporary tables are gone before the spine stands.
  const built = [];
  for (const view of spec.views) {
    const opened = await views.open(session, view.spec, erased);
    const known = new Set(view.spec.features.map((feature) => feature.name));
    const missing = view.features.filter(({ feature }) => !known.has(feature));
    if (missing.length > 0)
      throw new PluginError(
        'BAD_INPUT',
        `View "${view.spec.name}" has no feature ${missing.map(({ feature }) => feature).join(', ')}.`,
      );
    built.push({ view, opened });
  }
  await session.run(
    `create or replace temp table spine_rows as select row_number() over () as "#rid", * from ${reader(source)}`,
  );
  const gone = erasedSql(subjectColumns(spec), erased);
  if (gone !== null) await session.run(`delete from spine_rows where ${gone}`);
  const instant = await instantSql(session, source, found, spec.eventTime, 'spine_rows');
  await session.run(`create or replace temp table spine as select *, ${instant} as "#t" from spine_rows`);
  for (const [place, { view, opened }] of built.entries()) {
    await session.run(`create or replace temp table joined_${place} as ${pointInTimeSql(view, opened.path, 'spine')}`);
  }
  const label = spec.label.condition
    ? `case when spine.${name(spec.label.column)} is not null then (spine.${name(spec.label.column)} ${OPERATORS[spec.label.condition.operator]} ${literal(spec.label.condition.value)})::int::double end`
    : `spine.${name(spec.label.column)}`;
  const values = [
    `make_timestamptz(spine."#t") as ${name(EVENT_TIME)}`,
    ...spec.carry.map((column) => `spine.${name(column)}`),
    ...built.flatMap(({ view }, place) => view.features.map(({ column }) => `joined_${place}.${name(column)}`)),
    ...spec.requestFeatures.map(
      (feature) =>
        `${REQUEST_SQL[feature.function].replaceAll('at', `timezone('UTC', make_timestamptz(spine."#t"))`)} as ${name(feature.name)}`,
    ),
    `${label} as ${name(spec.label.name)}`,
  ];
  const joins = built.map((_, place) => `left join joined_${place} using ("#rid")`).join(' ');
  await session.run(`create or replace temp table result as
    select row_number() over (order by spine."#t" nulls last, spine."#rid") as "#ord", ${values.join(', ')} from spine ${joins} order by "#ord"`);
  return finish(session, columns, folder, [source, ...built.map(({ opened }) => opened.source)]);
}

/** Values of the entity rows that name persons, as SQL. */
function subjectColumns(spec: TrainingSetSpec): string[] {
  const keys = spec.views.flatMap((view) => view.keys.filter((key) => key.name === view.spec.subjectKey));
  return [...new Set(keys.map((key) => ('column' in key ? name(key.column) : literal(key.constant))))];
}

async function finish(
  session: Session,
  columns: Omit<TrainingColumn, 'nulls'>[],
  folder: string,
  sources: readonly { ref: { path: string }; digest: string }[],
): Promise<BuiltTrainingSet> {
  const names = columns.map((column) => column.name);
  const { nulls, ...written } = await writeSet(session, names, folder);
  return {
    ...written,
    columns: columns.map((column) => ({ ...column, nulls: nulls[column.name] ?? 0 })),
    sources: [
      ...new Map(sources.map((source) => [source.ref.path, { path: source.ref.path, digest: source.digest }])).values(),
    ],
  };
}

/** The table `result` in the order of `#ord` as Parquet, with what is to be known of it. */
async function writeSet(
  session: Session,
  columns: readonly string[],
  folder: string,
): Promise<Omit<RedactedTrainingSet, 'removed'>> {
  const counts = columns.map((column, place) => `count(*) - count(${name(column)}) as n${place}`);
  const [facts] = await session.rows<Record<string, number>>(
    `select count(*) as rows, epoch_ms(min(${name(EVENT_TIME)})) as first, epoch_ms(max(${name(EVENT_TIME)})) as last, ${counts.join(', ')} from result`,
  );
  const row = `to_json([${columns.map((column) => `to_json(${name(column)})`).join(', ')}])::varchar`;
  const [digest] = await session.rows<{ digest: string }>(
    `select sha256(coalesce(string_agg(sha256(${row}), '' order by "#ord"), '')) as digest from result`,
  );
  const path = join(folder, `${randomUUID()}.part`);
  try {
    await writeFile(path, '', { mode: 0o600 });
    await session.run(
      `copy (select * exclude ("#ord") from result order by "#ord") to ${literal(path)} (format parquet, compression zstd)`,
    );
    return {
      data: await readFile(path),
      rows: facts?.rows ?? 0,
      nulls: Object.fromEntries(columns.map((column, place) => [column, facts?.[`n${place}`] ?? 0])),
      digest: `sha256:${digest?.digest ?? ''}`,
      firstEventTime: facts?.first ?? null,
      lastEventTime: facts?.last ?? null,
    };
  } finally {
    await rm(path, { force: true });
  }
}

/** The set without the rows of one person. */
export async function redactTrainingSet(
  session: Session,
  { data, columns, subject, everyRow = false }: Parameters<OfflineStoreV1['redactTrainingSet']>[0],
  folder: string,
): Promise<RedactedTrainingSet> {
  const path = join(folder, `${randomUUID()}.part`);
  try {
    await writeFile(path, data, { mode: 0o600 });
    await session.run(
      `create or replace temp table result as select row_number() over () as "#ord", * from read_parquet(${literal(path)})`,
    );
  } finally {
    await rm(path, { force: true });
  }
  const described = await session.rows<{ column_name: string }>('describe select * exclude ("#ord") from result');
  const found = described.map((column) => column.column_name);
  const missing = columns.filter((column) => !found.includes(column));
  if (missing.length > 0)
    throw new PluginError(
      'BAD_INPUT',
      `The training set has no column ${missing.join(', ')}; it has ${found.join(', ')}.`,
    );
  const theirs = columns.map((column) => `coalesce(${name(column)}::varchar = ${literal(subject)}, false)`);
  const condition = everyRow || theirs.length === 0 ? String(everyRow) : theirs.join(' or ');
  const [counted] = await session.rows<{ n: number }>(`select count(*) as n from result where ${condition}`);
  const removed = counted?.n ?? 0;
  await session.run(`delete from result where ${condition}`);
  const written = await writeSet(session, found, folder);
  return { removed, ...written, data: removed === 0 ? new Uint8Array() : written.data };
}

/** Names, roles and types of the columns; a name used twice is refused. */
function columnsOfSet(spec: TrainingSetSpec, found: readonly SourceColumn[]): Omit<TrainingColumn, 'nulls'>[] {
  const typeOf = (column: string): FeatureType =>
    featureType(found.find((candidate) => candidate.name === column)?.type ?? '');
  const columns: Omit<TrainingColumn, 'nulls'>[] = [
    { name: EVENT_TIME, role: 'EVENT_TIME', type: 'TIMESTAMP' },
    ...spec.carry.map((column) => ({ name: column, role: 'KEY' as const, type: typeOf(column) })),
    ...spec.views.flatMap((view) => {
      const types = new Map(viewColumns(view.spec).map((column) => [column.name, column.type]));
      return view.features.map(({ feature, column }) => ({
        name: column,
        role: 'FEATURE' as const,
        type: types.get(feature) ?? ('FLOAT64' as const),
      }));
    }),
    ...spec.requestFeatures.map((feature) => ({
      name: feature.name,
      role: 'FEATURE' as const,
      type: 'FLOAT64' as const,
    })),
    { name: spec.label.name, role: 'LABEL', type: spec.label.condition ? 'FLOAT64' : typeOf(spec.label.column) },
  ];
  const names = columns.map((column) => column.name);
  const twice = names.find((column, place) => names.indexOf(column) !== place);
  if (twice) throw new PluginError('BAD_INPUT', `Column "${twice}" would stand twice in the training set; rename one.`);
  return columns;
}

function featureType(type: string): FeatureType {
  if (type === 'BOOLEAN') return 'BOOL';
  if (type.startsWith('TIMESTAMP') || type === 'DATE') return 'TIMESTAMP';
  if (/INT/.test(type)) return 'INT64';
  return /DOUBLE|FLOAT|DECIMAL/.test(type) ? 'FLOAT64' : 'STRING';
}

/** Columns of a training set's bytes; the temporary file is readable by this user only and goes at once. */
export async function readTrainingSet(
  session: Session,
  data: Uint8Array,
  wanted: readonly string[],
  folder: string,
): Promise<{ rows: number; columns: ColumnValues[] }> {
  const path = join(folder, `${randomUUID()}.part`);
  try {
    await writeFile(path, data, { mode: 0o600 });
    const file = `read_parquet(${literal(path)})`;
    const described = await session.rows<{ column_name: string; column_type: string }>(
      `describe select * from ${file}`,
    );
    const missing = wanted.filter((column) => !described.some((candidate) => candidate.column_name === column));
    if (missing.length > 0)
      throw new PluginError(
        'BAD_INPUT',
        `The training set has no column ${missing.join(', ')}; it has ${described.map((column) => column.column_name).join(', ')}.`,
      );
    const typed = wanted.map((column) => ({
      column,
      type: described.find((candidate) => candidate.column_name === column)?.column_type ?? '',
    }));
    const selected = typed.map(({ column, type }, place) => {
      if (type === 'VARCHAR') return `${name(column)} as c${place}`;
      if (type.startsWith('TIMESTAMP') || type === 'DATE')
        return `coalesce(epoch_ms(${name(column)})::double, 'nan'::double) as c${place}`;
      return `coalesce(${name(column)}::double, 'nan'::double) as c${place}`;
    });
    const [counted] = await session.rows<{ rows: number }>(`select count(*) as rows from ${file}`);
    const read = wanted.length === 0 ? {} : await session.columns(`select ${selected.join(', ')} from ${file}`);
    return {
      rows: counted?.rows ?? 0,
      columns: typed.map(({ column, type }, place) => {
        const values = read[`c${place}`] ?? [];
        return {
          name: column,
          values: type === 'VARCHAR' ? (values as (string | null)[]) : Float64Array.from(values as number[]),
        };
      }),
    };
  } finally {
    await rm(path, { force: true });
  }
}
