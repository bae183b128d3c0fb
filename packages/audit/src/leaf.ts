// The leaf of a record in a Merkle tree of RFC 6962. The log stores no leaf: whoever builds or checks the tree computes it.
import { createHash } from 'node:crypto';
import { canonicalJson } from '@falaj/runtime';

const LEAF_PREFIX = Buffer.of(0x00);

/**
 * SHA-256 over 0x00 and the canonical record (RFC 6962 section 2.1): the prefix keeps leaves and inner nodes apart.
 * Give it a record as `listAudit` answers it: every field counts, its place in the log included.
 */
export function leafHash(record: object): Buffer {
  return createHash('sha256').update(LEAF_PREFIX).update(canonicalJson(record), 'utf8').digest();
}
