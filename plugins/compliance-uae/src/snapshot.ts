// What is judged: the state of one deployment, as the platform knows it at the moment of the request. Checks read parts
// of it; what a check needs and the snapshot lacks makes that check fail.
import { z } from 'zod';

const text = z.string().min(1);
/** Jurisdiction of storage or processing: `AE`, `AE-DIFC`, `AE-ADGM`, or an ISO country. */
const zone = z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{2,8})?$/, 'a zone is like AE, AE-DIFC or an ISO country');

export const dataCategories = ['personal', 'sensitive', 'health', 'banking', 'payment', 'government', 'none'] as const;
export type DataCategory = (typeof dataCategories)[number];

/** Empty = nothing regulated in it; an unknown name is an error, for nobody can say which law it is under. */
const categories = z.array(z.enum(dataCategories));

/** A data source behind the model's features. */
const source = z.object({ name: text, zone, categories });

/** Permission for a transfer that the rule alone would not allow, valid up to and including `validTo`. */
const instrument = z.object({
  type: text,
  validTo: z.iso.datetime({ offset: true }).or(z.iso.date()),
  /** Zones that it opens beyond those that the model inherited; without them it opens none. */
  targetZones: z.array(zone).optional(),
});
export type Instrument = z.output<typeof instrument>;

/** One metric on held-out data, beside the same metric of the baseline. */
const evaluation = z.object({ metric: text, value: z.number(), baseline: z.number() });

const lineage = z.object({
  runId: text,
  trainingSetDigest: text,
  /** Commit or package version of the code that trained. */
  codeRef: text,
  /** What it ran on, e.g. Node version and trainer package; a text or an object that is not empty. */
  environment: text.or(z.record(z.string(), z.unknown()).refine((facts) => Object.keys(facts).length > 0, 'no facts')),
});

const model = z.object({
  name: text,
  version: text.or(z.number().int().positive()),
  /** SHA-256 of the bytes that would be served. */
  digest: text,
  /** SHA-256 in the model registry. */
  registeredDigest: text,
  /** Inherited from the training data. */
  allowedZones: z.array(zone).min(1),
  categories,
  /** Every zone in which the training data was stored or processed, the training executor's included. */
  dataZones: z.array(zone).min(1),
  evaluation: z.array(evaluation).min(1),
  lineage,
});

/** Snapshot of the subject `deployment`. */
export const deploymentSnapshot = z.object({
  /** When it was taken; needed only where instruments are to be judged. ISO 8601 with offset. */
  at: z.iso.datetime({ offset: true }).optional(),
  /** Where the model would be served. */
  targetZone: zone,
  workspaceZones: z.array(zone).min(1),
  model,
  sources: z.array(source).min(1),
  instruments: z.array(instrument),
});

/** For callers to type what they build. */
export type DeploymentSnapshot = z.input<typeof deploymentSnapshot>;
