import type {
  BuiltFeatureView,
  BuiltTrainingSet,
  FeatureViewSpec,
  OnlineRow,
  OnlineView,
  SourceDescription,
  SourceRef,
  TrainingSetSpec,
} from '@falaj/contracts';

/** The data plane of features, bound to one caller and zone, without whom was erased; implemented over the plugins. */
export interface FeatureEngine<Transaction = unknown> {
  describeSource(source: SourceRef): Promise<SourceDescription>;
  /** Values as text, row by row, in the order of `columns`. */
  previewSource(
    source: SourceRef,
    columns: readonly string[],
    limit: number,
    /** Columns that name persons. */
    subjects: readonly string[],
  ): Promise<readonly (readonly (string | null)[])[]>;
  buildView(spec: FeatureViewSpec): Promise<BuiltFeatureView>;
  buildTrainingSet(spec: TrainingSetSpec): Promise<BuiltTrainingSet>;
  /** Rows per key valid at `asOf`, in batches. */
  latestRows(spec: FeatureViewSpec, asOf: Date): AsyncIterable<readonly OnlineRow[]>;
  writeOnline(view: OnlineView, rows: readonly OnlineRow[]): Promise<{ written: number; stale: number }>;
  readOnline(
    requests: readonly { view: OnlineView; keys: readonly string[] }[],
  ): Promise<readonly (readonly (OnlineRow | null)[])[]>;
  /** Seals the bytes and stores them; answers the digest of the plain bytes. */
  storeArtifact(key: string, data: Uint8Array, contentType: string): Promise<{ key: string; digest: string }>;
  removeArtifact(key: string): Promise<void>;
  /** Nobody who was erased since the engine was made is among what it built; else CONFLICT. Within a transaction. */
  holdErased(tx: Transaction): Promise<void>;
}
