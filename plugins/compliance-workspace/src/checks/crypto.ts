import { z } from 'zod';
import { type Check, daysBetween, defineCheck, everyOne, oneFact } from '../check.js';
import { parts } from '../snapshot.js';

const ROTATION_DAYS = 365;

export const cryptoChecks: readonly Check[] = [
  defineCheck(
    {
      id: 'CRY-001',
      title: 'Artifacts are sealed: a sample opens with its key and has the digest of the catalogue',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ artifacts: parts.artifacts }),
    ({ artifacts }) =>
      everyOne(
        'sampled artifacts',
        artifacts,
        ({ key }) => key,
        ({ opened, detail }) => (opened ? null : detail),
        'Restore the artifact, and look for who changed it.',
      ),
  ),
  defineCheck(
    {
      id: 'CRY-002',
      title: `Keys are younger than ${ROTATION_DAYS} days, and in production none is kept in a local file`,
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ keys: parts.keys, profile: parts.profile, at: parts.at }),
    ({ keys, profile, at }) =>
      everyOne(
        'keys',
        keys,
        ({ keyId, protection }) => `${keyId} (${protection})`,
        ({ createdAt, protection }) => {
          const days = daysBetween(createdAt, at);
          if (days > ROTATION_DAYS) return `${days} days old`;
          return profile === 'production' && /local/i.test(protection) ? `kept in a ${protection}` : null;
        },
        'Rotate the key; in production configure a keys plugin of a key management service.',
      ),
  ),
  defineCheck(
    {
      id: 'CRY-003',
      title: 'The connection to the database is encrypted, or does not leave the machine',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ database: parts.database }),
    ({ database: { loopback, protocol } }) =>
      oneFact(
        loopback || protocol === 'TLSv1.2' || protocol === 'TLSv1.3',
        protocol ?? (loopback ? 'a connection within the machine' : 'no encryption'),
        'TLS 1.2 or later, or within the machine',
        'Set sslmode=verify-full in FALAJ_DATABASE_URL.',
      ),
  ),
  defineCheck(
    {
      id: 'CRY-004',
      title: 'The audit log and the messages of plugins hold no secret',
      severity: 'HIGH',
      gate: 'OPEN_INCIDENT',
    },
    z.object({ secretScan: parts.secretScan }),
    ({ secretScan: { texts, hits } }) =>
      oneFact(
        hits.length === 0,
        `${hits.length} in ${texts} texts${hits.length > 0 ? `: ${hits.slice(0, 5).join(', ')}` : ''}`,
        '0',
        'Revoke the secrets, then find who wrote them.',
      ),
  ),
  defineCheck(
    {
      id: 'CRY-005',
      title: 'Nothing leaves the machine in the clear but for a written reason',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ plaintext: parts.plaintext }),
    ({ plaintext }) =>
      oneFact(
        plaintext.every(({ reason }) => reason !== null),
        plaintext.map(({ what, reason }) => `${what} (${reason ?? 'without a reason'})`).join('; ') ||
          'nothing in the clear',
        'nothing without a reason',
        'Set tls and internalTls, or say in plaintextExceptions what protects this traffic instead.',
      ),
  ),
];
