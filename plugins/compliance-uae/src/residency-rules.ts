// The law as data: where data of a category may go from a zone, and what permits more. Not legal advice: the operator
// replaces the table by configuration when counsel or the law says otherwise; each row bears its source and its date.
import { z } from 'zod';
import { type DataCategory, dataCategories, type Instrument } from './snapshot.js';

const residencyRule = z.strictObject({
  regime: z.string().min(1),
  category: z.enum(dataCategories),
  /** Where the data lies; `AE*` stands for AE and its free zones. */
  dataZones: z.array(z.string().min(1)).min(1),
  /** Where it may be stored and processed. */
  allowedZones: z.array(z.string().min(1)).min(1),
  /** Instrument types, one of which permits every other zone; `MOH_EXCEPTION*` stands for all that begin so. */
  instruments: z.array(z.string().min(1)),
  source: z.string().min(1),
  /** Date at which the source was read. */
  asOf: z.iso.date(),
});

export type ResidencyRule = z.output<typeof residencyRule>;
export const residencyRules = z.array(residencyRule).min(1);

const transferInstruments = ['ADEQUACY', 'SCC', 'EXPRESS_CONSENT', 'REGULATOR_APPROVAL'];
const asOf = '2026-11-23';

const personal = (category: DataCategory): ResidencyRule[] => [
  {
    regime: 'PDPL',
    category,
    dataZones: ['AE'],
    allowedZones: ['AE'],
    instruments: transferInstruments,
    source: 'Federal Decree-Law 45/2021, Art. 22 and 23; no list of adequate countries was published',
    asOf,
  },
  {
    regime: 'DIFC',
    category,
    dataZones: ['AE-DIFC'],
    allowedZones: ['AE-DIFC'],
    instruments: transferInstruments,
    source: 'DIFC Law 5/2020, Art. 26 and 27',
    asOf,
  },
  {
    regime: 'ADGM',
    category,
    dataZones: ['AE-ADGM'],
    allowedZones: ['AE-ADGM'],
    instruments: transferInstruments,
    source: 'ADGM Data Protection Regulations 2021, sections 40 to 46',
    asOf,
  },
];

export const uaeResidency: readonly ResidencyRule[] = [
  ...personal('personal'),
  ...personal('sensitive'),
  {
    regime: 'HEALTH',
    category: 'health',
    dataZones: ['AE*'],
    allowedZones: ['AE*'],
    instruments: ['MOH_EXCEPTION*'],
    source: 'Federal Law 2/2019, Art. 13 (free zones included); Ministerial Decision 51/2021',
    asOf,
  },
  {
    regime: 'CBUAE',
    category: 'banking',
    dataZones: ['AE*'],
    allowedZones: ['AE'],
    instruments: ['REGULATOR_APPROVAL'],
    source: 'CBUAE Outsourcing Regulation C 14/2021, Art. 6',
    asOf,
  },
  {
    regime: 'CBUAE',
    category: 'payment',
    dataZones: ['AE*'],
    allowedZones: ['AE'],
    instruments: ['REGULATOR_APPROVAL'],
    source: 'CBUAE payment rules: within the UAE, DIFC and ADGM excluded',
    asOf,
  },
  {
    regime: 'GOVERNMENT',
    category: 'government',
    dataZones: ['AE*'],
    allowedZones: ['AE'],
    instruments: ['REGULATOR_APPROVAL'],
    source: 'National Cloud Security Policy: data location',
    asOf,
  },
];

/** `AE*` covers AE and AE-DIFC, never another country. */
export function covers(patterns: readonly string[], zone: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*')
      ? zone === pattern.slice(0, -1) || zone.startsWith(`${pattern.slice(0, -1)}-`)
      : zone === pattern,
  );
}

/** Data of these categories, from the zone in which it lies to the one in which it would be processed. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly categories: readonly DataCategory[];
}

/** The rules that a transfer breaks; those that a valid instrument lifts are left out. */
export function brokenRules(
  rules: readonly ResidencyRule[],
  transfer: Transfer,
  valid: readonly Instrument[],
): readonly ResidencyRule[] {
  return rules.filter(
    (rule) =>
      transfer.categories.includes(rule.category) &&
      covers(rule.dataZones, transfer.from) &&
      !covers(rule.allowedZones, transfer.to) &&
      !valid.some(({ type }) => permits(rule.instruments, type)),
  );
}

/** `MOH_EXCEPTION*` permits MOH_EXCEPTION_05. */
export const permits = (patterns: readonly string[], type: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern));
