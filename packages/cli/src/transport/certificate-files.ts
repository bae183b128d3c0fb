// Certificate, key and authorities of one listener or client, read from where the configuration says and found to fit.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hideSecret, isPlatformError, PlatformError } from '@falaj/runtime';
import { workloadOf } from './spiffe-id.js';
import type { PemSource } from './transport-config.js';

export interface CertificateSources {
  /** The configuration's key, for messages: `tls`, `internalTls`. */
  readonly setting: string;
  readonly certificate: PemSource;
  readonly key: PemSource;
  readonly authorities?: { readonly setting: string; readonly from: PemSource } | undefined;
  /** Folder of falaj.config.ts. */
  readonly directory: string;
  /** Where the certificate must stand for a process of the platform. */
  readonly workload?: { readonly id: string; readonly role: string };
}

/** PEM texts, as TLS contexts take them. */
export interface CertificateMaterial {
  readonly certificate: string;
  readonly key: string;
  readonly authorities?: string;
  readonly expiresAt: Date;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const invalid = (message: string, cause?: unknown): PlatformError =>
  new PlatformError('CONFIG_INVALID', message, cause === undefined ? {} : { cause });

/** Throws CONFIG_INVALID, naming the setting, the file and what does not fit. */
export async function readCertificates(
  sources: CertificateSources,
  now: Date = new Date(),
): Promise<CertificateMaterial> {
  const { setting, workload, authorities } = sources;
  const certificate = await textOf(sources, `${setting}.certificate`, sources.certificate);
  const key = await textOf(sources, `${setting}.key`, sources.key, { isPrivate: true });
  hideSecret(key.text);
  const chain = certificatesIn(certificate);
  const [leaf] = chain as [X509Certificate];
  if (!leaf.checkPrivateKey(privateKeyIn(key)))
    throw invalid(`${key.name} does not belong to the certificate in ${certificate.place}.`);
  assertInForce(leaf, certificate.name, now);
  if (workload) assertWorkload(leaf, certificate.name, workload.id);

  const bundle = authorities && (await textOf(sources, authorities.setting, authorities.from));
  const trusted = bundle ? certificatesIn(bundle) : [];
  if (bundle && !trusted.some((one) => one.ca)) throw invalid(`${bundle.name} holds no certificate of an authority.`);
  if (bundle && workload && !leadsTo(chain, trusted))
    throw invalid(`${certificate.name} was issued by "${leaf.issuer}", which ${bundle.place} does not hold.`);
  return {
    certificate: certificate.text,
    key: key.text,
    ...(bundle ? { authorities: bundle.text } : {}),
    expiresAt: leaf.validToDate,
  };
}

interface Found {
  readonly text: string;
  /** Of the file or the secret. */
  readonly place: string;
  /** The setting, then the place. */
  readonly name: string;
}

async function textOf(
  { directory, workload }: CertificateSources,
  setting: string,
  from: PemSource,
  { isPrivate = false } = {},
): Promise<Found> {
  if (typeof from !== 'string') {
    const variable = `FALAJ_SECRET_${from.secret.toUpperCase().replaceAll('-', '_')}`;
    const text = process.env[variable];
    if (!text)
      throw invalid(`${setting}: the secret ${from.secret} is not set; the environment gives it as ${variable}.`);
    return { text, place: variable, name: `${setting}: ${variable}` };
  }
  const file = resolve(directory, workload ? from.replaceAll('{role}', workload.role) : from);
  try {
    const text = await readFile(file, 'utf8');
    if (isPrivate && process.platform !== 'win32' && ((await stat(file)).mode & 0o007) !== 0)
      throw invalid(
        `${setting}: everybody may read ${file}; take that away (chmod o-rwx, in Kubernetes defaultMode: 0440).`,
      );
    return { text, place: file, name: `${setting}: ${file}` };
  } catch (cause) {
    if (isPlatformError(cause)) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw invalid(`${setting}: ${file} ${missing ? 'does not exist' : 'cannot be read'}.`, cause);
  }
}

function certificatesIn({ text, name }: Found): X509Certificate[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) throw invalid(`${name} holds no certificate in PEM form.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw invalid(`${name} holds a certificate that cannot be read.`, cause);
  }
}

function privateKeyIn({ text, name }: Found): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // What OpenSSL says of a key that it cannot read may quote it.
    throw invalid(`${name} holds no private key in PEM form without a passphrase.`);
  }
}

function assertInForce({ validFromDate, validToDate }: X509Certificate, name: string, now: Date): void {
  if (validToDate <= now) throw invalid(`${name} expired at ${validToDate.toISOString()}.`);
  if (validFromDate > now) throw invalid(`${name} is not valid before ${validFromDate.toISOString()}.`);
}

function assertWorkload(leaf: X509Certificate, name: string, expected: string): void {
  let found: string;
  try {
    found = workloadOf(leaf);
  } catch (error) {
    throw invalid(`${name}: ${(error as Error).message} Expected ${expected}.`);
  }
  if (found !== expected) throw invalid(`${name} stands for ${found}; this process needs ${expected}.`);
}

/** Whether each was issued by the next, and the last by one that is trusted. */
function leadsTo(chain: readonly X509Certificate[], trusted: readonly X509Certificate[]): boolean {
  const issued = (one: X509Certificate, by: X509Certificate) => one.checkIssued(by) && one.verify(by.publicKey);
  for (const [place, one] of chain.entries()) {
    if (trusted.some((authority) => authority.ca && issued(one, authority))) return true;
    const next = chain[place + 1];
    if (!next || !issued(one, next)) return false;
  }
  return false;
}
