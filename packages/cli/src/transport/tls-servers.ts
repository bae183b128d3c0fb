// TLS in place of plain HTTP under the platform's listeners. Who may ask is decided below the routes: no route can be forgotten.
import { constants, type X509Certificate } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { counter, createLogger, isPlatformError } from '@falaj/runtime';
import type { CertificateMaterial } from './certificate-files.js';
import type { LiveCertificates } from './live-certificates.js';
import { workloadOf } from './spiffe-id.js';

export type CreateServer = (handler: RequestListener) => Server;

/** A year (RFC 6797): browsers then come by https only. */
const HSTS = 'max-age=31536000';
const HANDSHAKE_MS = 10_000;
/** As the plain listeners have it. */
const KEEP_ALIVE_MS = 72_000;

const log = createLogger('tls');
const refusals = counter('falaj_tls_refused_total', 'Handshakes and callers that a listener refused.', [
  'listener',
  'what',
] as const);

function listening(
  name: 'edge' | 'internal',
  live: LiveCertificates,
  context: (material: CertificateMaterial) => https.ServerOptions,
  others: https.ServerOptions,
  handler: RequestListener,
): Server {
  const server = https.createServer(
    {
      ...context(live.current),
      handshakeTimeout: HANDSHAKE_MS,
      rejectUnauthorized: true,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: 0,
      ...others,
    },
    handler,
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    refusals.inc({ listener: name, what: 'handshake' });
    log.debug('a handshake failed', { listener: name, reason: error.code ?? error.message });
  });
  // Connections that stand keep what they agreed on; new ones get the new certificate.
  live.onChange((material) => server.setSecureContext(context(material)));
  return server;
}

/** For strangers: TLS 1.2 or later; with authorities for clients, only who shows a certificate of theirs. */
export const edgeServer =
  (live: LiveCertificates): CreateServer =>
  (handler) =>
    listening(
      'edge',
      live,
      ({ certificate, key, authorities }) => ({
        cert: certificate,
        key,
        minVersion: 'TLSv1.2',
        ...(authorities ? { ca: authorities } : {}),
      }),
      { requestCert: live.current.authorities !== undefined },
      (request, response) => {
        response.setHeader('strict-transport-security', HSTS);
        handler(request, response);
      },
    );

export interface Admitted {
  /** SPIFFE ids that may ask anything here. */
  readonly callers: readonly string[];
  /** SPIFFE ids that may read health and metrics. */
  readonly monitors: readonly string[];
}

interface Caller {
  readonly id: string;
  readonly until: number;
  readonly generation: number;
}

/** For the platform's own processes: TLS 1.3, a certificate from each, and 403 for workloads that have no business here. */
export const internalServer =
  (live: LiveCertificates, { callers, monitors }: Admitted): CreateServer =>
  (handler) => {
    const known = new WeakMap<TLSSocket, Caller>();
    const callerOf = (socket: TLSSocket): Caller => {
      const found = known.get(socket);
      if (found) return found;
      const certificate = socket.getPeerX509Certificate() as X509Certificate;
      const caller = {
        id: workloadOf(certificate),
        until: certificate.validToDate.getTime(),
        generation: live.generation,
      };
      known.set(socket, caller);
      return caller;
    };
    return listening(
      'internal',
      live,
      ({ certificate, key, authorities = '' }) => ({
        cert: certificate,
        key,
        ca: authorities,
        minVersion: 'TLSv1.3',
        // A resumed session would not look at certificates again.
        secureOptions: constants.SSL_OP_NO_TICKET,
      }),
      { requestCert: true },
      (request, response) => {
        const refuse = (message: string) => {
          refusals.inc({ listener: 'internal', what: 'caller' });
          log.warn('a workload was refused', { reason: message, path: request.url });
          response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
          response.end(JSON.stringify({ errors: [{ message, extensions: { code: 'FORBIDDEN' } }] }));
        };
        let caller: Caller;
        try {
          caller = callerOf(request.socket as TLSSocket);
        } catch (error) {
          return refuse(isPlatformError(error) ? error.message : 'The certificate cannot be read.');
        }
        const { id, until, generation } = caller;
        if (Date.now() >= until) return refuse(`The certificate of ${id} expired while the connection stood.`);
        if (!callers.includes(id) && !(monitors.includes(id) && isWatching(request)))
          return refuse(`The workload ${id} may not ask this here; it answers ${callers.join(', ')}.`);
        // Agreed on before the authorities changed: what comes next shows its certificate again.
        if (generation !== live.generation) response.shouldKeepAlive = false;
        handler(request, response);
      },
    );
  };

const isWatching = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'GET' && /^\/(health\/(live|ready)|metrics)$/.test(url);
