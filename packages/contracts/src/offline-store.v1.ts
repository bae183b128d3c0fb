import type { Call, PluginInstance } from './call.js';
import type { FeatureColumn, FeatureType, FeatureValue, OnlineRow } from './online-store.v1.js';

/** A file in one of the folders that the operator allows. */
export interface SourceRef {
  readonly format: 'JSON' | 'CSV' | 'PARQUET';
  /** Relative to an allowed folder; no `..`, no absolute path, no link out of it. */
  readonly path: string;
}

/** An instant taken from a source row. */
export interface TimeExpression {
  readonly column: string;
  /** strptime format, e.g. `%Y/%m/%d %H:%M`; absent where the column is a timestamp or ISO 8601 text. */
  readonly format?: string;
  /** IANA zone of naive values; default UTC. */
  readonly timeZone?: string;
  /** Added to the instant: the number in this column, in this unit. Null adds nothing. */
  readonly plus?: { readonly column: string; readonly unit: 'SECONDS' | 'MINUTES' | 'HOURS' | 'DAYS' };
  /** Added to the instant, e.g. the hour that a report takes to arrive; may be negative. Default 0. */
  readonly offsetSeconds?: number;
}

export type ComparisonOperator = 'EQ' | 'NE' | 'LT' | 'LTE' | 'GT' | 'GTE';

/** A test on one source column; null compares as false. */
export interface ColumnCondition {
  readonly column: string;
  readonly operator: ComparisonOperator;
  readonly value: number | string | boolean;
}

/** A key value taken from a source column, or the same constant for every row. */
export type KeyExpression =
  | { readonly name: string; readonly column: string }
  | { readonly name: string; readonly constant: string };

/** One feature of a view. */
export type FeatureSpec =
  | { readonly name: string; readonly kind: 'COLUMN'; readonly column: string; readonly type: FeatureType }
  | {
      readonly name: string;
      readonly kind: 'WINDOW';
      /**
       * Over the rows of the same key with event time in (s - window, s] and known time <= s, at every instant s:
       * COUNT of rows, SUM or MEAN of `column`, SHARE of rows (with a non-null `condition.column`) that meet `condition`.
       */
      readonly aggregate: 'COUNT' | 'SUM' | 'MEAN' | 'SHARE';
      readonly column?: string;
      readonly condition?: ColumnCondition;
      readonly windowSeconds: number;
    };

export interface FeatureViewSpec {
  readonly name: string;
  readonly version: number;
  readonly source: SourceRef;
  readonly keys: readonly KeyExpression[];
  /** Name of the key whose values name data subjects (persons); absent = none does. Rows of such a view never lie readable on a disk. */
  readonly subjectKey?: string;
  readonly eventTime: TimeExpression;
  /** When the row became known; default: its event time. */
  readonly knownTime?: TimeExpression;
  /** Age beyond which a value is not used; null = no limit. */
  readonly ttlSeconds: number | null;
  readonly features: readonly FeatureSpec[];
}

/** Data subjects whose rows are to be treated as if they were not in the source. */
export interface ErasedSubjects {
  /** Key of the HMAC. */
  readonly secret: Uint8Array;
  /** HMAC-SHA256 (RFC 2104) of each subject's name in UTF-8, hexadecimal. */
  readonly lookups: readonly string[];
}

export interface SourceDescription {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
  readonly rows: number;
  /** `sha256:<hex>` of the file's bytes. */
  readonly digest: string;
  readonly bytes: number;
}

