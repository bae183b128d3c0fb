import type { TrainingSetSpec } from '@falaj/contracts';

/** Where the rows of a set name persons: columns of the set, and values that are the same for every row. */
export function personsIn(spec: TrainingSetSpec): { columns: string[]; constants: string[] } {
  const keys = spec.views.flatMap((view) => view.keys.filter((key) => key.name === view.spec.subjectKey));
  return {
    columns: [...new Set(keys.flatMap((key) => ('column' in key ? [key.column] : [])))],
    constants: [...new Set(keys.flatMap((key) => ('constant' in key ? [key.constant] : [])))],
  };
}

export function isOfPersons(spec: TrainingSetSpec): boolean {
  const { columns, constants } = personsIn(spec);
  return columns.length + constants.length > 0;
}
