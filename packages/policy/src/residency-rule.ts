export const dataCategories = ['personal', 'sensitive', 'health', 'banking', 'government', 'none'] as const;
export type DataCategory = (typeof dataCategories)[number];

/** One rule of one regime on one category of data in one zone. Not legal advice: parameters to be confirmed by counsel. */
export interface ResidencyRule {
  readonly id: string;
  readonly regime: string;
  readonly category: DataCategory;
  /** Zone whose data it binds: `AE`, `AE-DIFC`, `AE-ADGM`, an ISO country, or `EU` for every member of the union. */
  readonly dataZone: string;
  /** Zones that need no instrument; `EU` stands for every member, `*` for anywhere. */
  readonly allowedZones: readonly string[];
  /** What would open other zones when recorded, e.g. a regulator's approval. */
  readonly instruments: readonly string[];
  readonly source: string;
  /** `TEXT`: the law itself was read; `SUMMARY`: what others write about it; `UNVERIFIED`: neither. */
  readonly basis: 'TEXT' | 'SUMMARY' | 'UNVERIFIED';
  /** ISO date of the last review of the row. */
  readonly asOf: string;
}
