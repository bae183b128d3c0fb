export { type Database, type DatabaseOptions, openDatabase } from './database.js';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded/embedded-postgres.js';
export { type MigrationSet, migrate } from './migrate.js';
export { publishEvent } from './outbox.js';
export type { WorkspaceScope } from './scope.js';
export { clientOf, type Tx } from './transaction.js';
export { translateDatabaseError } from './translate-error.js';
