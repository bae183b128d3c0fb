import type { ReadData } from '@falaj/subgraph-kit';
import type { DeployableModel } from '../domain/deployable-model.js';

/** What the answers of a model are of: the data that it learned from. */
export const modelData = ({
  categories,
  allowedZones,
  origins = [null],
}: Pick<DeployableModel, 'categories' | 'allowedZones' | 'origins'>): ReadData => ({
  categories,
  allowedZones,
  origins: () => origins,
});
