/** An alarm needs `windows` discoveries among the latest `among` windows: one odd window is no drift. */
export interface Persistence {
  readonly windows: number;
  readonly among: number;
}

/** `discovered`: oldest first; a window that could not be judged is undefined and counts for neither. */
export function persists(discovered: readonly (boolean | undefined)[], { windows, among }: Persistence): boolean {
  const judged = discovered.filter((each) => each !== undefined).slice(-among);
  return judged.filter(Boolean).length >= windows;
}
