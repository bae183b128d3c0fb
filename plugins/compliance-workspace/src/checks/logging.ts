import { z } from 'zod';
import { type Check, defineCheck, oneFact } from '../check.js';
import { parts } from '../snapshot.js';

const LAG_SECONDS = 60;
const SKEW_SECONDS = 1;

export const loggingChecks: readonly Check[] = [
  defineCheck(
    {
      id: 'LOG-003',
      title: `No transaction holds back readers of the audit log for more than ${LAG_SECONDS} s`,
      severity: 'MEDIUM',
      gate: 'WARN',
    },
    z.object({ log: parts.log }),
    ({ log: { oldestWriterSeconds } }) =>
      oneFact(
        oldestWriterSeconds < LAG_SECONDS,
        `${oldestWriterSeconds.toFixed(1)} s`,
        `${LAG_SECONDS} s`,
        'End the oldest writing transaction.',
      ),
  ),
  defineCheck(
    {
      id: 'LOG-004',
      title: `Clocks of platform and database agree to ${SKEW_SECONDS} s`,
      severity: 'MEDIUM',
      gate: 'WARN',
    },
    z.object({ log: parts.log }),
    ({ log: { clockSkewSeconds } }) =>
      oneFact(
        Math.abs(clockSkewSeconds) < SKEW_SECONDS,
        `${clockSkewSeconds.toFixed(3)} s`,
        `${SKEW_SECONDS} s`,
        'Synchronise both with one time source.',
      ),
  ),
  defineCheck(
    {
      id: 'LOG-005',
      title: 'No role of the platform may change or drop audit records; old ones go only after a verified export',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
    },
    z.object({ log: parts.log }),
    ({ log: { changeableBy, records, archived, lost } }) =>
      oneFact(
        changeableBy.length === 0 && lost === 0,
        [...changeableBy, ...(lost > 0 ? [`${lost} records are gone without an archive`] : [])].join(', ') ||
          `no way; ${records} records of this workspace, the first ${archived} places of its log archived`,
        'no way',
        'Give no role of the platform more than SELECT and INSERT on audit.record; find out who dropped records.',
      ),
  ),
];
