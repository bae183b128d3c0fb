// Instants are counted in microseconds since 1970 in UTC, as integers: no session time zone, no calendar arithmetic.
import { PluginError, type TimeExpression } from '@falaj/plugin-sdk';
import type { Session } from './database.js';
import { requireColumns, type SourceColumn, type SourceFile } from './source.js';
import { literal, name } from './sql-text.js';

const UNIT_MICROS = { SECONDS: 1e6, MINUTES: 6e7, HOURS: 3.6e9, DAYS: 8.64e10 } as const;

/** SQL of the expression as microseconds; null where the column is null. Throws where a value does not parse. */
export async function instantSql(
  session: Session,
  source: SourceFile,
  columns: readonly SourceColumn[],
  time: TimeExpression,
  from: string,
): Promise<string> {
  requireColumns(source, columns, [time.column, ...(time.plus ? [time.plus.column] : [])]);
  const zone = literal(time.timeZone ?? 'UTC');
  const column = name(time.column);
  const type = columns.find((candidate) => candidate.name === time.column)?.type ?? '';
  let instant: string;
  if (type === 'VARCHAR') {
    instant = textInstantSql(time, column, zone);
    const [bad] = await session.rows<{ value: string | null; found: number }>(
      `select any_value(${column}) as value, count(*) as found from ${from} where ${column} is not null and ${instant} is null`,
    );
    if (bad && bad.found > 0) {
      throw new PluginError(
        'BAD_INPUT',
        `Source "${source.ref.path}", column "${time.column}": ${bad.found} values such as "${bad.value}" are no time in the format ${time.format ? `"${time.format}"` : 'of ISO 8601'}.`,
        { details: { column: time.column, found: bad.value, expected: time.format ?? 'ISO 8601' } },
      );
    }
  } else if (type === 'TIMESTAMP WITH TIME ZONE') instant = `epoch_us(${column})`;
  else if (type.startsWith('TIMESTAMP') || type === 'DATE')
    instant = `epoch_us(timezone(${zone}, ${column}::timestamp))`;
  else
    throw new PluginError(
      'BAD_INPUT',
      `Source "${source.ref.path}", column "${time.column}" is ${type}; expected text or a timestamp.`,
    );
  const offset = Math.round((time.offsetSeconds ?? 0) * 1e6);
  if (offset !== 0) instant = `(${instant} + ${literal(offset)}::bigint)`;
  if (!time.plus) return instant;
  const added = columns.find((candidate) => candidate.name === time.plus?.column);
  if (!/INT|DOUBLE|FLOAT|DECIMAL/.test(added?.type ?? '')) {
    throw new PluginError(
      'BAD_INPUT',
      `Source "${source.ref.path}", column "${time.plus.column}" is ${added?.type}; expected a number to add.`,
    );
  }
  return `(${instant} + coalesce(round(${name(time.plus.column)}::double * ${UNIT_MICROS[time.plus.unit]})::bigint, 0))`;
}

/** A value or format with an offset is an instant whatever the zone; without one it is a clock reading in the zone. */
function textInstantSql(time: TimeExpression, column: string, zone: string): string {
  if (time.format) {
    const parsed = `try_strptime(${column}, ${literal(time.format)})`;
    return /%[zZ]/.test(time.format.replaceAll('%%', ''))
      ? `epoch_us(${parsed})`
      : `epoch_us(timezone(${zone}, ${parsed}))`;
  }
  const instant = `epoch_us(try_cast(${column} as timestamptz))`;
  if (!time.timeZone) return instant;
  const reading = `epoch_us(timezone(${zone}, try_cast(${column} as timestamp)))`;
  return `case when regexp_matches(${column}, ':.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$') then ${instant} else ${reading} end`;
}
