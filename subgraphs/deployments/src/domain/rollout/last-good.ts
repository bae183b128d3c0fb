// Which revision a rollback goes back to, from what was live and why.

export interface Activation {
  readonly revision: number;
  readonly cause: 'DEPLOYED' | 'ROLLED_BACK' | 'PROMOTED';
}

/** The revision that was live before the present one and was not rolled back since; null where there is none. Oldest first. */
export function goodBefore(history: readonly Activation[]): number | null {
  const good: number[] = [];
  for (const { revision, cause } of history) {
    const place = good.lastIndexOf(revision);
    if (cause === 'ROLLED_BACK' && place >= 0) good.length = place + 1;
    else if (good.at(-1) !== revision) good.push(revision);
  }
  return good.at(-2) ?? null;
}
