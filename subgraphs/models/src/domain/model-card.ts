// Model cards after Mitchell et al. 2019, "Model Cards for Model Reporting" (arXiv:1810.03993). People write what only
// they know; data and metrics come from lineage and stored evaluations, so that nobody can embellish them.
import { z } from 'zod';
import type { FeatureViewVersion, Lineage } from './registration.js';

export const cardSections = [
  'INTENDED_USE',
  'DATA',
  'METRICS',
  'LIMITATIONS',
  'ETHICAL_CONSIDERATIONS',
  'OWNERS',
] as const;
export type CardSection = (typeof cardSections)[number];

const prose = z.string().trim().max(20_000);

export const modelCardInput = z.object({
  modelVersionId: z.string().min(1).max(128),
  intendedUse: prose.default(''),
  limitations: prose.default(''),
  ethicalConsiderations: prose.default(''),
  owners: z.array(z.string().trim().min(1).max(200)).max(50).default([]),
});

export interface CardMetric {
  readonly slice: string;
  readonly metric: string;
  readonly value: number | null;
  readonly baseline: number | null;
  readonly baselineName: string | null;
}

export interface CardData {
  readonly trainingSetId: string;
  readonly trainingSetDigest: string;
  readonly featureViews: readonly FeatureViewVersion[];
  readonly categories: readonly string[];
  readonly heldOutRows: number | null;
}

export interface CardSections {
  readonly intendedUse: string;
  readonly data: CardData | null;
  readonly metrics: readonly CardMetric[];
  readonly limitations: string;
  readonly ethicalConsiderations: string;
  readonly owners: readonly string[];
}

/** What of a version a card is made of. */
export interface CardSource {
  readonly trainingSetId: string | null;
  readonly trainingSetDigest: string | null;
  readonly featureViewVersions: readonly FeatureViewVersion[];
  readonly categories: readonly string[];
  readonly evaluation: Lineage['evaluation'] | null;
}

const HELD_OUT = 'all held-out rows';

/** The parts that nobody writes. */
export function generatedSections(version: CardSource): Pick<CardSections, 'data' | 'metrics'> {
  const { trainingSetId, trainingSetDigest, evaluation } = version;
  const baseline = evaluation?.baselines?.[0];
  return {
    data:
      trainingSetId && trainingSetDigest
        ? {
            trainingSetId,
            trainingSetDigest,
            featureViews: version.featureViewVersions,
            categories: version.categories,
            heldOutRows: evaluation?.rows ?? null,
          }
        : null,
    metrics: Object.entries(evaluation?.scores ?? {}).map(([metric, value]) => ({
      slice: HELD_OUT,
      metric,
      value,
      baseline: baseline?.scores?.[metric] ?? null,
      baselineName: baseline?.name ?? null,
    })),
  };
}

/** A beginning for who writes the card: facts filled in, prose of the version before it, or none. */
export function draftCard(version: CardSource, before: CardSections | null, owner: string): CardSections {
  return {
    intendedUse: before?.intendedUse ?? '',
    limitations: before?.limitations ?? '',
    ethicalConsiderations: before?.ethicalConsiderations ?? '',
    owners: before?.owners.length ? before.owners : [owner],
    ...generatedSections(version),
  };
}

/** Sections that hold nothing. */
export function emptySections(card: CardSections | null): CardSection[] {
  if (!card) return [...cardSections];
  const filled: Record<CardSection, boolean> = {
    INTENDED_USE: card.intendedUse !== '',
    DATA: card.data !== null,
    METRICS: card.metrics.some(({ value }) => value !== null),
    LIMITATIONS: card.limitations !== '',
    ETHICAL_CONSIDERATIONS: card.ethicalConsiderations !== '',
    OWNERS: card.owners.length > 0,
  };
  return cardSections.filter((section) => !filled[section]);
}
