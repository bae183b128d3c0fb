import type { ReaderZones, SubgraphContext, SubjectKeys } from '@falaj/subgraph-kit';

/** What this subgraph keeps while it stands. */
export interface FeaturesServices {
  readonly subjects: SubjectKeys;
  /** Whether values may be shown where the reader works. */
  readonly readers: ReaderZones;
}

/** What resolvers of this subgraph receive. */
export type FeaturesContext = SubgraphContext<FeaturesServices>;

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;
