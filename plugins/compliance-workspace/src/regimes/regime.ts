/** A law or standard and which of its parts a check gives evidence for. Ids and our own words only; no text of a standard. */
export interface Regime {
  readonly framework: string;
  readonly title: string;
  readonly source: string;
  /** Day on which the source was read. */
  readonly asOf: string;
  readonly rows: readonly { readonly reference: string; readonly about: string; readonly checks: readonly string[] }[];
}
