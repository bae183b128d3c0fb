// The tree of RFC 6962 section 2.1. Appending needs only the roots of the complete subtrees, so a log of any length grows by
// a few hashes a record.
import { createHash } from 'node:crypto';

const NODE_PREFIX = Buffer.of(0x01);

export const EMPTY_ROOT = createHash('sha256').digest();

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest();
}

/** The frontier of a growing tree: roots of its complete subtrees, largest first. */
export class MerkleFrontier {
  #size: bigint;
  readonly #nodes: Buffer[];

  constructor(size = 0n, nodes: readonly Buffer[] = []) {
    this.#size = size;
    this.#nodes = [...nodes];
  }

  static parse(size: bigint, nodes: Buffer): MerkleFrontier {
    const count = nodes.length / 32;
    return new MerkleFrontier(
      size,
      Array.from({ length: count }, (_, place) => nodes.subarray(place * 32, place * 32 + 32)),
    );
  }

  get size(): bigint {
    return this.#size;
  }

  /** `onComplete` hears of every subtree that the leaf completes: 2^level leaves, the `place`-th of its level. */
  append(leaf: Buffer, onComplete?: (level: number, place: bigint, hash: Buffer) => void): void {
    let hash = leaf;
    let level = 0;
    for (let rest = this.#size; rest % 2n === 1n; rest /= 2n) {
      hash = nodeHash(this.#nodes.pop() as Buffer, hash);
      level += 1;
      onComplete?.(level, rest / 2n, hash);
    }
    this.#nodes.push(hash);
    this.#size += 1n;
  }

  root(): Buffer {
    return this.#nodes.length === 0 ? EMPTY_ROOT : this.#nodes.reduceRight((right, left) => nodeHash(left, right));
  }

  serialise(): Buffer {
    return Buffer.concat(this.#nodes);
  }
}
