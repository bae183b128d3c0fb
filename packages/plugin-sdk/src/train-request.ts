// What every trainer must be able to rely on before it reads a number; one check, so that all trainers refuse alike.
import type { Matrix, TrainRequest } from '@falaj/contracts';
import { PluginError } from './plugin-error.js';

/** What one installation lets a single training use. */
export interface TrainLimits {
  readonly maxRows: number;
  readonly maxColumns: number;
  readonly maxClasses: number;
}

/** Throws BAD_INPUT for anything that training could not use; afterwards every number is known to be sound. */
export function checkTrainRequest(request: TrainRequest, limits: TrainLimits): void {
  const { features, labels, validation, holdout } = request;
  if (!Number.isSafeInteger(request.seed)) throw bad(`seed is ${request.seed}; allowed: a whole number.`);
  const columns = features.columns.length;
  if (columns === 0) throw bad('features has no columns; at least one is needed.');
  if (columns > limits.maxColumns)
    throw bad(`features has ${columns} columns; this installation allows ${limits.maxColumns}.`);
  const repeated = features.columns.find((name, index) => features.columns.indexOf(name) !== index);
  if (repeated !== undefined) throw bad(`features names the column "${repeated}" more than once.`);
  const classes = classesOf(request, limits);

  checkMatrix('features', features, features.columns, limits);
  checkLabels('labels', labels, features.rows, request, classes);
  checkVariety(request);
  if (validation) {
    checkMatrix('validation.features', validation.features, features.columns, limits);
    checkLabels('validation.labels', validation.labels, validation.features.rows, request, classes);
  }
  if (holdout) checkMatrix('holdout', holdout, features.columns, limits, 0);
}

function classesOf({ task, classes }: TrainRequest, limits: TrainLimits): number {
  if (task === 'binary' || task === 'regression') {
    if (classes !== undefined) throw bad(`classes is ${classes} but belongs to multiclass only; the task is ${task}.`);
    return task === 'binary' ? 2 : 0;
  }
  if (task !== 'multiclass') throw bad(`task is ${JSON.stringify(task)}; allowed: binary, multiclass, regression.`);
  if (classes === undefined || !Number.isSafeInteger(classes) || classes < 2 || classes > limits.maxClasses) {
    throw bad(`classes is ${classes}; multiclass allows a whole number from 2 to ${limits.maxClasses}.`);
  }
  return classes;
}

function checkMatrix(
  where: string,
  matrix: Matrix,
  columns: readonly string[],
  limits: TrainLimits,
  leastRows = 1,
): void {
  const { rows, values } = matrix;
  if (!Number.isSafeInteger(rows) || rows < leastRows || rows > limits.maxRows) {
    throw bad(`${where} has ${rows} rows; this installation allows ${leastRows} to ${limits.maxRows}.`);
  }
  if (matrix.columns.length !== columns.length || matrix.columns.some((name, index) => name !== columns[index])) {
    throw bad(`${where} has the columns ${matrix.columns.join(', ')}; expected ${columns.join(', ')}, in this order.`);
  }
  if (values.length !== rows * columns.length) {
    throw bad(
      `${where} has ${values.length} values; ${rows} rows of ${columns.length} columns need ${rows * columns.length}.`,
    );
  }
  const infinite = values.findIndex(
    (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
  );
  if (infinite >= 0) {
    const row = Math.floor(infinite / columns.length);
    throw bad(
      `${where} has ${values[infinite]} in row ${row}, column "${columns[infinite % columns.length]}"; use a finite number, or NaN for missing.`,
    );
  }
}

function checkLabels(where: string, labels: Float32Array, rows: number, { task }: TrainRequest, classes: number): void {
  if (labels.length !== rows)
    throw bad(`${where} has ${labels.length} values for ${rows} rows; one per row is needed.`);
  const wrong = labels.findIndex((label) =>
    task === 'regression' ? !Number.isFinite(label) : !(Number.isInteger(label) && label >= 0 && label < classes),
  );
  if (wrong < 0) return;
  const allowed = {
    binary: '0 or 1',
    multiclass: `a class index from 0 to ${classes - 1}`,
    regression: 'a finite number',
  };
  throw bad(`${where} has ${labels[wrong]} in row ${wrong}; allowed for ${task}: ${allowed[task]}.`);
}

function checkVariety({ task, labels }: TrainRequest): void {
  if (task === 'regression' || labels.some((label) => label !== labels[0])) return;
  throw bad(`labels holds only the class ${labels[0]}; at least two are needed to learn a difference.`);
}

function bad(message: string): PluginError {
  return new PluginError('BAD_INPUT', message);
}
