// One inference as it is written down.
import type { Tensor } from '@falaj/contracts';
import type { Inference } from '../inference-observer.js';
import { scoresOf } from '../rollout/shadow-comparison.js';
import type { InputLayout, Treatment } from './redaction.js';

export type Cell = number | string | boolean | null;

/** Names are those of the table's columns. */
export interface InferenceRecord {
  readonly id: string;
  readonly workspace_id: string;
  readonly zone: string;
  readonly endpoint_id: string;
  readonly revision: number;
  readonly model_version_id: string;
  readonly model_version: number;
  readonly variant: string;
  /** Keyed digest; null where none was sent. */
  readonly subject: string | null;
  readonly principal_id: string;
  readonly request_id: string | null;
  readonly trace_id: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly latency_ms: number;
  readonly row_count: number;
  /** What the caller sent beside features, by input, row by row. */
  readonly inputs: Readonly<Record<string, readonly Cell[]>>;
  /** One object per row, by column; null where there is no value or it is masked. */
  readonly features: readonly Readonly<Record<string, Cell>>[];
  readonly outputs:
    | readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Cell[] }[]
    | null;
  /** One per row of the response. */
  readonly scores: readonly (number | null)[];
  /** Columns that are not in clear. */
  readonly redacted: readonly string[];
  readonly error_code: string | null;
  readonly error_message: string | null;
}

/** A keyed digest of a value of a column; null where the key is not at hand: then the value is masked. */
export type Digest = ((column: string, value: string) => string) | null;

export function recordOf(inference: Inference, layout: InputLayout, digest: Digest): InferenceRecord {
  const redacted = new Set<string>();
  const cell = (name: string, treatment: Treatment, value: Cell): Cell => {
    if (treatment === 'CLEAR') return value;
    redacted.add(name);
    return treatment === 'MASKED' || value === null || digest === null ? null : digest(name, String(value));
  };
  const { endpoint, request, error } = inference;
  const matrix = matrixOf(inference, layout);
  const inputs: Record<string, readonly Cell[]> = {};
  for (const tensor of request) {
    if (tensor === matrix?.from) continue;
    const treatment = layout.treatmentOf(tensor.name);
    const name = clean(tensor.name);
    const { data } = tensor;
    inputs[name] =
      treatment === 'CLEAR' && data instanceof Float32Array
        ? finiteOf(data)
        : Array.from(data as ArrayLike<unknown>, (value) => cell(name, treatment, plain(value)));
  }
  const rows = matrix?.rows ?? request[0]?.shape[0] ?? 0;
  const { columns } = layout;
  const features = Array.from({ length: matrix?.rows ?? 0 }, (_, row) => {
    const of: Record<string, Cell> = {};
    for (let column = 0; column < columns.length; column++) {
      const { name, treatment } = columns[column] as InputLayout['columns'][number];
      const value = plain(matrix?.values[row * columns.length + column]);
      of[name] = treatment === 'CLEAR' ? value : cell(name, treatment, value);
    }
    return of;
  });
  return {
    id: inference.id,
    workspace_id: endpoint.workspaceId,
    zone: endpoint.zone,
    endpoint_id: endpoint.id,
    revision: inference.revision,
    model_version_id: inference.modelVersionId,
    model_version: inference.modelVersion,
    variant: inference.variant,
    subject: inference.subject === null || digest === null ? null : digest('subject', inference.subject),
    principal_id: inference.principalId,
    request_id: clean(inference.requestId),
    trace_id: inference.traceId,
    at: new Date(inference.at).toISOString(),
    latency_ms: inference.latencyMs,
    row_count: rows,
    inputs,
    features,
    outputs:
      inference.response?.map(({ name, shape, data }) => ({
        name,
        shape,
        data: data instanceof Float32Array ? finiteOf(data) : Array.from(data as ArrayLike<unknown>, plain),
      })) ?? null,
    scores: inference.response ? scoresOf(inference.response).map((score) => finite(score)) : [],
    redacted: [...redacted],
    error_code: error?.code ?? null,
    // A message may quote what was sent.
    error_message: error === null ? null : redacted.size > 0 ? '[redacted]' : clean(error.message),
  };
}

/** The model's own matrix: joined by the server, or as the caller sent it. */
function matrixOf({ features, request }: Inference, { columns, entityKeys }: InputLayout) {
  const width = columns.length;
  if (width === 0) return null;
  if (features) return { rows: features.rows, values: features.values as ArrayLike<unknown>, from: undefined };
  const from = request.find(
    ({ name, shape, datatype }) => datatype !== 'BYTES' && !entityKeys.includes(name) && shape[1] === width,
  );
  return from ? { rows: from.shape[0] as number, values: from.data as ArrayLike<unknown>, from } : null;
}

/** As JSON and PostgreSQL can hold it: no NaN, no infinity, no NUL, no half of a surrogate pair. */
function plain(value: unknown): Cell {
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return typeof value === 'boolean' ? value : null;
}

/** A loop: by far most of what is written are numbers. */
function finiteOf(data: Float32Array): Cell[] {
  const cells: Cell[] = new Array(data.length);
  for (let place = 0; place < data.length; place++) cells[place] = finite(data[place] as number);
  return cells;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const clean = <T extends string | null>(text: T): T =>
  text === null || (text.isWellFormed() && !text.includes('\0'))
    ? text
    : (text.toWellFormed().replaceAll('\0', '') as T);

/** Values that a record will hold: what a full buffer is measured by. */
export const cellsOf = ({ request, features, response }: Inference): number => {
  let cells = features?.values.length ?? 0;
  for (const { data } of request) cells += data.length;
  for (const { data } of response ?? ([] as readonly Tensor[])) cells += data.length;
  return cells;
};
