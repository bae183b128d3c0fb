// A folder for what the test processes of one run make once and share.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'falaj-tests-'));
  // The database runs as another user where this is root: it must be able to enter.
  chmodSync(folder, 0o711);
  process.env.FALAJ_TEST_FOLDER = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
