import { readFileSync } from 'node:fs';

const files = JSON.parse(
  readFileSync(new URL('../../src/testing/model-files/model-files.json', import.meta.url), 'utf8'),
) as Record<string, string>;

/** A file of `model-files/make.py` by name. */
export function modelFile(name: string): Uint8Array {
  const found = files[name];
  if (found === undefined) throw new Error(`model-files.json has no "${name}"`);
  return Buffer.from(found, 'base64');
}

export const modelFileNames: readonly string[] = Object.keys(files);
