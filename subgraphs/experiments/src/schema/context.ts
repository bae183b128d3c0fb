import type { ReaderZones, SubgraphContext } from '@falaj/subgraph-kit';
import type { PipelineServices } from './pipeline-context.js';

/** What this subgraph wires once: a source of notices that a run changed. */
export interface ExperimentsServices {
  /** Calls back at every change of the run until the returned function is called. */
  onRunChange(runId: string, callback: () => void): () => void;
  readonly pipelines: PipelineServices;
  /** Whether what was logged of regulated data may be shown where the reader works. */
  readonly readers: ReaderZones;
}

export type ExperimentsContext = SubgraphContext<ExperimentsServices>;

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;
