// The built-in issuer's keys: one private file each, numbered. The highest number signs; its predecessor is accepted
// for as long as tokens that it signed can live.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@falaj/runtime';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { z } from 'zod';
import { createPrivateFile, readPrivateFile } from './private-file.js';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As it is published. */
  readonly publicJwk: JWK;
}

export interface SigningKeys {
  /** Newest first; only those that may still be in use. */
  inUse(): Promise<readonly [SigningKey, ...SigningKey[]]>;
  /** Makes a new signing key. Other processes on this folder take it up within a second. */
  rotate(): Promise<void>;
}

const REMEMBERED_MS = 1_000;
const FILE = /^(\d{4})\.json$/;
const content = z.object({ createdAt: z.number().int(), pem: z.string() });

/** Opens the folder and makes the first key. Throws CONFIG_INVALID for a key file that others may read or that is damaged. */
export async function openSigningKeys(options: {
  readonly folder: string;
  /** How long a replaced key is still accepted. */
  readonly acceptReplacedMs: number;
  readonly now: () => number;
}): Promise<SigningKeys> {
  const { folder, acceptReplacedMs, now } = options;
  let remembered: { readonly at: number; readonly keys: Promise<readonly [SigningKey, ...SigningKey[]]> } | undefined;

  const add = (number: number): Promise<boolean> => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return createPrivateFile(
      join(folder, `${String(number).padStart(4, '0')}.json`),
      `${JSON.stringify({ createdAt: now(), pem })}\n`,
    );
  };

  const newestFirst = async (): Promise<number[]> => {
    const names = await readdir(folder);
    return names
      .flatMap((name) => FILE.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  };

  const read = async (): Promise<readonly [SigningKey, ...SigningKey[]]> => {
    const keys: SigningKey[] = [];
    let replacedAt = Number.POSITIVE_INFINITY;
    for (const number of await newestFirst()) {
      if (replacedAt + acceptReplacedMs <= now()) break;
      const { key, createdAt } = await readKey(join(folder, `${String(number).padStart(4, '0')}.json`));
      keys.push(key);
      replacedAt = createdAt;
    }
    const [first, ...rest] = keys;
    if (first === undefined)
      throw new PlatformError('CONFIG_INVALID', `The folder of signing keys ${folder} is empty.`);
    return [first, ...rest];
  };

  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await newestFirst()).length === 0) await add(1);
  await read();

  return {
    inUse() {
      if (remembered === undefined || now() - remembered.at >= REMEMBERED_MS) {
        const entry = { at: now(), keys: read() };
        remembered = entry;
        entry.keys.catch(() => {
          if (remembered === entry) remembered = undefined;
        });
      }
      return remembered.keys;
    },
    async rotate() {
      // Another process may take the number first: then its key is the new one.
      await add(((await newestFirst())[0] ?? 0) + 1);
      remembered = undefined;
    },
  };
}

async function readKey(file: string): Promise<{ key: SigningKey; createdAt: number }> {
  const text = await readPrivateFile(file);
  try {
    const { createdAt, pem } = content.parse(JSON.parse(text ?? ''));
    const privateKey = createPrivateKey(pem);
    const publicKey = createPublicKey(privateKey);
    const jwk = publicKey.export({ format: 'jwk' }) as JWK;
    if (jwk.crv !== 'Ed25519') throw new Error('another kind of key');
    const kid = await calculateJwkThumbprint(jwk);
    return { key: { kid, privateKey, publicKey, publicJwk: { ...jwk, kid, alg: 'EdDSA', use: 'sig' } }, createdAt };
  } catch {
    // The cause may quote the key.
    throw new PlatformError(
      'CONFIG_INVALID',
      `The signing key ${file} is damaged: restore it, or remove it to retire it.`,
    );
  }
}
