import type { KeyObject } from 'node:crypto';
import type { Database } from '@falaj/database';
import { counter, createLogger } from '@falaj/runtime';
import { sequenceAudit } from './audit-log.js';

const log = createLogger('audit');
const sequenced = counter('falaj_audit_records_sequenced_total', 'Audit records put into the signed log.', [] as const);

/** Appends and signs every so often; every process may run one, for only one at a time does the work. `stop` waits for it. */
export function startAuditSequencer(
  database: Pick<Database, 'asSystem'>,
  privateKey: KeyObject,
  intervalMs = 2000,
): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = sequenceAudit(database, privateKey)
      .then((count) => sequenced.inc({}, count))
      // The records stand; the next turn appends them.
      .catch((error: unknown) => log.warn('the audit log could not be sequenced', { error: String(error) }))
      .finally(() => {
        busy = false;
      });
  }, intervalMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
