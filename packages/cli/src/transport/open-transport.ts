// How one process listens and asks, from its configuration and its roles.
import { createLogger } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';
import { addressesOf } from '../platform/addresses.js';
import { type Roles, subgraphNames } from '../platform/roles.js';
import { readCertificates } from './certificate-files.js';
import { type InternalTransport, openInternalTransport } from './internal-transport.js';
import { watchCertificates } from './live-certificates.js';
import { assertSecureTransport, plaintextOf } from './secure-profile.js';
import { type CreateServer, edgeServer } from './tls-servers.js';

const log = createLogger('transport');

export interface Transport {
  /** The edge by TLS; undefined where it is plain HTTP. */
  readonly edge?: CreateServer;
  /** Undefined where everything runs in this process, or the others are asked in the clear. */
  readonly internal?: InternalTransport;
  /** What may leave the machine in the clear, and why. */
  readonly plaintext: ReturnType<typeof plaintextOf>;
  close(): Promise<void>;
}

/**
 * Throws CONFIG_INVALID for certificates that do not fit, and in the profile `production` for all that would leave the
 * machine in the clear.
 */
export async function openTransport(config: ResolvedConfig, roles: Roles): Promise<Transport> {
  const elsewhere = subgraphNames.filter((name) => !roles.subgraphs.includes(name));
  const traffic = {
    gateway: roles.gateway,
    others: addressesOf(roles.gateway, elsewhere),
    databaseUrl: process.env.FALAJ_DATABASE_URL,
  };
  assertSecureTransport(config, traffic);
  const plaintext = plaintextOf(config, traffic);
  for (const { what, reason } of plaintext)
    if (reason === null) log.warn('what is sent may be read and changed on its way', { what });
  const { tls, directory } = config;
  const edge =
    tls && roles.gateway
      ? await watchCertificates('edge', () =>
          readCertificates({
            setting: 'tls',
            certificate: tls.certificate,
            key: tls.key,
            directory,
            ...(tls.clientAuthorities
              ? { authorities: { setting: 'tls.clientAuthorities', from: tls.clientAuthorities } }
              : {}),
          }),
        )
      : undefined;
  const role = roles.gateway ? 'gateway' : (`subgraph/${roles.subgraphs[0]}` as const);
  const alone = roles.gateway && elsewhere.length === 0;
  const internal = alone ? undefined : await openInternalTransport(config, role);
  return {
    plaintext,
    ...(edge ? { edge: edgeServer(edge) } : {}),
    ...(internal ? { internal } : {}),
    async close() {
      await edge?.close();
      await internal?.close();
    },
  };
}
