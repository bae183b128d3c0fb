// Whether a model version can be made again: what is asked to rebuild it, and the comparison of both makings.
import { refused } from '@falaj/runtime';
import { z } from 'zod';

export const reproduceInput = z.object({ modelVersionId: z.string().min(1).max(128) });

const time = z.object({
  column: z.string(),
  format: z.string().optional(),
  timeZone: z.string().optional(),
  plus: z.object({ column: z.string(), unit: z.string() }).optional(),
  offsetSeconds: z.number().optional(),
});

/** What of a training set's manifest says how it was made. */
const manifest = z.object({
  spec: z.object({
    eventTime: time,
    carry: z.array(z.string()),
    label: z.object({
      name: z.string(),
      column: z.string(),
      condition: z.object({ operator: z.string(), value: z.union([z.number(), z.string(), z.boolean()]) }).optional(),
    }),
  }),
});

/** A training set as the graph answers it; null where absent or withheld. */
export interface TrainingSetAnswer {
  readonly id: string;
  readonly name: string | null;
  readonly digest: string | null;
  readonly manifest: unknown;
  readonly labelSource: { readonly id: string } | null;
  readonly featureService: { readonly id: string } | null;
}

/** The input of `createTrainingSet` that makes the set again under another name. */
export function rebuildInput(set: TrainingSetAnswer, suffix: string): Record<string, unknown> {
  const made = manifest.safeParse(set.manifest);
  if (!made.success || !set.labelSource || !set.featureService || set.name === null)
    throw refused(
      {
        rule: 'REPRODUCTION_MANIFEST',
        found: `training set ${set.id}, how it was made withheld from you or gone in part`,
        limit: 'a training set with manifest, label source and feature service in your sight',
        whatToDo: 'let somebody do it who may read the manifest',
      },
      'FORBIDDEN',
    );
  const { eventTime, carry, label } = made.data.spec;
  const { plus, ...at } = eventTime;
  const { condition, ...named } = label;
  return {
    // Names have at most 63 characters.
    name: `${set.name.slice(0, 40)}-again-${suffix.slice(-12)}`,
    featureServiceId: set.featureService.id,
    labelSourceId: set.labelSource.id,
    eventTime: { ...at, ...(plus ? { plusColumn: plus.column, plusUnit: plus.unit } : {}) },
    carry,
    label: {
      ...named,
      ...(condition ? { condition: { operator: condition.operator, ...typed(condition.value) } } : {}),
    },
  };
}

const typed = (value: number | string | boolean): Record<string, unknown> => {
  if (typeof value === 'number') return { number: value };
  return typeof value === 'string' ? { text: value } : { boolean: value };
};

/** What a making of the model came to. */
export interface Making {
  readonly trainingSetDigest: string | null;
  readonly modelDigest: string | null;
  readonly codeReference: string | null;
  readonly scores: Readonly<Record<string, number | null>>;
}

export interface Comparison {
  /** `trainingSetDigest`, `modelDigest`, `codeReference` or `score:<name>`. */
  readonly subject: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly same: boolean;
}

/** Every fact of both makings side by side; what is missing on either side is not the same. */
export function compareMakings(expected: Making, found: Making): Comparison[] {
  const compare = (subject: string, one: string | number | null, other: string | number | null): Comparison => ({
    subject,
    expected: one === null ? null : String(one),
    found: other === null ? null : String(other),
    same: one !== null && Object.is(one, other),
  });
  const metrics = [...new Set([...Object.keys(expected.scores), ...Object.keys(found.scores)])].sort();
  return [
    compare('trainingSetDigest', expected.trainingSetDigest, found.trainingSetDigest),
    ...metrics.map((metric) =>
      compare(`score:${metric}`, expected.scores[metric] ?? null, found.scores[metric] ?? null),
    ),
    compare('modelDigest', expected.modelDigest, found.modelDigest),
    compare('codeReference', expected.codeReference, found.codeReference),
  ];
}

/** The same training set and the same scores; a file that differs in bytes only, or newer code, is told but no failure. */
export function verdictOf(comparisons: readonly Comparison[]): 'REPRODUCED' | 'DIFFERS' {
  const decisive = comparisons.filter(({ subject }) => subject === 'trainingSetDigest' || subject.startsWith('score:'));
  return decisive.length > 1 && decisive.every(({ same }) => same) ? 'REPRODUCED' : 'DIFFERS';
}
