import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync } from 'node:crypto';
import { PlatformError, randomHex } from '@falaj/runtime';

/**
 * Cursors hold the sort value of a row, which the reader may not be allowed to see: they are sealed (AES-256-GCM) and
 * bound to the list, its order and filters, and the principal.
 */
export interface CursorSeal {
  seal(binding: string, position: readonly (string | null)[]): string;
  open(binding: string, cursor: string): (string | null)[];
}

export function createCursorSeal(secret: Uint8Array): CursorSeal {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), 'falaj/cursor/v1', 32)));
  // Node accepts shorter tags unless told the length.
  const authTagLength = 16;
  let last = { binding: '', digest: Buffer.alloc(0) };
  const aad = (binding: string): Buffer => {
    // The cursors of a page share their binding.
    if (last.binding !== binding || last.digest.length === 0) {
      last = { binding, digest: createHash('sha256').update(binding).digest() };
    }
    return last.digest;
  };
  return {
    seal(binding, position) {
      const nonce = Buffer.from(randomHex(12), 'hex');
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength });
      cipher.setAAD(aad(binding));
      const sealed = Buffer.concat([cipher.update(JSON.stringify(position), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open(binding, cursor) {
      try {
        const bytes = Buffer.from(cursor, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength });
        decipher.setAAD(aad(binding));
        decipher.setAuthTag(bytes.subarray(12, 28));
        const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
        return JSON.parse(plain.toString('utf8')) as (string | null)[];
      } catch (cause) {
        throw new PlatformError(
          'BAD_USER_INPUT',
          'after: not a cursor of this list, with these filters, for this principal; start without `after`.',
          { cause },
        );
      }
    },
  };
}
