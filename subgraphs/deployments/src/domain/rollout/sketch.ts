// A histogram of values in buckets that grow by 2 %: quantiles to a relative error of 1 %, merged by adding counts.
// Masson, Rim and Lee (2019), DDSketch. Plain objects, so that it is stored as it is.

const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
/** Values nearer to zero than this are zero. */
const SMALLEST = 1e-9;
const ZERO = 0;
/** Moves bucket numbers of magnitudes from 1e-9 on to 1 and above, so that the sign can stand before them. */
const OFFSET = 1 - Math.ceil(Math.log(SMALLEST) / LOG_GAMMA);

/** Counts by bucket; bucket numbers grow with the values, negative ones for negative values. */
export type Sketch = Record<number, number>;

export function addTo(sketch: Sketch, value: number, count = 1): void {
  if (Number.isNaN(value)) return;
  const bucket = bucketOf(value);
  sketch[bucket] = (sketch[bucket] ?? 0) + count;
}

function bucketOf(value: number): number {
  const size = Math.min(Math.abs(value), 1e300);
  if (size < SMALLEST) return ZERO;
  const bucket = Math.ceil(Math.log(size) / LOG_GAMMA) + OFFSET;
  return value < 0 ? -bucket : bucket;
}

/** Middle of a bucket, in the sense of the relative error. */
function middleOf(bucket: number): number {
  if (bucket === ZERO) return 0;
  const size = (2 * GAMMA ** (Math.abs(bucket) - OFFSET)) / (1 + GAMMA);
  return bucket < 0 ? -size : size;
}

export function merge(into: Sketch, other: Readonly<Sketch>): Sketch {
  for (const [bucket, count] of Object.entries(other)) into[Number(bucket)] = (into[Number(bucket)] ?? 0) + count;
  return into;
}

export const countOf = (sketch: Readonly<Sketch>): number =>
  Object.values(sketch).reduce((sum, count) => sum + count, 0);

const ordered = (sketch: Readonly<Sketch>): [bucket: number, count: number][] =>
  Object.entries(sketch)
    .map(([bucket, count]): [number, number] => [Number(bucket), count])
    .sort(([a], [b]) => a - b);

/** The value below which a share q lies; null where nothing was seen. */
export function quantileOf(sketch: Readonly<Sketch>, q: number): number | null {
  const rank = q * (countOf(sketch) - 1);
  let seen = 0;
  let last: number | null = null;
  for (const [bucket, count] of ordered(sketch)) {
    seen += count;
    last = middleOf(bucket);
    if (seen > rank) return last;
  }
  return last;
}

/** How many values lie in buckets above that of the limit. */
export function countAbove(sketch: Readonly<Sketch>, limit: number): number {
  const edge = bucketOf(limit);
  return ordered(sketch).reduce((sum, [bucket, count]) => (bucket > edge ? sum + count : sum), 0);
}

/** The least upper edge of a bucket above which so few values lie that `few` says so; null where there is none. */
export function leastEdge(sketch: Readonly<Sketch>, few: (above: number) => boolean): number | null {
  let above = 0;
  let least: number | null = null;
  for (const [bucket, count] of ordered(sketch).reverse()) {
    if (!few(above)) break;
    least = edgeOf(bucket);
    above += count;
  }
  return least;
}

/** The greatest value of a bucket. */
function edgeOf(bucket: number): number {
  if (bucket === ZERO) return SMALLEST;
  const power = bucket > 0 ? bucket - OFFSET : -bucket - OFFSET - 1;
  // A hair below, so that no rounding puts it into the next bucket.
  return Math.sign(bucket) * GAMMA ** (power - Math.sign(bucket) * 1e-6);
}

/** Largest distance of the two distribution functions (Kolmogorov-Smirnov D), seen at the edges of the buckets. */
export function distance(a: Readonly<Sketch>, b: Readonly<Sketch>): number {
  const [nA, nB] = [countOf(a), countOf(b)];
  if (nA === 0 || nB === 0) return 0;
  let [seenA, seenB, greatest] = [0, 0, 0];
  for (const [bucket] of ordered({ ...a, ...b })) {
    seenA += a[bucket] ?? 0;
    seenB += b[bucket] ?? 0;
    greatest = Math.max(greatest, Math.abs(seenA / nA - seenB / nB));
  }
  return greatest;
}
