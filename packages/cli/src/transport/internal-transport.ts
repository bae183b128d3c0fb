// Traffic between the processes of a split platform: by mutual TLS where it is configured, else as Node does it.
import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { Dispatcher, fetch, Pool } from 'undici';
import type { ResolvedConfig } from '../config.js';
import { type CertificateMaterial, readCertificates } from './certificate-files.js';
import { type LiveCertificates, watchCertificates } from './live-certificates.js';
import { type ProcessRole, spiffeIdOf, workloadOf } from './spiffe-id.js';
import { type CreateServer, internalServer } from './tls-servers.js';
import type { InternalTlsConfig } from './transport-config.js';

type Fetch = typeof globalThis.fetch;

export interface InternalTransport {
  /** A listener that answers these roles only. */
  serve(callers: readonly ProcessRole[]): CreateServer;
  /** Asks a process, which must prove that it has this role; its host name counts nothing. */
  fetchFrom(role: ProcessRole): Fetch;
  /** The same for libraries. */
  dispatcherTo(role: ProcessRole): Dispatcher;
  close(): Promise<void>;
}

/**
 * Connections of one certificate each: after a change new requests take new ones, and those under way end on theirs. Pools of
 * its own by address, for undici's Agent (7.30) opens a connection for each request once all of an address had been closed.
 */
class RenewedPools extends Dispatcher {
  #pools = new Map<string, Pool>();
  readonly #make: (origin: string) => Pool;

  constructor(live: LiveCertificates, make: (origin: string) => Pool) {
    super();
    this.#make = make;
    live.onChange(() => {
      const old = this.#pools;
      this.#pools = new Map();
      for (const pool of old.values()) void pool.close();
    });
  }

  override dispatch(...[options, handler]: Parameters<Dispatcher['dispatch']>): boolean {
    const origin = String(options.origin);
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = this.#make(origin);
      this.#pools.set(origin, pool);
    }
    return pool.dispatch(options, handler);
  }

  override async destroy(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}

/** Undefined without `internalTls`. Throws CONFIG_INVALID for certificates that do not fit the role. */
export async function openInternalTransport(
  { internalTls, directory }: Pick<ResolvedConfig, 'internalTls' | 'directory'>,
  role: ProcessRole,
): Promise<InternalTransport | undefined> {
  if (!internalTls) return undefined;
  const { trustDomain, monitors } = internalTls;
  const live = await watchCertificates('internal', () => readCertificates(sourcesOf(internalTls, directory, role)));
  const dispatchers = new Map<ProcessRole, Dispatcher>();
  const dispatcherTo = (to: ProcessRole): Dispatcher => {
    const known = dispatchers.get(to);
    if (known) return known;
    const expected = spiffeIdOf(trustDomain, to);
    const pools = new RenewedPools(
      live,
      (origin) => new Pool(origin, { ...TIMEOUTS, connect: connecting(live.current, expected) }),
    );
    dispatchers.set(to, pools);
    return pools;
  };
  return {
    serve: (callers) =>
      internalServer(live, { callers: callers.map((caller) => spiffeIdOf(trustDomain, caller)), monitors }),
    dispatcherTo,
    fetchFrom: (to) => {
      const dispatcher = dispatcherTo(to);
      const ask = (input: string | URL, init?: object) => fetch(input, { ...init, dispatcher });
      // Two declarations of one standard.
      return ask as unknown as Fetch;
    },
    async close() {
      await live.close();
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/** Deadlines are the callers'; an event stream may be silent for as long as nothing happens. */
const TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

function connecting({ certificate, key, authorities = '' }: CertificateMaterial, expected: string) {
  return {
    cert: certificate,
    key,
    ca: authorities,
    minVersion: 'TLSv1.3' as const,
    timeout: 10_000,
    // A resumed session would not look at certificates again.
    maxCachedSessions: 0,
    checkServerIdentity: (host: string, { raw }: PeerCertificate): Error | undefined => {
      try {
        const found = workloadOf(new X509Certificate(raw));
        if (found === expected) return undefined;
        return new Error(`${host} is the workload ${found}, and ${expected} was to be asked.`);
      } catch (error) {
        // What is thrown here would end the process.
        return error as Error;
      }
    },
  };
}

function sourcesOf(
  { trustDomain, certificate, key, authorities }: InternalTlsConfig,
  directory: string,
  role: ProcessRole,
) {
  return {
    setting: 'internalTls',
    certificate,
    key,
    authorities: { setting: 'internalTls.authorities', from: authorities },
    directory,
    workload: { id: spiffeIdOf(trustDomain, role), role: role.replace('/', '-') },
  };
}
