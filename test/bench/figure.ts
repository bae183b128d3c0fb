/** One measured ratio and the bar that it must meet; printed as `bench NAME VALUE UNIT bar OP BAR ok|short`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** What the number counts, e.g. `x` for a ratio. */
  readonly unit: string;
  readonly op: '>=' | '<=';
  readonly bar: number;
}
