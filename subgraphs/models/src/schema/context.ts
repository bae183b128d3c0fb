import { PlatformError } from '@falaj/runtime';
import type { PageArguments, SubgraphContext } from '@falaj/subgraph-kit';

/** What resolvers of this subgraph receive. */
export type ModelsContext = SubgraphContext<ModelsServices>;

export interface ModelsServices {
  /** Folder from which model files may be registered; undefined where this process has none. */
  readonly landing: string | undefined;
}

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;

/** Lists below many parents are read in one statement and show their beginning; a root list goes on. */
export function beginning(page: PageArguments, rootList: string): number {
  if (page.after)
    throw new PlatformError('BAD_USER_INPUT', `after: this list shows its beginning only; page through ${rootList}.`, {
      details: { field: 'after' },
    });
  return page.first;
}
