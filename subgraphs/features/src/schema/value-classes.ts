// Who sees a value of a feature: decided by the class of the columns that it is made of, not by the type that carries it.
import { SMALL_GROUP } from '@falaj/policy';
import { READER_ABROAD } from '@falaj/subgraph-kit';
import type { ColumnClass } from '../domain/data-source.js';
import type { FeatureViewRow } from '../store/governed.js';
import type { FeaturesContext } from './context.js';
import type { FeatureStatistics } from './feature-view.js';

/** Of a feature whose class nobody wrote down, nothing is shown. */
const UNKNOWN: ColumnClass = 'secret';

/** Whether the field may show a value of that class; notes what is withheld. */
export function readsValue(
  context: FeaturesContext,
  noun: 'OnlineValue' | 'FeatureStatistics',
  field: string,
  columnClass: ColumnClass = UNKNOWN,
): boolean {
  const { allowed } = context.ability.check('read', noun, { columnClass }, field);
  if (!allowed) context.masked.record(noun, field, `${columnClass.toUpperCase()}_RESTRICTED`);
  return allowed;
}

/**
 * The statistics as this reader may see them: of personal data, who may not see values sees figures of groups only. The
 * least and the greatest are values themselves, which do not go `abroad` where the data may not.
 */
export function shownStatistics(
  found: FeatureStatistics,
  view: Pick<FeatureViewRow, 'features' | 'keys'>,
  context: FeaturesContext,
  abroad: boolean,
): FeatureStatistics {
  const columnClass = view.features?.find(({ name }) => name === found.feature)?.fieldClass ?? UNKNOWN;
  const seesValues = !abroad && context.ability.can('read', 'FeatureStatistics', { columnClass }, 'min');
  const isSmall = columnClass === 'pii' && !seesValues && (view.keys ?? 0) < context.smallestGroup;
  const shown = <T>(field: keyof FeatureStatistics, value: T): T | null => {
    if (!readsValue(context, 'FeatureStatistics', field, columnClass)) return null;
    if (!isSmall) return value;
    context.masked.record('FeatureStatistics', field, SMALL_GROUP);
    return null;
  };
  const ofOne = <T>(field: 'min' | 'max', value: T): T | null => {
    if (!abroad) return shown(field, value);
    context.masked.record('FeatureStatistics', field, READER_ABROAD);
    return null;
  };
  return {
    feature: found.feature,
    count: shown('count', found.count),
    nulls: shown('nulls', found.nulls),
    mean: shown('mean', found.mean),
    min: ofOne('min', found.min),
    max: ofOne('max', found.max),
  };
}
