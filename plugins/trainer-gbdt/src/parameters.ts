import type { TrainingParameter } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';

interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** True where `min` itself is not allowed. */
  readonly aboveMin?: boolean;
}

/** Every parameter of the trainer with its default and its range. */
export const PARAMETERS = {
  /** Rounds of boosting; multiclass grows one tree per class in each. */
  trees: { fallback: 100, min: 1, max: 10_000, whole: true },
  learningRate: { fallback: 0.1, min: 0, max: 1, whole: false, aboveMin: true },
  maxLeaves: { fallback: 31, min: 2, max: 1_024, whole: true },
  maxDepth: { fallback: 64, min: 1, max: 64, whole: true },
  minRowsPerLeaf: { fallback: 20, min: 1, max: 1_000_000, whole: true },
  l2: { fallback: 1, min: 0, max: 1_000_000, whole: false },
  maxBins: { fallback: 255, min: 2, max: 255, whole: true },
  /** Share of the rows that each tree sees. */
  rowSample: { fallback: 1, min: 0, max: 1, whole: false, aboveMin: true },
  /** Share of the columns that each tree sees. */
  columnSample: { fallback: 1, min: 0, max: 1, whole: false, aboveMin: true },
  /** Stop after so many rounds without a better validation loss; 0 = never. Without validation rows it is 0. */
  earlyStoppingRounds: { fallback: 20, min: 0, max: 10_000, whole: true },
} as const satisfies Record<string, Range>;

export type ParameterName = keyof typeof PARAMETERS;
export type Parameters = Readonly<Record<ParameterName, number>>;

/** Throws BAD_INPUT naming the parameter, what was found and what is allowed. */
export function readParameters(given: Readonly<Record<string, TrainingParameter>>, hasValidation: boolean): Parameters {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(PARAMETERS, name)) {
      throw new PluginError(
        'BAD_INPUT',
        `Unknown parameter "${name}"; allowed: ${Object.keys(PARAMETERS).join(', ')}.`,
      );
    }
  }
  const entries = Object.entries(PARAMETERS).map(
    ([name, range]) => [name, readNumber(name, given[name], range)] as const,
  );
  const parameters = Object.fromEntries(entries) as Record<ParameterName, number>;
  if (!hasValidation) {
    if (given.earlyStoppingRounds !== undefined && parameters.earlyStoppingRounds > 0) {
      throw new PluginError(
        'BAD_INPUT',
        `Parameter "earlyStoppingRounds" is ${parameters.earlyStoppingRounds} but there are no validation rows; give some or set it to 0.`,
      );
    }
    parameters.earlyStoppingRounds = 0;
  }
  return parameters;
}

function readNumber(name: string, found: TrainingParameter | undefined, range: Range): number {
  if (found === undefined) return range.fallback;
  const fits =
    typeof found === 'number' &&
    (range.whole ? Number.isSafeInteger(found) : Number.isFinite(found)) &&
    (range.aboveMin ? found > range.min : found >= range.min) &&
    found <= range.max;
  if (fits) return found;
  const kind = range.whole ? 'a whole number' : 'a number';
  const from = range.aboveMin ? `above ${range.min}` : `from ${range.min}`;
  const shown = typeof found === 'string' ? JSON.stringify(found) : String(found);
  throw new PluginError('BAD_INPUT', `Parameter "${name}" is ${shown}; allowed: ${kind} ${from} to ${range.max}.`);
}
