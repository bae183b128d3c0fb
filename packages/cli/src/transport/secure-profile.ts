// The profile `production` sends nothing in the clear beyond this machine, unless a written reason says why it may.
import { PlatformError } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';

type Traffic = 'edge' | 'internal' | 'database';
type Transport = Pick<
  ResolvedConfig,
  'profile' | 'listen' | 'tls' | 'internalTls' | 'plaintextExceptions' | 'publicUrl'
>;

interface Fault {
  readonly traffic: Traffic;
  readonly text: string;
}

/** The machine itself: 127.0.0.0/8, ::1, or a socket in its file system. */
export const isLoopback = (host: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)$/.test(host) || host.startsWith('/');

const hostOf = (url: string): string => URL.parse(url)?.hostname ?? url;

/** What one process would listen at and connect to. */
export interface ProcessTraffic {
  readonly gateway: boolean;
  /** Addresses of other processes of the platform, by the setting that gives them. */
  readonly others: Readonly<Record<string, string | undefined>>;
  /** Undefined for the embedded server. */
  readonly databaseUrl: string | undefined;
}

/**
 * Throws CONFIG_INVALID in the profile `production`, with everything that would go in the clear and the setting that ends
 * it. `development` allows all.
 */
export function assertSecureTransport(config: Transport, traffic: ProcessTraffic): void {
  if (config.profile !== 'production') return;
  const faults = plaintextOf(config, traffic).filter((fault) => !config.plaintextExceptions?.[fault.traffic]);
  if (faults.length === 0) return;
  throw new PlatformError(
    'CONFIG_INVALID',
    `The profile production sends nothing in the clear beyond this machine: ${faults
      .map(({ text, traffic: of }) => `${text}, or give the reason in plaintextExceptions.${of}`)
      .join('; ')}.`,
    { details: { faults: faults.map(({ text }) => text) } },
  );
}

function plaintextOf(config: Transport, { gateway, others, databaseUrl }: ProcessTraffic): Fault[] {
  const { host } = config.listen;
  const faults: Fault[] = [];
  if (!isLoopback(host)) {
    if (gateway && !config.tls) faults.push({ traffic: 'edge', text: `listen.host is ${host} without tls: set tls` });
    if (!gateway && !config.internalTls)
      faults.push({ traffic: 'internal', text: `listen.host is ${host} without internalTls: set internalTls` });
  }
  if (config.publicUrl?.startsWith('http:') && !isLoopback(hostOf(config.publicUrl)))
    faults.push({ traffic: 'edge', text: `publicUrl is ${config.publicUrl}: callers must come by https` });
  for (const [setting, url] of Object.entries(others)) {
    if (!url || isLoopback(hostOf(url))) continue;
    if (!config.internalTls || !url.startsWith('https:'))
      faults.push({ traffic: 'internal', text: `${setting} is ${url}: set internalTls and an https address` });
  }
  if (databaseUrl && !isProtectedDatabase(databaseUrl))
    faults.push({
      traffic: 'database',
      text: `the database is at ${databaseHost(databaseUrl)}: its URL needs sslmode=verify-full (and sslrootcert)`,
    });
  return faults;
}

/** A host may be left out before a parameter that names it; then it is this machine. */
const databaseAt = (url: string): URL | null => URL.parse(url.replace('@/', '@localhost/'));

function databaseHost(url: string): string {
  const at = databaseAt(url);
  return at ? (at.searchParams.get('host') ?? decodeURIComponent(at.hostname)) : 'an address that is no URL';
}

function isProtectedDatabase(url: string): boolean {
  const host = databaseHost(url);
  if (host === '' || isLoopback(host)) return true;
  const parameters = databaseAt(url)?.searchParams;
  // `ssl` would have the last word over the mode.
  return parameters?.getAll('sslmode').join() === 'verify-full' && !parameters.has('ssl');
}

/** For the readiness: how traffic is protected, and what is excepted for which reason. */
export function describeTransport(config: Transport): { ok: true; detail: string } {
  const exceptions = Object.entries(config.plaintextExceptions ?? {}).map(
    ([traffic, reason]) => `${traffic} may be plaintext: ${reason}`,
  );
  const protectedBy = [config.tls ? 'edge by TLS' : '', config.internalTls ? 'between roles by mutual TLS' : ''];
  return {
    ok: true,
    detail: [...protectedBy.filter(Boolean), ...exceptions].join('; ') || 'plaintext on this machine',
  };
}
