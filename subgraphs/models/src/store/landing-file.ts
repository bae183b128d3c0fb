// Model files that an operator put into the landing folder: nothing outside it is ever opened.
import { constants, type FileHandle, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { PlatformError } from '@falaj/runtime';

/** The bytes of a file below the folder. Throws BAD_USER_INPUT or PAYLOAD_TOO_LARGE. */
export async function readLandingFile(folder: string, relative: string, maxBytes: number): Promise<Uint8Array> {
  const refuse = (found: string): never => {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `input.landingPath: "${relative}" ${found}; name a file below the landing folder.`,
      { details: { field: 'landingPath', found } },
    );
  };
  const root = await realpath(folder);
  const wanted = path.resolve(root, relative);
  if (path.isAbsolute(relative) || !inside(root, wanted)) refuse('points outside the landing folder');
  const real = await realpath(wanted).catch(() => refuse('is not there'));
  // A link anywhere on the way may lead out of the folder.
  if (real !== wanted) refuse('is or passes a link');
  let file: FileHandle | undefined;
  try {
    file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => refuse('cannot be opened'));
    const { size, nlink } = await file.stat().then((stat) => (stat.isFile() ? stat : refuse('is no file')));
    if (nlink > 1) refuse('has several names (hard links)');
    if (size > maxBytes)
      throw new PlatformError('PAYLOAD_TOO_LARGE', `The file has ${size} bytes; at most ${maxBytes} are taken.`, {
        details: { found: size, limit: maxBytes },
      });
    const bytes = new Uint8Array(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file?.close();
  }
}

const inside = (root: string, file: string): boolean => {
  const steps = path.relative(root, file);
  return steps !== '' && !steps.startsWith('..') && !path.isAbsolute(steps);
};
