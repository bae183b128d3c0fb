import type { FeatureColumn, FeatureValue, OnlineRow } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import type { FeaturePlan } from './training-set.js';

export type FeatureStatus = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

export interface VectorValue {
  readonly feature: string;
  readonly value: FeatureValue;
  readonly status: FeatureStatus;
  readonly eventTime: Date | null;
}

/** The canonical key of an entity in a view: its key values as a JSON array of texts. */
export function entityKey(keys: FeaturePlan['views'][number]['keys'], row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    keys.map((key) => {
      if ('constant' in key) return key.constant;
      const value = row[key.name];
      if (value === undefined || value === null) {
        throw new PlatformError(
          'BAD_USER_INPUT',
          `input.entityRows: the key "${key.name}" is missing; found ${Object.keys(row).join(', ') || 'nothing'}.`,
        );
      }
      return String(value);
    }),
  );
}

/** Each planned column of one entity row, with why a value is missing. */
export function assembleVector(
  plan: FeaturePlan,
  rows: ReadonlyMap<string, OnlineRow | null>,
  at: Date,
): VectorValue[] {
  return plan.columns.flatMap((column): VectorValue[] => {
    if (column.kind === 'request') return [];
    const view = plan.views.find((candidate) => candidate.view === column.view);
    const row = rows.get(column.view) ?? null;
    if (!view || !row) return [{ feature: column.column, value: null, status: 'NOT_FOUND', eventTime: null }];
    const eventTime = new Date(row.eventTime);
    if (view.ttlSeconds !== null && row.eventTime < at.getTime() - view.ttlSeconds * 1000) {
      return [{ feature: column.column, value: null, status: 'OUTSIDE_MAX_AGE', eventTime }];
    }
    const place = view.columns.findIndex((candidate: FeatureColumn) => candidate.name === column.feature);
    const value = row.values[place] ?? null;
    return [{ feature: column.column, value, status: value === null ? 'NULL_VALUE' : 'PRESENT', eventTime }];
  });
}
