import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { PlatformError } from '@falaj/runtime';
import { createPrivateFile, readPrivateFile } from './private-file.js';

/**
 * The key of internal tokens. With a data directory: its file `keys/internal.pem` (0600), made at the first start. In
 * split mode: the PEM text of a secret, PKCS #8 for the gateway, SPKI (public) for a subgraph, which then cannot mint.
 * Throws CONFIG_INVALID for a file that others may read and for a text that is no such key.
 */
export async function loadInternalKey(
  from: { readonly dataDirectory: string } | { readonly pem: string },
): Promise<KeyObject> {
  if ('pem' in from) return keyOf(from.pem, 'the secret of the internal key');
  return loadSigningKey(from.dataDirectory, 'internal');
}

/** The Ed25519 key in `keys/<name>.pem` of the data directory (0600), made when it is first asked for. Errors: as above. */
export async function loadSigningKey(dataDirectory: string, name: string): Promise<KeyObject> {
  const file = join(dataDirectory, 'keys', `${name}.pem`);
  const known = await readPrivateFile(file);
  if (known !== undefined) return keyOf(known, file);
  const { privateKey } = generateKeyPairSync('ed25519');
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  if (await createPrivateFile(file, text)) return privateKey;
  return loadSigningKey(dataDirectory, name);
}

function keyOf(pem: string, where: string): KeyObject {
  try {
    const key = pem.includes('PRIVATE KEY') ? createPrivateKey(pem) : createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // What OpenSSL says of a key that it cannot read may quote it.
  }
  throw new PlatformError('CONFIG_INVALID', `${where} holds no Ed25519 key in PEM form.`);
}
