// Many features are judged at once: without control one in twenty alarms on nothing, at every window.

/**
 * `BENJAMINI_HOCHBERG` holds the expected share of false discoveries under independence or positive dependence (1995);
 * `BENJAMINI_YEKUTIELI` under any dependence, at the price of the harmonic sum (2001).
 */
export type FalseDiscoveryRule = 'BENJAMINI_HOCHBERG' | 'BENJAMINI_YEKUTIELI';

/** p-values made comparable with the level itself, in their order: a feature is discovered where its value is at most the level. */
export function adjustedPValues(pValues: readonly number[], rule: FalseDiscoveryRule): number[] {
  const count = pValues.length;
  const factor = rule === 'BENJAMINI_YEKUTIELI' ? pValues.reduce((sum, _, index) => sum + 1 / (index + 1), 0) : 1;
  const descending = pValues.map((value, index) => ({ value, index })).toSorted((a, b) => b.value - a.value);
  const adjusted = new Array<number>(count);
  let least = 1;
  for (const [place, { value, index }] of descending.entries()) {
    least = Math.min(least, (value * count * factor) / (count - place));
    adjusted[index] = least;
  }
  return adjusted;
}
