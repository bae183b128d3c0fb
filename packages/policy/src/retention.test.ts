import { expect, it } from 'vitest';
import { retentionFloor, retentionRules } from './retention.js';

it('takes the longest of the rules that bind, all of them where a category is unknown, and a day where none does', () => {
  expect(retentionFloor(['none'])).toEqual({ days: 1, rules: [] });
  expect(retentionFloor([])).toEqual({ days: 1, rules: [] });
  expect(retentionFloor(['personal']).days).toBe(366);
  const both = retentionFloor(['personal', 'banking', 'none']);
  expect([both.days, both.rules.map(({ years }) => years).toSorted()]).toEqual([5 * 366, [1, 5]]);
  expect(retentionFloor(['health', 'banking']).days).toBe(25 * 366);
  expect(retentionFloor(['something new']).rules).toEqual(retentionRules);
});
