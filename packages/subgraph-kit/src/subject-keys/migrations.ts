import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@falaj/database';

/** Tables of the keys of data subjects. Hand this to `migrate`, after the subgraphs: it takes over what one of them kept before. */
export const subjectKeyMigrations: MigrationSet = {
  name: 'subject-keys',
  folder: fileURLToPath(new URL('../../migrations', import.meta.url)),
};
