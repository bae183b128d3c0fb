/** Seeded generator (mulberry32), so that the same seed samples the same rows on every machine. Uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  // The high half of a seed above 2^32 must count too.
  let state = (seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Writes `take` of the numbers 0..`from`-1, ascending and without repetition, to the front of `into`. */
export function sampleAscending(from: number, take: number, random: () => number, into: Int32Array): void {
  if (take === from) {
    for (let i = 0; i < from; i++) into[i] = i;
    return;
  }
  let taken = 0;
  for (let candidate = 0; taken < take; candidate++) {
    if (random() * (from - candidate) < take - taken) into[taken++] = candidate;
  }
}
