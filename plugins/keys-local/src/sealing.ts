import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(key: Uint8Array, data: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  return Uint8Array.from(Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()]));
}

/** Null when key, context or any byte differs. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array | null {
  if (sealed.length < NONCE + TAG) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return Uint8Array.from(Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]));
  } catch {
    return null;
  }
}
