// SPIFFE ids of the platform's processes, in X.509-SVIDs (SPIFFE standards SPIFFE-ID and X509-SVID, version 1).
import type { X509Certificate } from 'node:crypto';
import { PlatformError } from '@falaj/runtime';

export type ProcessRole = 'gateway' | `subgraph/${string}`;

export const trustDomainPattern = /^[a-z0-9._-]{1,255}$/;
/** No empty segment, none of dots, no query, no port (SPIFFE-ID, section 2). */
export const workloadIdPattern = /^spiffe:\/\/[a-z0-9._-]{1,255}(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/;

export const spiffeIdOf = (trustDomain: string, role: ProcessRole): string => `spiffe://${trustDomain}/falaj/${role}`;

const refuse = (why: string): never => {
  throw new PlatformError('UNAUTHENTICATED', `The certificate ${why}.`);
};

/**
 * The SPIFFE id that a leaf certificate bears. That it leads to an authority, the handshake has shown. Throws
 * UNAUTHENTICATED, with what X509-SVID (sections 2, 4 and 5.2) forbids.
 */
export function workloadOf(certificate: X509Certificate): string {
  if (certificate.ca) refuse('is one of an authority, and no workload may use that');
  const names = certificate.subjectAltName ?? '';
  // Node quotes names with commas and the like: such a name could pass for several, and is none of a workload.
  if (names.includes('"')) refuse('bears a name that is no SPIFFE id');
  const ids = names.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : []));
  const [id = ''] = ids;
  if (ids.length !== 1)
    refuse(`bears ${ids.length === 0 ? 'no URI name' : `${ids.length} URI names`}; exactly one is needed, a SPIFFE id`);
  if (id.length > 2_048 || !workloadIdPattern.test(id)) refuse(`bears the URI name ${id}, which is no SPIFFE id`);
  return id;
}
