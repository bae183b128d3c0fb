export { ARCHIVE_AUDIT_LOG, type AuditArchival, archiveAuditLog, type Dropping } from './archive-log.js';
export { ARCHIVE_READ_LOG, archiveReadLog, type ReadArchival } from './archive-reads.js';
export { type AuditArchive, archivedUntil, listArchives } from './archives.js';
export { type AuditFault, type AuditVerification, sequenceAudit, verifyAuditLog } from './audit-log.js';
export type { AuditEntry, AuditOutcome, AuditRecord } from './audit-record.js';
export { type BundleManifest, exportAuditLog } from './bundle.js';
export { checkpointHolds, originOf, signCheckpoint } from './checkpoint.js';
export { leafHash } from './leaf.js';
export { type AuditFilter, type AuditPage, listAudit } from './list-audit.js';
export { EMPTY_ROOT, MerkleFrontier, nodeHash } from './merkle-tree.js';
export { auditMigrations } from './migrations.js';
export {
  type AuditCheckpoint,
  type ConsistencyProof,
  consistencyProof,
  type InclusionProof,
  inclusionProof,
  listCheckpoints,
} from './proofs.js';
export {
  type ReadLogVerification,
  SEAL_READS,
  sealReads,
  startReadSealer,
  verifyReadLog,
} from './read-events.js';
export { auditUnavailable, createReadLog, type ReadEntry, type ReadLog, type ReadLogOptions } from './read-log.js';
export { dataAccessTable } from './read-tables.js';
export { NO_WORKSPACE, recordAudit, recordRefusal } from './record.js';
export {
  applyRetention,
  type Retention,
  type RetentionPolicy,
  retentionPolicy,
  setRetentionPolicy,
  startRetention,
} from './retention.js';
export { startAuditSequencer } from './sequencer.js';
export { auditRecordTable } from './tables.js';
export { type BundleFault, type BundleVerification, verifyBundle } from './verify-bundle.js';
