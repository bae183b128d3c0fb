// The rows of a feature view, one per key and instant at which a value changes, made once per definition and source.
//
// Window features are exact at every instant s: an event with event time e and known time k counts for the instants
// max(e, k) <= s < e + window. So it adds at max(e, k) and takes away at e + window, and a running sum per key over
// those changes is the value. Sums run over exact decimals, so that what was added is taken away to the last digit.
//
// Column features take, at each instant, the known row with the latest event time; ties go to the latest known time,
// then to the values themselves. The winner as of each available time max(e, k) is a running maximum, kept once.
import {
  type ErasedSubjects,
  type FeatureColumn,
  type FeatureSpec,
  type FeatureViewSpec,
  type KeyExpression,
  PluginError,
} from '@falaj/plugin-sdk';
import type { Session } from './database.js';
import { erasedSql } from './erased-subjects.js';
import { instantSql } from './instants.js';
import { columnsOf, reader, requireColumns, type SourceColumn, type SourceFile } from './source.js';
import { literal, name } from './sql-text.js';

type ColumnFeature = Extract<FeatureSpec, { kind: 'COLUMN' }>;
type WindowFeature = Extract<FeatureSpec, { kind: 'WINDOW' }>;

const SQL_TYPES = {
  FLOAT64: 'double',
  INT64: 'bigint',
  STRING: 'varchar',
  BOOL: 'boolean',
  TIMESTAMP: 'timestamptz',
} as const;
const OPERATORS = { EQ: '=', NE: '<>', LT: '<', LTE: '<=', GT: '>', GTE: '>=' } as const;

/** Columns of the built rows: key, available time `a`, event time `e` (microseconds), then the features. */
export const viewColumns = (spec: FeatureViewSpec): FeatureColumn[] =>
  spec.features.map((feature) => ({
    name: feature.name,
    type: feature.kind === 'COLUMN' ? feature.type : feature.aggregate === 'COUNT' ? 'INT64' : 'FLOAT64',
  }));

/** The column of a feature in the built rows: no feature's name meets one of the store's own. */
export const stored = (feature: string): string => name(`f:${feature}`);

/** The canonical entity key: a JSON array of texts, null where a part is null. */
export function keySql(keys: readonly KeyExpression[]): string {
  const parts = keys.map((key) => ('constant' in key ? literal(key.constant) : `${name(key.column)}::varchar`));
  const present = keys.flatMap((key) => ('constant' in key ? [] : [`${name(key.column)} is not null`]));
  const made = `to_json([${parts.join(', ')}])::varchar`;
  return present.length === 0 ? made : `case when ${present.join(' and ')} then ${made} end`;
}

