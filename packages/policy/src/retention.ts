// How long records of who did and who read what must be kept, by the data that a workspace holds. Law as data: defaults for
// an operator's counsel to confirm, not legal advice.
import { type DataCategory, dataCategories, type ResidencyRule } from './residency-rule.js';

const REVIEWED = '2026-11-24';

/** One rule of one regime on records about one category of data. */
export interface RetentionRule extends Pick<ResidencyRule, 'id' | 'regime' | 'source' | 'basis' | 'asOf'> {
  readonly category: DataCategory;
  /** Full years. */
  readonly years: number;
}

export const retentionRules: readonly RetentionRule[] = [
  {
    id: 'AE-HEALTH-RETENTION',
    regime: 'UAE ICT health law, Federal Law 2/2019',
    category: 'health',
    years: 25,
    source: 'Federal Law 2/2019: health information is kept for at least 25 years from the last procedure',
    basis: 'SUMMARY',
    asOf: REVIEWED,
  },
  {
    id: 'AE-CBUAE-RETENTION',
    regime: 'CBUAE Consumer Protection Standards',
    category: 'banking',
    years: 5,
    source: 'CBUAE Consumer Protection Standards N 1158/2021: records are kept for at least five years',
    basis: 'SUMMARY',
    asOf: REVIEWED,
  },
  ...(['personal', 'sensitive', 'government'] as const).map(
    (category): RetentionRule => ({
      id: `FALAJ-RETENTION-${category.toUpperCase()}`,
      regime: 'house rule of this platform',
      category,
      years: 1,
      source:
        'no period stands in Federal Decree-Law 45/2021; its Articles 7 and 8 ask for a record, which a year of it serves',
      basis: 'UNVERIFIED',
      asOf: REVIEWED,
    }),
  ),
];

const DAYS_PER_YEAR = 366;

/** The rules that bind a workspace with data of these categories, and the days that they ask for; a day where none does. */
export function retentionFloor(categories: readonly string[]): {
  readonly days: number;
  readonly rules: readonly RetentionRule[];
} {
  // What nobody knows may be anything.
  const known = categories.every((category) => (dataCategories as readonly string[]).includes(category));
  const rules = retentionRules.filter(({ category }) => !known || categories.includes(category));
  return { days: Math.max(1, ...rules.map(({ years }) => years * DAYS_PER_YEAR)), rules };
}
