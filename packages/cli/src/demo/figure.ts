/** A number as the lines of the journey show it. */
export const figure = (value: unknown): string => (typeof value === 'number' ? value.toFixed(4) : '-');
