// Law as data: each row names the text that it rests on, how well that was read, and the day of its review.
// These are defaults for an operator's counsel to confirm, not legal advice.
import type { ResidencyRule } from './residency-rule.js';

const AE_ALL = ['AE', 'AE-DIFC', 'AE-ADGM'] as const;
const REVIEWED = '2026-11-23';

const pdpl = (category: 'personal' | 'sensitive'): ResidencyRule => ({
  id: `AE-PDPL-22-23-${category.toUpperCase()}`,
  regime: 'UAE PDPL, Federal Decree-Law 45/2021',
  category,
  dataZone: 'AE',
  // No list of adequate countries has been published, so none is assumed; the Executive Regulations are outstanding.
  allowedZones: ['AE'],
  instruments: ['ADEQUACY', 'CONTRACT', 'EXPRESS_CONSENT', 'LEGAL_CLAIM', 'JUDICIAL_COOPERATION', 'PUBLIC_INTEREST'],
  source: 'Federal Decree-Law 45/2021, Articles 22 and 23',
  basis: 'SUMMARY',
  asOf: REVIEWED,
});

const health = (dataZone: (typeof AE_ALL)[number]): ResidencyRule => ({
  id: `${dataZone}-HEALTH-13`,
  regime: 'UAE ICT health law, Federal Law 2/2019',
  category: 'health',
  dataZone,
  allowedZones: AE_ALL,
  instruments: ['MOH_EXCEPTION'],
  source: 'Federal Law 2/2019, Article 13 (free zones included); exceptions: Ministerial Decision 51/2021',
  basis: 'SUMMARY',
  asOf: REVIEWED,
});

const difc = (category: 'personal' | 'sensitive'): ResidencyRule => ({
  id: `AE-DIFC-26-27-${category.toUpperCase()}`,
  regime: 'DIFC Data Protection Law 5/2020',
  category,
  dataZone: 'AE-DIFC',
  allowedZones: ['AE-DIFC'],
  instruments: ['ADEQUACY', 'SCC', 'EXPRESS_CONSENT', 'REGULATOR_APPROVAL'],
  source: 'DIFC Law 5/2020 as amended by Law 1/2025, Articles 26 and 27',
  basis: 'UNVERIFIED',
  asOf: REVIEWED,
});

const adgm = (category: 'personal' | 'sensitive'): ResidencyRule => ({
  id: `AE-ADGM-40-46-${category.toUpperCase()}`,
  regime: 'ADGM Data Protection Regulations 2021',
  category,
  dataZone: 'AE-ADGM',
  allowedZones: ['AE-ADGM'],
  instruments: ['ADEQUACY', 'SCC', 'BINDING_RULES', 'EXPRESS_CONSENT'],
  source: 'ADGM Data Protection Regulations 2021, sections 40 to 46',
  basis: 'UNVERIFIED',
  asOf: REVIEWED,
});

const gdpr = (category: 'personal' | 'sensitive' | 'health'): ResidencyRule => ({
  id: `EU-GDPR-V-${category.toUpperCase()}`,
  regime: 'EU GDPR, Regulation 2016/679',
  category,
  dataZone: 'EU',
  allowedZones: ['EU'],
  instruments: ['ADEQUACY', 'SCC', 'BINDING_RULES', 'DEROGATION'],
  source: 'Regulation (EU) 2016/679, Chapter V, Articles 44 to 49',
  basis: 'UNVERIFIED',
  asOf: REVIEWED,
});

/** Government data of the federation: kept onshore until its owner's classification says otherwise. */
const government: ResidencyRule = {
  id: 'AE-GOVERNMENT-CLOUD',
  regime: 'UAE National Cloud Security Policy',
  category: 'government',
  dataZone: 'AE',
  allowedZones: ['AE'],
  instruments: ['OWNER_APPROVAL'],
  source: 'National Cloud Security Policy, data location',
  basis: 'SUMMARY',
  asOf: REVIEWED,
};

const banking: ResidencyRule = {
  id: 'AE-CBUAE-OUTSOURCING-6',
  regime: 'CBUAE Outsourcing Regulation C 14/2021',
  category: 'banking',
  dataZone: 'AE',
  allowedZones: ['AE'],
  instruments: ['REGULATOR_APPROVAL_AND_CUSTOMER_CONSENT'],
  source: 'CBUAE Outsourcing Regulation, Circular 14/2021, Article 6',
  basis: 'TEXT',
  asOf: REVIEWED,
};

export const residencyRules: readonly ResidencyRule[] = [
  pdpl('personal'),
  pdpl('sensitive'),
  ...AE_ALL.map(health),
  banking,
  government,
  difc('personal'),
  difc('sensitive'),
  adgm('personal'),
  adgm('sensitive'),
  gdpr('personal'),
  gdpr('sensitive'),
  gdpr('health'),
];
