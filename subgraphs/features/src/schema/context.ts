import type { SubgraphContext } from '@falaj/subgraph-kit';

/** What resolvers of this subgraph receive. */
export type FeaturesContext = SubgraphContext<undefined>;

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;