export interface FeatureStatistics {
  readonly feature: string;
  readonly count: number;
  readonly nulls: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface BuiltFeatureView {
  /** Feature rows: one per key and instant at which a value changed. */
  readonly rows: number;
  readonly keys: number;
  readonly columns: readonly FeatureColumn[];
  /** `sha256:<hex>` over spec and source: equal means equal rows. */
  readonly digest: string;
  /** Epoch milliseconds of the first and last event; null when empty. */
  readonly firstEventTime: number | null;
  readonly lastEventTime: number | null;
  readonly statistics: readonly FeatureStatistics[];
}

/** A feature computed from the request itself, the same way in training and at inference. In UTC. */
export interface RequestFeature {
  readonly name: string;
  /** HOUR 0-23 (with minutes as a fraction), WEEKDAY 1 (Monday) - 7, MONTH 1-12, DAY_OF_MONTH 1-31. */
  readonly function: 'HOUR' | 'WEEKDAY' | 'MONTH' | 'DAY_OF_MONTH';
}

/** One view used by a training set. */
export interface TrainingView {
  readonly spec: FeatureViewSpec;
  /** Where each of the view's keys is found on the entity row. */
  readonly keys: readonly KeyExpression[];
  /** Features taken, with the column name each gets in the training set. */
  readonly features: readonly { readonly feature: string; readonly column: string }[];
}

export interface TrainingSetSpec {
  /** Entity rows: one training row each, in file order. */
  readonly source: SourceRef;
  readonly eventTime: TimeExpression;
  /** Columns carried along unchanged (entity keys, groups of a baseline). */
  readonly carry: readonly string[];
  readonly label: {
    readonly name: string;
    readonly column: string;
    /** Present: the label is 1 where it holds, 0 where it does not, null where the column is null. Absent: the column itself. */
    readonly condition?: { readonly operator: ComparisonOperator; readonly value: number | string | boolean };
  };
  readonly views: readonly TrainingView[];
  readonly requestFeatures: readonly RequestFeature[];
}

export type TrainingColumnRole = 'EVENT_TIME' | 'KEY' | 'FEATURE' | 'LABEL';

export interface TrainingColumn {
  readonly name: string;
  readonly role: TrainingColumnRole;
  readonly type: FeatureType;
  /** Rows where it is null. */
  readonly nulls: number;
}

export interface BuiltTrainingSet {
  /** Parquet bytes, rows ordered by event time and then by their place in the source. */
  readonly data: Uint8Array;
  readonly rows: number;
  readonly columns: readonly TrainingColumn[];
  /** `sha256:<hex>` over the values in row order: the same request gives the same digest. */
  readonly digest: string;
  /** `sha256:<hex>` of every file read. */
  readonly sources: readonly { readonly path: string; readonly digest: string }[];
  readonly firstEventTime: number | null;
  readonly lastEventTime: number | null;
}

export interface RedactedTrainingSet {
  /** Rows that were taken out. */
  readonly removed: number;
  /** Parquet bytes of what is left. */
  readonly data: Uint8Array;
  readonly rows: number;
  /** As of a built set. */
  readonly digest: string;
  /** Rows where each column is null. */
  readonly nulls: Readonly<Record<string, number>>;
  readonly firstEventTime: number | null;
  readonly lastEventTime: number | null;
}

/** Values of one column; numbers carry NaN for null, TIMESTAMP is epoch milliseconds. */
export interface ColumnValues {
  readonly name: string;
  readonly values: Float64Array | readonly (string | null)[];
}

/**
 * Kind `offline-store`: history of features. Every method is idempotent. Errors go to the caller.
 *
 * Point in time: for an entity row at T a view answers its last row with event time <= T and known time <= T,
 * not older than its TTL (all bounds inclusive); ties go to the latest known time, then to a total order of the values.
 */
export interface OfflineStoreV1 extends PluginInstance {
  describeSource(args: { source: SourceRef }, call: Call): Promise<SourceDescription>;
  /** Values as text, null where null. */
  previewSource(
    args: {
      source: SourceRef;
      columns: readonly string[];
      limit: number;
      offset: number;
      /** Rows in which one of `columns` names one of `erased` are left out. */
      without?: { readonly columns: readonly string[]; readonly erased: ErasedSubjects };
    },
    call: Call,
  ): Promise<readonly (readonly (string | null)[])[]>;
  buildFeatureView(args: { spec: FeatureViewSpec; erased?: ErasedSubjects }, call: Call): Promise<BuiltFeatureView>;
  /** The row per key that is valid at `asOf` (epoch ms), keys ascending, after `afterKey`. */
  latestRows(
    args: { spec: FeatureViewSpec; asOf: number; afterKey: string | null; limit: number; erased?: ErasedSubjects },
    call: Call,
  ): Promise<readonly OnlineRow[]>;
  buildTrainingSet(args: { spec: TrainingSetSpec; erased?: ErasedSubjects }, call: Call): Promise<BuiltTrainingSet>;
  /**
   * The set without the rows in which one of `columns` is `subject`, or without any; `data` is empty where there were
   * none. Other rows, their order and all columns stay as they were.
   */
  redactTrainingSet(
    args: { data: Uint8Array; columns: readonly string[]; subject: string; everyRow?: boolean },
    call: Call,
  ): Promise<RedactedTrainingSet>;
  readTrainingSet(
    args: { data: Uint8Array; columns: readonly string[] },
    call: Call,
  ): Promise<{ readonly rows: number; readonly columns: readonly ColumnValues[] }>;
}

export type { FeatureValue };
