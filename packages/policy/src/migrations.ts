import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@falaj/database';

/** The tables of the rule store, for `migrate`. */
export const policyMigrations: MigrationSet = {
  name: 'policy',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
};
