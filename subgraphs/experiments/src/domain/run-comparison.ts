// Runs side by side: one row per name, one column per run.

export interface ComparedRow<Value> {
  readonly key: string;
  /** Per run, in order; null where it has none. */
  readonly values: readonly (Value | null)[];
  readonly differs: boolean;
}

/** Rows by name in code-unit order. A value that is not there differs from every other; NaN does not differ from NaN. */
export function compareBy<Value extends string | number>(
  runs: readonly (readonly { readonly key: string; readonly value: Value }[])[],
): ComparedRow<Value>[] {
  const columns = runs.map((entries) => new Map(entries.map(({ key, value }) => [key, value])));
  const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort();
  return keys.map((key) => {
    const values = columns.map((column) => column.get(key) ?? null);
    return { key, values, differs: values.some((value) => !Object.is(value, values[0])) };
  });
}
