export type { AuditEntry, AuditOutcome, AuditRecord } from './audit-record.js';
export { canonicalJson } from './canonical-json.js';
export { leafHash } from './leaf.js';
export { type AuditFilter, type AuditPage, listAudit } from './list-audit.js';
export { auditMigrations } from './migrations.js';
export { NO_WORKSPACE, recordAudit, recordRefusal } from './record.js';
export { auditRecordTable } from './tables.js';
