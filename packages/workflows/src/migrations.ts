import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@falaj/database';

/** Hand this to `migrate`. */
export const workflowMigrations: MigrationSet = {
  name: 'workflows',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
};
