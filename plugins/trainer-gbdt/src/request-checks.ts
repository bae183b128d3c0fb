import type { TrainRequest } from '@falaj/contracts';
import { PluginError, type TrainLimits } from '@falaj/plugin-sdk';
import type { Parameters } from './parameters.js';

/** What one installation lets a single training use. */
export interface Limits extends TrainLimits {
  /** Trees over all rounds; multiclass has one a class and round. */
  readonly maxTrees: number;
  /** Memory of the histograms of one tree. */
  readonly maxHistogramBytes: number;
}

const BYTES_PER_CELL = 16;

/** Throws BAD_INPUT when the parameters ask for more than the installation allows. */
export function checkSize(request: TrainRequest, parameters: Parameters, limits: Limits): void {
  const trees = parameters.trees * (request.task === 'multiclass' ? (request.classes as number) : 1);
  if (trees > limits.maxTrees)
    throw bad(`Parameter "trees" asks for ${trees} trees in all; this installation allows ${limits.maxTrees}.`);
  const cells = request.features.columns.length * (parameters.maxBins + 1);
  const bytes = cells * BYTES_PER_CELL * parameters.maxLeaves;
  if (bytes > limits.maxHistogramBytes) {
    throw bad(
      `Parameters "maxLeaves" ${parameters.maxLeaves} and "maxBins" ${parameters.maxBins} over ${request.features.columns.length} columns need ${bytes} bytes of histograms; this installation allows ${limits.maxHistogramBytes}.`,
    );
  }
}

function bad(message: string): PluginError {
  return new PluginError('BAD_INPUT', message);
}
