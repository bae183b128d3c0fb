// A generated page that nobody generates again is worse than none.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

test('docs/reference is what the code gives', async () => {
  const checking = promisify(execFile)(process.execPath, [path.join(root, 'scripts/write-reference.mjs'), '--check']);
  await expect(checking).resolves.toMatchObject({ stderr: '' });
});
