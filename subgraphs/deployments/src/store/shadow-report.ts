import type { Tx } from '@falaj/database';
import { eq } from 'drizzle-orm';
import { merge, quantileOf, type Sketch } from '../domain/rollout/sketch.js';
import { shadowWindow } from './rollout-tables.js';

/** What a shadow did, over all processes and its whole life. */
export async function shadowReport(tx: Tx, shadowId: string) {
  const windows = await tx.select().from(shadowWindow).where(eq(shadowWindow.shadowId, shadowId));
  const sum = (field: 'compared' | 'failed' | 'dropped' | 'comparedRows' | 'disagreed') =>
    windows.reduce((total, window) => total + window[field], 0);
  const merged = (field: 'deltas' | 'answerLatency' | 'shadowLatency') =>
    windows.reduce<Sketch>((all, window) => merge(all, window[field]), {});
  const rows = sum('comparedRows');
  const [answerLatency, shadowLatency] = [quantiles(merged('answerLatency')), quantiles(merged('shadowLatency'))];
  return {
    compared: sum('compared'),
    failed: sum('failed'),
    dropped: sum('dropped'),
    rows,
    disagreement: rows === 0 ? null : sum('disagreed') / rows,
    scoreDelta: quantiles(merged('deltas')),
    answerLatency,
    shadowLatency,
    latencyDelta:
      answerLatency.p50 === null || shadowLatency.p50 === null ? null : shadowLatency.p50 - answerLatency.p50,
  };
}

const quantiles = (sketch: Readonly<Sketch>) => ({
  minimum: quantileOf(sketch, 0),
  p5: quantileOf(sketch, 0.05),
  p50: quantileOf(sketch, 0.5),
  p95: quantileOf(sketch, 0.95),
  maximum: quantileOf(sketch, 1),
});
