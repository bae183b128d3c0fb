import type { KeyObject } from 'node:crypto';
import type { Database } from '@falaj/database';
import { counter, createLogger, periodically } from '@falaj/runtime';
import { sequenceAudit } from './audit-log.js';

const log = createLogger('audit');
const sequenced = counter('falaj_audit_records_sequenced_total', 'Audit records put into the signed log.', [] as const);

/** Appends and signs every so often; every process may run one, for only one at a time does the work. `stop` waits for it. */
export function startAuditSequencer(
  database: Pick<Database, 'asSystem'>,
  privateKey: KeyObject,
  intervalMs = 2000,
): { stop(): Promise<void> } {
  // What fails stands in the table: the next turn appends it.
  const sequence = async () => sequenced.inc({}, await sequenceAudit(database, privateKey));
  return periodically('sequencing the audit log', intervalMs, sequence, log, { lastTime: false });
}
