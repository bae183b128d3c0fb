// A development authority and the certificates of all roles, in one folder. In production SPIRE or cert-manager bring them.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateAuthority, createAuthority, openAuthority, type Validity } from '@falaj/runtime/certificates';
import { subgraphNames } from '../platform/roles.js';
import { type ProcessRole, spiffeIdOf } from './spiffe-id.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const AUTHORITY_DAYS = 90;
/** Clocks of other machines may be behind. */
const SKEW_MS = HOUR_MS;

export interface CertificatePlan {
  readonly directory: string;
  readonly trustDomain: string;
  /** Host names and IPv4 addresses at which the edge is reached. */
  readonly hosts: readonly string[];
  readonly days: number;
}

/** The certificate files, the authority's first. Run again, it renews the certificates under the authority that is there. */
export async function createCertificates({ directory, trustDomain, hosts, days }: CertificatePlan): Promise<string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const authority = await authorityIn(directory);
  const roles: readonly ProcessRole[] = ['gateway', ...subgraphNames.map((name) => `subgraph/${name}` as const)];
  const wanted = [
    { name: 'edge', names: hosts },
    ...roles.map((role) => ({ name: role.replace('/', '-'), names: [spiffeIdOf(trustDomain, role)] })),
  ];
  const written = [join(directory, 'authority.pem')];
  for (const { name, names } of wanted) {
    const { certificate, key } = authority.issue(names, validFor(days));
    await replace(join(directory, `${name}.key`), key, 0o600);
    await replace(join(directory, `${name}.pem`), certificate, 0o644);
    written.push(join(directory, `${name}.pem`));
  }
  return written;
}

async function authorityIn(directory: string): Promise<CertificateAuthority> {
  const [certificate, key] = [join(directory, 'authority.pem'), join(directory, 'authority.key')];
  if (existsSync(certificate))
    return openAuthority({ certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') });
  const made = createAuthority('Falaj development authority', validFor(AUTHORITY_DAYS));
  await replace(key, made.key, 0o600);
  await replace(certificate, made.certificate, 0o644);
  return made;
}

const validFor = (days: number): Validity => ({ from: Date.now() - SKEW_MS, until: Date.now() + days * DAY_MS });

/** Whole or not at all: a platform may read it at this moment. */
async function replace(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}
