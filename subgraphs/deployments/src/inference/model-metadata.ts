import type { BatcherStatistics, DurationSum } from './micro-batcher.js';
import type { ServedModel } from './served-model.js';

/** Metadata answer of the protocol. */
export function metadataOf(model: ServedModel): object {
  const { name, versions, platform, inputs, outputs, properties } = model;
  return { name, versions, platform, inputs, outputs, ...(properties === undefined ? {} : { properties }) };
}

/** The statistics extension of the protocol; durations in nanoseconds. */
export function statisticsOf(model: ServedModel): object {
  const statistics: BatcherStatistics = model.statistics();
  const sum = ({ count, ns }: DurationSum) => ({ count, ns: Math.round(ns) });
  return {
    name: model.name,
    version: model.version,
    last_inference: statistics.lastInference,
    inference_count: statistics.inferenceCount,
    execution_count: statistics.executionCount,
    inference_stats: {
      success: sum(statistics.success),
      fail: sum(statistics.fail),
      queue: sum(statistics.queue),
      compute_infer: sum(statistics.compute),
    },
    batch_stats: [...statistics.batches].map(([rows, time]) => ({ batch_size: rows, compute_infer: sum(time) })),
  };
}