/** Leaves the built rows in the temporary table `target`, ordered by key and available time. */
export async function buildFeatureRows(
  session: Session,
  spec: FeatureViewSpec,
  source: SourceFile,
  target: string,
  erased?: ErasedSubjects,
): Promise<void> {
  const columns = await columnsOf(session, source);
  requireColumns(source, columns, usedColumns(spec));
  const windows = spec.features.filter((feature): feature is WindowFeature => feature.kind === 'WINDOW');
  const plain = spec.features.filter((feature): feature is ColumnFeature => feature.kind === 'COLUMN');
  await session.run(`create or replace temp table source_rows as select * from ${reader(source)}`);
  const eventTime = await instantSql(session, source, columns, spec.eventTime, 'source_rows');
  const knownTime = spec.knownTime
    ? await instantSql(session, source, columns, spec.knownTime, 'source_rows')
    : eventTime;
  const inputs = [
    ...plain.map((feature) => `${castTo(source, columns, feature)} as ${name(`c:${feature.name}`)}`),
    ...windows.flatMap((feature) => windowInputs(source, columns, feature)),
  ];
  await session.run(
    `create or replace temp table events as
       select ${keySql(spec.keys)} as key, ${eventTime} as e, ${knownTime} as k, ${inputs.join(', ')}
       from source_rows where ${eventTime} is not null`,
  );
  // What has no known time is not known: to take the event time in its place would let the future in.
  await session.run('delete from events where key is null or k is null');
  const subject = spec.keys.findIndex((key) => key.name === spec.subjectKey);
  const gone = subject < 0 ? null : erasedSql([`json_extract_string(key, '$[${subject}]')`], erased);
  if (gone !== null) await session.run(`delete from events where ${gone}`);
  if (plain.length > 0) await winners(session, plain);
  if (windows.length === 0) {
    await session.run(`create or replace temp table ${target} as
      select key, a, w.e as e, ${plain.map((feature) => `w.v.${name(feature.name)} as ${stored(feature.name)}`).join(', ')} from winners order by key, a`);
    return;
  }
  await sums(session, windows);
  const windowValues = windows.map((feature) => `${windowValue(feature)} as ${stored(feature.name)}`);
  if (plain.length === 0) {
    await session.run(
      `create or replace temp table ${target} as select key, s as a, s as e, ${windowValues.join(', ')} from sums order by key, s`,
    );
    return;
  }
  // Both kinds: every instant at which either changes carries both.
  await session.run(`create or replace temp table ${target} as
    with instants as (select key, s from sums union select key, a from winners)
    select i.key, i.s as a, i.s as e,
      ${spec.features.map((feature) => (feature.kind === 'COLUMN' ? `winner.w.v.${name(feature.name)} as ${stored(feature.name)}` : `${windowValue(feature)} as ${stored(feature.name)}`)).join(', ')}
    from instants i
      asof left join sums on sums.key = i.key and i.s >= sums.s
      asof left join winners winner on winner.key = i.key and i.s >= winner.a
    order by 1, 2`);
}

function usedColumns(spec: FeatureViewSpec): string[] {
  return [
    ...spec.keys.flatMap((key) => ('column' in key ? [key.column] : [])),
    ...spec.features.flatMap((feature) =>
      feature.kind === 'COLUMN'
        ? [feature.column]
        : [feature.column, feature.condition?.column].filter((column) => column !== undefined),
    ),
  ];
}

function castTo(source: SourceFile, columns: readonly SourceColumn[], feature: ColumnFeature): string {
  const column = columns.find((candidate) => candidate.name === feature.column);
  if (feature.type === 'TIMESTAMP' && column?.type === 'TIMESTAMP') return `timezone('UTC', ${name(feature.column)})`;
  if (feature.type !== 'STRING' && feature.type !== 'TIMESTAMP' && column?.type === 'VARCHAR') {
    throw new PluginError(
      'BAD_INPUT',
      `Source "${source.ref.path}", column "${feature.column}" is text; feature "${feature.name}" wants ${feature.type}.`,
    );
  }
  if (feature.type === 'INT64') return wholeNumberSql(feature.column);
  return `${name(feature.column)}::${SQL_TYPES[feature.type]}`;
}

/** A cast alone would round 1.5 to 2. */
function wholeNumberSql(column: string): string {
  const number = `${name(column)}::double`;
  const message = `${literal(`column "${column}" holds `)} || ${name(column)}::varchar || ', which is no safe whole number'`;
  return `case when ${number} is null then null
    when ${number} = trunc(${number}) and abs(${number}) <= 9007199254740991 then ${name(column)}::bigint else error(${message}) end`;
}

