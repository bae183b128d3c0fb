export { type Database, type DatabaseOptions, openDatabase } from './database.js';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded/embedded-postgres.js';
export { type OutboxEvent, type ReadEventsOptions, readEvents } from './event-reader.js';
export { type MigrationSet, migrate } from './migrate.js';
export { pruneEvents, publishEvent } from './outbox.js';
export { assertRowSecurity } from './row-security.js';
export type { WorkspaceScope } from './scope.js';
export { clientOf, type Tx } from './transaction.js';
export { translateDatabaseError } from './translate-error.js';
