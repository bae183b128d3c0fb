import { randomBytes, scryptSync } from 'node:crypto';
import path from 'node:path';
import { PluginError } from '@falaj/plugin-sdk';
import { createPrivate, readPrivate } from './private-files.js';

/** The master key from its own file; made at first use, but never where keys exist that an earlier one sealed. */
export async function masterFromFile(folder: string, hasKeys: boolean): Promise<Uint8Array> {
  return first(path.join(folder, 'master.key'), hasKeys);
}

/** The master key from a secret, stretched with a salt of this folder. */
export async function masterFromSecret(folder: string, secret: string, hasKeys: boolean): Promise<Uint8Array> {
  if (secret.length < 16) {
    throw new PluginError('BAD_INPUT', 'The secret "keys-local-master" is shorter than 16 characters.');
  }
  const salt = await first(path.join(folder, 'master.salt'), hasKeys);
  return Uint8Array.from(scryptSync(secret, salt, 32, { N: 1 << 15, r: 8, p: 1, maxmem: 64 << 20 }));
}

async function first(file: string, hasKeys: boolean): Promise<Uint8Array> {
  const found = await readPrivate(file);
  if (found === null && hasKeys) {
    throw new PluginError(
      'UNAVAILABLE',
      `${file} is missing while keys exist: restore it, a new one cannot open them.`,
      {
        retryable: false,
      },
    );
  }
  if (found === null) await createPrivate(file, randomBytes(32));
  // Read again: when two processes start at once, the one whose file stands decides for both.
  const bytes = found ?? (await readPrivate(file));
  if (bytes?.length !== 32)
    throw new PluginError('CORRUPT', `${file} must hold 32 bytes, found ${bytes?.length ?? 0}.`);
  return Uint8Array.from(bytes);
}
