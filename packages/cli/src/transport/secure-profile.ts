// The profile `production` sends nothing in the clear beyond this machine, unless a written reason says why it may.
import { PlatformError } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';

type Traffic = 'edge' | 'internal' | 'database';
type Transport = Pick<
  ResolvedConfig,
  'profile' | 'listen' | 'tls' | 'internalTls' | 'plaintextExceptions' | 'zoneExceptions' | 'publicUrl'
>;

type Excepting = Pick<Transport, 'profile' | 'plaintextExceptions'>;

interface Exposure {
  readonly traffic: Traffic;
  /** The setting, and what it lets out. */
  readonly what: string;
  readonly todo: string;
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
  refuse(config, exposuresOf(config, traffic));
}

/** The same for a command that only connects to the database. */
export function assertSecureDatabase(config: Excepting, databaseUrl: string | undefined): void {
  refuse(config, databaseExposures(databaseUrl));
}

function refuse(config: Excepting, exposures: readonly Exposure[]): void {
  if (config.profile !== 'production') return;
  const faults = exposures.filter((fault) => !config.plaintextExceptions?.[fault.traffic]);
  if (faults.length === 0) return;
  throw new PlatformError(
    'CONFIG_INVALID',
    `The profile production sends nothing in the clear beyond this machine: ${faults
      .map(({ what, todo, traffic: of }) => `${what}: ${todo}, or give the reason in plaintextExceptions.${of}`)
      .join('; ')}.`,
    { details: { faults: faults.map(({ what }) => what) } },
  );
}

/** For the checks of compliance, in any profile: what may leave the machine in the clear, and the written reason. */
export const plaintextOf = (
  config: Transport,
  traffic: ProcessTraffic,
): readonly { readonly what: string; readonly reason: string | null }[] =>
  exposuresOf(config, traffic).map(({ what, traffic: of }) => ({
    what,
    reason: config.plaintextExceptions?.[of] ?? null,
  }));

function exposuresOf(config: Transport, { gateway, others, databaseUrl }: ProcessTraffic): Exposure[] {
  const { host } = config.listen;
  const found: Exposure[] = [];
  if (!isLoopback(host)) {
    if (gateway && !config.tls)
      found.push({ traffic: 'edge', what: `listen.host is ${host} without tls`, todo: 'set tls' });
    if (!gateway && !config.internalTls)
      found.push({ traffic: 'internal', what: `listen.host is ${host} without internalTls`, todo: 'set internalTls' });
  }
  if (config.publicUrl?.startsWith('http:') && !isLoopback(hostOf(config.publicUrl)))
    found.push({ traffic: 'edge', what: `publicUrl is ${config.publicUrl}`, todo: 'callers must come by https' });
  for (const [setting, url] of Object.entries(others)) {
    if (!url || isLoopback(hostOf(url))) continue;
    if (!config.internalTls || !url.startsWith('https:'))
      found.push({
        traffic: 'internal',
        what: `${setting} is ${url}`,
        todo: 'set internalTls and an https address',
      });
  }
  return [...found, ...databaseExposures(databaseUrl)];
}

const databaseExposures = (url: string | undefined): Exposure[] =>
  !url || isProtectedDatabase(url)
    ? []
    : [
        {
          traffic: 'database',
          what: `the database is at ${databaseHost(url)}`,
          todo: 'its URL needs sslmode=verify-full (and sslrootcert)',
        },
      ];

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
  const exceptions = [
    ...Object.entries(config.plaintextExceptions ?? {}).map(
      ([traffic, reason]) => `${traffic} may be plaintext: ${reason}`,
    ),
    ...Object.entries(config.zoneExceptions ?? {}).map(([sink, reason]) => `${sink} may leave the zone: ${reason}`),
  ];
  const protectedBy = [config.tls ? 'edge by TLS' : '', config.internalTls ? 'between roles by mutual TLS' : ''];
  return {
    ok: true,
    detail: [...protectedBy.filter(Boolean), ...exceptions].join('; ') || 'plaintext on this machine',
  };
}
