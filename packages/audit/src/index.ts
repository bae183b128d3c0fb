import { fileURLToPath } from 'node:url';

export { canonicalJson, leafHash } from './leaf.js';
export { type AuditEntry, type AuditOutcome, recordAudit, recordRefusal } from './record.js';

export const auditMigrations = { name: 'audit', folder: fileURLToPath(new URL('../migrations', import.meta.url)) };
