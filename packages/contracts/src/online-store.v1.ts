import type { Call, PluginInstance } from './call.js';

export type FeatureType = 'FLOAT64' | 'INT64' | 'STRING' | 'BOOL' | 'TIMESTAMP';

/** INT64 travels as a number (safe integers only); TIMESTAMP as epoch milliseconds; null is a known null. */
export type FeatureValue = number | string | boolean | null;

export interface FeatureColumn {
  readonly name: string;
  readonly type: FeatureType;
}

/** One entity's values of one feature view; `values` follow the view's columns. */
export interface OnlineRow {
  /** Canonical entity key: JSON array of the key values in the entity's order. */
  readonly key: string;
  /** When the values became true, epoch milliseconds. */
  readonly eventTime: number;
  readonly values: readonly FeatureValue[];
}

/** One version of one feature view in one workspace. */
export interface OnlineView {
  readonly view: string;
  readonly version: number;
  readonly columns: readonly FeatureColumn[];
  /**
   * Present where a part of the key names a data subject: which part, and the zone of their key. The platform seals such
   * rows and files them under a digest before a store sees them; stores need not look.
   */
  readonly subject?: { readonly part: number; readonly zone: string };
}

/** Kind `online-store`: the latest values per entity. Errors go to the caller. The workspace is `call.workspace`. */
export interface OnlineStoreV1 extends PluginInstance {
  /** Idempotent. An older event never overwrites a newer one; an equal event time overwrites. */
  write(
    args: { view: OnlineView; rows: readonly OnlineRow[] },
    call: Call,
  ): Promise<{ written: number; stale: number }>;
  /** Idempotent. One storage round trip for all views; answers in request order, null where no row is. */
  read(
    args: { requests: readonly { readonly view: OnlineView; readonly keys: readonly string[] }[] },
    call: Call,
  ): Promise<readonly (readonly (OnlineRow | null)[])[]>;
  /** Idempotent. Without keys, the whole view version goes. */
  remove(args: { view: string; version: number; keys?: readonly string[] }, call: Call): Promise<{ removed: number }>;
  /** Idempotent. Every row whose key has `value` in this part, counted from 0. */
  removeByKeyPart(
    args: { view: string; version: number; part: number; value: string },
    call: Call,
  ): Promise<{ removed: number }>;
}
