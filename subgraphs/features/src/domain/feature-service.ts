import type { KeyExpression } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import type { FeatureDefinition } from './feature-view.js';
import { keyInput } from './feature-view.js';
import { description, name } from './names.js';

/** One view of a service: which features, and which request fields its keys come from. */
export interface ServiceView {
  readonly featureViewId: string;
  readonly name: string;
  readonly version: number;
  readonly keys: readonly KeyExpression[];
  readonly features: readonly { readonly feature: string; readonly column: string }[];
}

export interface ServiceRequestFeature {
  readonly name: string;
  readonly function: 'HOUR' | 'WEEKDAY' | 'MONTH' | 'DAY_OF_MONTH';
}

export const featureServiceInput = z.object({
  name,
  description,
  views: z
    .array(
      z.object({
        featureViewId: z.string(),
        keys: z.array(keyInput).min(1),
        features: z.array(z.string()).nullish(),
      }),
    )
    .min(1)
    .max(100),
  requestFeatures: z
    .array(
      z.object({
        name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
        function: z.enum(['HOUR', 'WEEKDAY', 'MONTH', 'DAY_OF_MONTH']),
      }),
    )
    .default([]),
});
export type FeatureServiceInput = z.output<typeof featureServiceInput>;

/** Pins a service to exact view versions; each feature becomes the column `<view>__<feature>`. */
export function defineServiceView(
  input: FeatureServiceInput['views'][number],
  view: {
    id: string;
    name: string;
    version: number;
    features: readonly FeatureDefinition[];
    definition: { keys: readonly KeyExpression[] };
  },
): ServiceView {
  const own = view.features.map((feature) => feature.name);
  const wanted = input.features ?? own;
  const unknown = wanted.filter((feature) => !own.includes(feature));
  if (unknown.length > 0) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `input.views: ${view.name} has no feature ${unknown.join(', ')}; it has ${own.join(', ')}.`,
    );
  }
  const keys = view.definition.keys.map((key) => key.name);
  const given = input.keys.map((key) => key.name);
  if (keys.join() !== given.join()) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `input.views: ${view.name} has the keys ${keys.join(', ')} in this order; found ${given.join(', ')}.`,
    );
  }
  return {
    featureViewId: view.id,
    name: view.name,
    version: view.version,
    keys: input.keys,
    features: wanted.map((feature) => ({ feature, column: `${view.name}__${feature}` })),
  };
}
