// Scores of predictions on held-out rows, and of baselines that any model must beat.

/** AUC is the chance that a positive row scores above a negative one, ties counted half (Mann-Whitney). */
export interface BinaryScores {
  readonly auc: number | null;
  /** Mean negative log likelihood in nats; predictions clipped to [1e-15, 1 - 1e-15]. */
  readonly logLoss: number;
  /** Mean squared difference of probability and outcome (Brier 1950). */
  readonly brier: number;
}

export interface Evaluation {
  readonly rows: number;
  readonly trainedRows: number;
  /** Share of positive labels (binary) or mean label (regression) among the trained rows. */
  readonly baseRate: number;
  readonly scores: Readonly<Record<string, number | null>>;
  readonly baselines: readonly { readonly name: string; readonly scores: Readonly<Record<string, number | null>> }[];
}

export function binaryScores(labels: Float32Array, predictions: ArrayLike<number>): BinaryScores {
  let logLoss = 0;
  let brier = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    const p = predictions[row] as number;
    const clipped = Math.min(Math.max(p, 1e-15), 1 - 1e-15);
    logLoss -= label === 1 ? Math.log(clipped) : Math.log(1 - clipped);
    brier += (p - label) ** 2;
  }
  return { auc: auc(labels, predictions), logLoss: logLoss / labels.length, brier: brier / labels.length };
}

/** Null where only one class is present, or a prediction is no number: it has no rank. */
export function auc(labels: Float32Array, predictions: ArrayLike<number>): number | null {
  for (let row = 0; row < labels.length; row++) if (Number.isNaN(predictions[row])) return null;
  const order = Uint32Array.from({ length: labels.length }, (_, row) => row).sort(
    (a, b) => (predictions[a] as number) - (predictions[b] as number),
  );
  let rankSum = 0;
  let positives = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && predictions[order[end] as number] === predictions[order[start] as number]) end++;
    // Tied rows share the mean of their ranks.
    const rank = (start + end + 1) / 2;
    for (let place = start; place < end; place++) {
      if (labels[order[place] as number] === 1) {
        rankSum += rank;
        positives++;
      }
    }
    start = end;
  }
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Root mean squared error, mean absolute error, coefficient of determination. */
export function regressionScores(labels: Float32Array, predictions: ArrayLike<number>): Record<string, number | null> {
  let squared = 0;
  let absolute = 0;
  let mean = 0;
  for (const label of labels) mean += label / labels.length;
  let spread = 0;
  for (let row = 0; row < labels.length; row++) {
    const difference = (predictions[row] as number) - (labels[row] as number);
    squared += difference ** 2;
    absolute += Math.abs(difference);
    spread += ((labels[row] as number) - mean) ** 2;
  }
  return {
    rmse: Math.sqrt(squared / labels.length),
    mae: absolute / labels.length,
    r2: spread === 0 ? null : 1 - squared / spread,
  };
}

/** Accuracy and mean negative log likelihood over `classes` columns per row. */
export function multiclassScores(
  labels: Float32Array,
  predictions: ArrayLike<number>,
  classes: number,
): Record<string, number> {
  let right = 0;
  let logLoss = 0;
  for (let row = 0; row < labels.length; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if ((predictions[row * classes + k] as number) > (predictions[row * classes + best] as number)) best = k;
    }
    const label = labels[row] as number;
    if (best === label) right++;
    logLoss -= Math.log(Math.min(Math.max(predictions[row * classes + label] as number, 1e-15), 1));
  }
  return { accuracy: right / labels.length, logLoss: logLoss / labels.length };
}

/** Mean trained label per group; groups never seen get the overall mean. */
export function groupMeans(
  groups: readonly string[],
  labels: Float32Array,
  trained: number,
): { baseRate: number; predict: (from: number) => Float64Array } {
  const sums = new Map<string, { sum: number; count: number }>();
  let sum = 0;
  for (let row = 0; row < trained; row++) {
    const group = groups[row] as string;
    const entry = sums.get(group) ?? { sum: 0, count: 0 };
    entry.sum += labels[row] as number;
    entry.count++;
    sums.set(group, entry);
    sum += labels[row] as number;
  }
  const baseRate = sum / trained;
  return {
    baseRate,
    predict: (from) =>
      Float64Array.from({ length: groups.length - from }, (_, place) => {
        const entry = sums.get(groups[from + place] as string);
        return entry ? entry.sum / entry.count : baseRate;
      }),
  };
}
