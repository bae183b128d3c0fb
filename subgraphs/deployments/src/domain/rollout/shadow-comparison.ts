// How much an answer that nobody saw differs from the one that was given.
import type { Tensor } from '@falaj/contracts';

export interface ShadowDifference {
  readonly rows: number;
  /** Rows on which the two decide differently. */
  readonly disagreed: number;
  /** Shadow minus answer, for each row on which both scores are finite. */
  readonly deltas: readonly number[];
}

/**
 * Compares the first numeric output: one column is a score that decides at the threshold, several columns decide by
 * their greatest. Whole numbers and texts are decisions themselves, and so is a score that is no number. Rows or columns that
 * do not match disagree wholly.
 */
export function compareAnswers(
  answer: readonly Tensor[],
  shadow: readonly Tensor[],
  threshold: number,
): ShadowDifference {
  const own = scoreOf(answer);
  const other = own && (shadow.find(({ name }) => name === own.name) ?? scoreOf(shadow));
  if (!own || !other) return { rows: 0, disagreed: 0, deltas: [] };
  const rows = own.shape[0] ?? 1;
  if (other.data.length !== own.data.length) return { rows, disagreed: rows, deltas: [] };
  const columns = rows === 0 ? 0 : own.data.length / rows;
  let disagreed = 0;
  const deltas: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [a, b] = [decisionOf(own, row, columns, threshold), decisionOf(other, row, columns, threshold)];
    if (a.decision !== b.decision) disagreed++;
    if (Number.isFinite(a.score) && Number.isFinite(b.score)) deltas.push((b.score as number) - (a.score as number));
  }
  return { rows, disagreed, deltas };
}

/** The output that carries the score: the first of floating point numbers, or the first at all. */
export const scoreOf = (outputs: readonly Tensor[]): Tensor | undefined =>
  outputs.find(({ datatype }) => datatype === 'FP32' || datatype === 'FP64') ?? outputs[0];

/** Scores of a tensor, one for each row: its only column, or of two and more the last, by custom that of the rarer class. */
export function scoresOf(outputs: readonly Tensor[]): number[] {
  const tensor = scoreOf(outputs);
  if (!tensor || tensor.datatype === 'BYTES') return [];
  const rows = tensor.shape[0] ?? 1;
  const columns = rows === 0 ? 0 : tensor.data.length / rows;
  return Array.from({ length: rows }, (_, row) => Number(tensor.data[row * columns + columns - 1]));
}

function decisionOf({ datatype, data }: Tensor, row: number, columns: number, threshold: number) {
  const at = row * columns;
  if (datatype !== 'FP32' && datatype !== 'FP64') {
    const values = Array.from({ length: columns }, (_, column) => String(data[at + column]));
    return { decision: values.join(), score: datatype === 'BYTES' ? null : Number(data[at]) };
  }
  const score = Number(data[at + columns - 1]);
  if (columns === 1) return { decision: Number.isNaN(score) ? 'none' : score >= threshold, score };
  let best = 0;
  for (let column = 1; column < columns; column++)
    if (Number(data[at + column]) > Number(data[at + best])) best = column;
  return { decision: best, score };
}
