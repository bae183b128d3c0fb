// What a SELECT of a governed noun must say, so that a masked value never leaves the database.
import { PlatformError } from '@falaj/runtime';
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { NounCatalog } from './noun.js';
import { allOf, flattened, type NounColumns } from './sql-predicate.js';
import type { RuleVerdict, SqlVerdicts } from './sql-verdict.js';

export interface PlanColumns extends NounColumns {
  /** GraphQL field to the column, or expression, that holds it. */
  readonly fields: Readonly<Record<string, SQLWrapper>>;
}

/** The parts belong together: `select`, `filter` and `orderBy` hold only under `where`, `select` and `masked` only beside `verdicts`. */
export interface ReadPlan {
  readonly where: SQL;
  /**
   * To join, before anything else: the conditions of the fields, each judged once for a row and named, however often `select`
   * and `masked` ask for it. Null where none depends on the row.
   */
  readonly verdicts: SQL | null;
  /** Each field: its column, or null of its type, or a CASE. */
  readonly select: Readonly<Record<string, SQL>>;
  /** text: names of the row's masked fields, with commas between; a constant when no field depends on the row. */
  readonly masked: SQL;
  reasonOf(field: string): string;
  /** To AND into every condition on the field. Throws FORBIDDEN_FILTER when no row may show it. */
  filter(field: string): SQL;
  /** To order or aggregate by. Throws FORBIDDEN_FILTER when no row may show it. */
  orderBy(field: string): SQL;
}

const VERDICTS = 'policy_verdicts';

type Planner = (noun: string, columns: PlanColumns, wanted?: readonly string[]) => ReadPlan;

/** Plans are kept for as long as the column records that they were made for. */
export function readPlans(
  catalog: NounCatalog,
  verdicts: SqlVerdicts,
  reasonOf: (noun: string, field: string) => string,
): Planner {
  const made = new WeakMap<object, WeakMap<object, Map<string, ReadPlan>>>();
  return (noun, columns, wanted) => {
    const known = entry(
      entry(made, columns.fields, () => new WeakMap()),
      columns.attributes,
      () => new Map(),
    );
    const key = `${noun}\n${wanted?.join() ?? '*'}`;
    return entry(known, key, () => makePlan(catalog, verdicts, reasonOf, noun, columns, wanted));
  };
}

interface Store<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

function entry<K, V>(store: Store<K, V>, key: K, make: () => V): V {
  const known = store.get(key);
  if (known !== undefined) return known;
  const value = make();
  store.set(key, value);
  return value;
}

function makePlan(
  catalog: NounCatalog,
  verdicts: SqlVerdicts,
  reasonOf: (noun: string, field: string) => string,
  noun: string,
  columns: PlanColumns,
  wanted: readonly string[] = Object.keys(columns.fields),
): ReadPlan {
  if (!catalog.get(noun)) throw new PlatformError('CONFIG_INVALID', `"${noun}" is no type that the policy knows.`);
  const row = verdicts.ofRow('read', noun);
  const compiled = new Map<string, SQL>();
  const conditionOf = (verdict: RuleVerdict): SQL =>
    entry(compiled, verdict.key, () => flattened(verdicts.toSql(verdict, noun, columns)));
  const names = new Map<string, { readonly name: SQL; readonly condition: SQL }>();
  const named = (verdict: RuleVerdict): SQL =>
    entry(names, verdict.key, () => ({
      name: sql.raw(`${VERDICTS}.v${names.size}`),
      condition: sql`${conditionOf(verdict)} as ${sql.raw(`v${names.size}`)}`,
    })).name;

  const { fields } = columns;
  const columnOf = (field: string): SQLWrapper => {
    const column = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (column) return column;
    throw new PlatformError('CONFIG_INVALID', `The table offers no column for the field ${noun}.${field}.`);
  };
  /** Where the rules of the field are those of the row, every row under `where` shows it. */
  const verdictOf = (field: string): RuleVerdict | 'SHOWN' => {
    const verdict = verdicts.ofField('read', noun, field);
    return verdict.outcome === 'ALWAYS' || (verdict.outcome === 'DEPENDS' && verdict.key === row.key)
      ? 'SHOWN'
      : verdict;
  };
  const shownOrForbidden = (field: string): RuleVerdict | 'SHOWN' => {
    const verdict = verdictOf(field);
    if (verdict === 'SHOWN' || verdict.outcome !== 'NEVER') return verdict;
    const reason = reasonOf(noun, field);
    throw new PlatformError(
      'FORBIDDEN_FILTER',
      `${noun}.${field} may not be used to filter, sort or group: ${reason}.`,
      {
        details: { noun, field, reason },
      },
    );
  };
  // Every field owns its SQL object, for drizzle's mapWith writes into it.
  const selected = (field: string, judged: (verdict: RuleVerdict) => SQL): SQL => {
    const column = columnOf(field);
    const verdict = verdictOf(field);
    if (verdict === 'SHOWN') return sql`${column}`;
    // The CASE keeps the column's type; the server folds it into a constant.
    if (verdict.outcome === 'NEVER') return sql`case when false then ${column} end`;
    return sql`case when ${judged(verdict)} then ${column} end`;
  };

  const select = Object.fromEntries(wanted.map((field) => [field, selected(field, named)]));
  const masked = flattened(maskedNames(wanted, verdictOf, named));
  const conditions = [...names.values()].map(({ condition }) => condition);
  return {
    where: conditionOf(row),
    select,
    masked,
    // The limit keeps the planner from writing the conditions out again wherever they are named.
    verdicts:
      conditions.length === 0
        ? null
        : flattened(sql`(select ${sql.join(conditions, sql`, `)} offset 0) as ${sql.raw(VERDICTS)}`),
    reasonOf: (field) => reasonOf(noun, field),
    filter(field) {
      const verdict = shownOrForbidden(field);
      return verdict === 'SHOWN' ? allOf([]) : conditionOf(verdict);
    },
    orderBy(field) {
      shownOrForbidden(field);
      return selected(field, conditionOf);
    },
  };
}

/** One CASE for each distinct condition, not for each field. */
function maskedNames(
  wanted: readonly string[],
  verdictOf: (field: string) => RuleVerdict | 'SHOWN',
  named: (verdict: RuleVerdict) => SQL,
): SQL {
  const groups = new Map<string, { verdict: RuleVerdict; fields: string[] }>();
  for (const field of wanted) {
    const verdict = verdictOf(field);
    if (verdict !== 'SHOWN') entry(groups, verdict.key, () => ({ verdict, fields: [] as string[] })).fields.push(field);
  }
  const parts = [...groups.values()].map(({ verdict, fields }) => {
    // Names of fields: letters, digits and underscores.
    const names = sql.raw(`'${fields.join()}'`);
    return verdict.outcome === 'NEVER' ? names : sql`case when ${named(verdict)} then null else ${names} end`;
  });
  // One call for the row: joining arrays costs more than judging the conditions.
  return parts.length === 0 ? sql`''::text` : sql`concat_ws(',', ${sql.join(parts, sql`, `)})`;
}
