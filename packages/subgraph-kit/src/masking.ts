/** What was withheld from this request: one entry per type, field and reason. */
export interface MaskedField {
  readonly type: string;
  readonly field: string;
  readonly reason: string;
  readonly count: number;
}

export class MaskCollector {
  readonly #counts = new Map<string, number>();

  record(type: string, field: string, reason: string, count = 1): void {
    const key = `${type}\n${field}\n${reason}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  list(): MaskedField[] {
    return [...this.#counts].map(([key, count]) => {
      const [type = '', field = '', reason = ''] = key.split('\n');
      return { type, field, reason, count };
    });
  }
}
