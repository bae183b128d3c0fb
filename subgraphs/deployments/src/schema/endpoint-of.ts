import { endpoints } from '../store/governed.js';
import type { DeploymentsContext } from './context.js';

/** The endpoint of a row, null where the reader may not see it; all rows of a request in one statement. */
export const endpointOf = (context: DeploymentsContext, id: string | null): Promise<unknown> =>
  id === null
    ? Promise.resolve(null)
    : context.load('Endpoint by id', id, (ids) => context.reads.byIds(endpoints, ids));
