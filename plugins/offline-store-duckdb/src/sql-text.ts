// Names and values from outside never become SQL by concatenation: names are quoted here, values are escaped literals.

/** A quoted identifier. */
export const name = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

/** A literal of a text, number, truth value or null. */
export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`not a finite number: ${value}`);
    return Number.isInteger(value) ? value.toFixed(0) : `${value}::double`;
  }
  return `'${value.replaceAll("'", "''")}'`;
}
