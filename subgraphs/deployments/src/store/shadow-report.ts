import type { Tx } from '@falaj/database';
import { eq } from 'drizzle-orm';
import { countOf, merge, quantileOf, type Sketch } from '../domain/rollout/sketch.js';
import { shadowWindow } from './rollout-tables.js';

/** What a shadow did, over all processes and its whole life. */
export async function shadowReport(tx: Tx, shadowId: string) {
  const windows = await tx.select().from(shadowWindow).where(eq(shadowWindow.shadowId, shadowId));
  type Counted = 'compared' | 'failed' | 'dropped' | 'comparedRows' | 'disagreed';
  const sum = (field: Counted | `${Sampled}Sum`) => windows.reduce((total, window) => total + window[field], 0);
  const distribution = (field: 'deltas' | 'answerLatency' | 'shadowLatency', total: number) =>
    distributionOf(
      windows.reduce<Sketch>((all, window) => merge(all, window[field]), {}),
      total,
    );
  const rows = sum('comparedRows');
  const answerLatency = distribution('answerLatency', sum('answerLatencySum'));
  const shadowLatency = distribution('shadowLatency', sum('shadowLatencySum'));
  return {
    compared: sum('compared'),
    failed: sum('failed'),
    dropped: sum('dropped'),
    rows,
    disagreement: rows === 0 ? null : sum('disagreed') / rows,
    scoreDelta: distribution('deltas', sum('deltaSum')),
    answerLatency,
    shadowLatency,
    latencyDelta:
      answerLatency.p50 === null || shadowLatency.p50 === null ? null : shadowLatency.p50 - answerLatency.p50,
  };
}

type Sampled = 'delta' | 'answerLatency' | 'shadowLatency';

function distributionOf(sketch: Readonly<Sketch>, sum: number) {
  const count = countOf(sketch);
  return {
    mean: count === 0 ? null : sum / count,
    minimum: quantileOf(sketch, 0),
    p5: quantileOf(sketch, 0.05),
    p50: quantileOf(sketch, 0.5),
    p95: quantileOf(sketch, 0.95),
    maximum: quantileOf(sketch, 1),
  };
}