/** Per window feature: whether the event counts (`n:`) and what it adds (`x:`), as an exact decimal. */
function windowInputs(source: SourceFile, columns: readonly SourceColumn[], feature: WindowFeature): string[] {
  const counts = name(`n:${feature.name}`);
  const adds = name(`x:${feature.name}`);
  if (feature.aggregate === 'COUNT') return [`1 as ${counts}`, `0::decimal(38,9) as ${adds}`];
  if (feature.aggregate === 'SHARE') {
    if (!feature.condition) throw new PluginError('BAD_INPUT', `Feature "${feature.name}": SHARE needs a condition.`);
    const { column, operator, value } = feature.condition;
    const text = typeof value === 'string';
    const type = columns.find((candidate) => candidate.name === column)?.type ?? '';
    if (text !== (type === 'VARCHAR') && typeof value !== 'boolean') {
      throw new PluginError(
        'BAD_INPUT',
        `Feature "${feature.name}": column "${column}" is ${type} and is compared with ${JSON.stringify(value)}.`,
      );
    }
    const test = `${name(column)} ${OPERATORS[operator]} ${literal(value)}`;
    return [`(${name(column)} is not null)::int as ${counts}`, `coalesce((${test})::int, 0)::decimal(38,9) as ${adds}`];
  }
  if (!feature.column)
    throw new PluginError('BAD_INPUT', `Feature "${feature.name}": ${feature.aggregate} needs a column.`);
  const type = columns.find((candidate) => candidate.name === feature.column)?.type ?? '';
  if (!/INT|DOUBLE|FLOAT|DECIMAL/.test(type)) {
    throw new PluginError(
      'BAD_INPUT',
      `Source "${source.ref.path}", column "${feature.column}" is ${type}; ${feature.aggregate} needs a number.`,
    );
  }
  return [
    `(${name(feature.column)} is not null)::int as ${counts}`,
    `coalesce(${name(feature.column)}, 0)::decimal(38,9) as ${adds}`,
  ];
}

/** Table `winners(key, a, w)`: the row to use from each available time on; dominated rows are gone. */
async function winners(session: Session, plain: readonly ColumnFeature[]): Promise<void> {
  const values = plain.map((feature) => `${name(feature.name)} := ${name(`c:${feature.name}`)}`).join(', ');
  await session.run(`create or replace temp table winners as
    with running as (
      select key, greatest(e, k) as a,
        max(struct_pack(e := e, k := k, v := struct_pack(${values}))) over (partition by key order by greatest(e, k) range unbounded preceding) as w
      from events
    ), changes as (
      select distinct key, a, w from running
    )
    select key, a, w from changes qualify w is distinct from lag(w) over (partition by key order by a) order by key, a`);
}

/** Table `sums(key, s, n:…, x:…)`: running counts and sums of each feature at each instant of change. */
async function sums(session: Session, windows: readonly WindowFeature[]): Promise<void> {
  const lengths = [...new Set(windows.map((feature) => feature.windowSeconds))];
  const changes = lengths.map((seconds) => {
    const end = `e + ${literal(seconds * 1e6)}::bigint`;
    const counted = `from events where greatest(e, k) < ${end}`;
    return `select *, greatest(e, k) as s, ${literal(seconds)} as w, 1 as sign ${counted} union all select *, ${end} as s, ${literal(seconds)} as w, -1 as sign ${counted}`;
  });
  const each = (make: (feature: WindowFeature, column: string) => string): string =>
    windows
      .flatMap((feature) => ['n', 'x'].map((prefix) => make(feature, name(`${prefix}:${feature.name}`))))
      .join(', ');
  await session.run(`create or replace temp table sums as
    with changes as (${changes.join(' union all ')}),
    deltas as (
      select key, s, ${each((feature, column) => `sum(case when w = ${literal(feature.windowSeconds)} then sign * ${column} else 0 end) as ${column}`)}
      from changes group by key, s
    )
    select key, s, ${each((_feature, column) => `sum(${column}) over (partition by key order by s rows unbounded preceding) as ${column}`)}
    from deltas order by key, s`);
}

function windowValue(feature: WindowFeature): string {
  const count = name(`n:${feature.name}`);
  const sum = name(`x:${feature.name}`);
  if (feature.aggregate === 'COUNT') return `coalesce(${count}, 0)::bigint`;
  if (feature.aggregate === 'SUM') return `coalesce(${sum}, 0)::double`;
  return `case when ${count} > 0 then ${sum}::double / ${count}::double end`;
}
