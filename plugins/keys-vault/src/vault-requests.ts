// Requests of the Vault HTTP API (developer.hashicorp.com/vault/api-docs; OpenBao speaks the same). What is sent holds keys
// and tokens: nothing of it reaches a log or an error.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { PluginError, type PluginLog } from '@falaj/plugin-sdk';
import type { TransitConfig } from './transit-config.js';

export interface VaultReply {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly auth: Readonly<Record<string, unknown>>;
  /** What the server says of a refusal, shortened. */
  readonly problem: string;
}

export interface VaultRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/v1/`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly token?: string;
  /** Doing it twice is not doing it once: it is repeated only where it certainly did not happen. */
  readonly once?: boolean;
  readonly signal: AbortSignal;
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const FIRST_PAUSE_MS = 100;
const MOST_BYTES = 1 << 20;
/** 412: a replica that lags behind; 429: too many; 472, 473, 5xx: standby, sealed or in trouble. */
const mayPass = (status: number): boolean => [412, 429, 472, 473].includes(status) || status >= 500;
const refusedBeforeWork = (status: number): boolean => [429, 472, 473, 503].includes(status);

export class VaultRequests {
  readonly #config: TransitConfig;
  readonly #log: PluginLog;
  readonly #agent: http.Agent;
  readonly #secure: boolean;

  constructor(config: TransitConfig, log: PluginLog) {
    const { protocol, hostname } = new URL(config.url);
    this.#secure = protocol === 'https:';
    if (!this.#secure && !LOOPBACK.has(hostname)) {
      throw new PluginError(
        'BAD_INPUT',
        `vault.url: ${protocol}//${hostname} would carry keys in the clear; use https.`,
      );
    }
    this.#config = config;
    this.#log = log;
    this.#agent = this.#secure
      ? new https.Agent({
          keepAlive: true,
          minVersion: 'TLSv1.2',
          ...(config.caFile === undefined ? {} : { ca: certificates(config.caFile) }),
        })
      : new http.Agent({ keepAlive: true });
  }

  /** Any status but one that may pass. Throws UNAVAILABLE when attempts are used up, CANCELLED when the caller gave up. */
  async send(request: VaultRequest): Promise<VaultReply> {
    const { attempts } = this.#config;
    for (let attempt = 1; ; attempt++) {
      const problem = await this.#attempt(request);
      if (typeof problem !== 'string') return problem.reply;
      const { method, path } = request;
      if (attempt >= attempts || (request.once && !problem.startsWith('not begun'))) {
        throw new PluginError('UNAVAILABLE', `The key service did not answer ${method} ${path}: ${problem}.`);
      }
      this.#log.warn('The key service is asked again.', { method, path, attempt, problem });
      const spread = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
      await pause(spread, undefined, { signal: request.signal }).catch((cause: unknown) => {
        throw new PluginError('CANCELLED', 'The call was cancelled.', { cause });
      });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A text where it may pass by itself. */
  async #attempt(request: VaultRequest): Promise<string | { readonly reply: VaultReply }> {
    let reply: VaultReply;
    try {
      reply = await this.#once(request);
    } catch (error) {
      if (request.signal.aborted) throw new PluginError('CANCELLED', 'The call was cancelled.', { cause: error });
      const { code = 'no answer', message } = error as NodeJS.ErrnoException;
      // Its certificate does not hold: asking again would not help, and nothing was said to it.
      if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
        throw new PluginError('UNAVAILABLE', `The key service cannot be trusted: ${message}.`, { retryable: false });
      }
      return code === 'ECONNREFUSED' || code === 'ENOTFOUND' ? `not begun (${code})` : code;
    }
    if (!mayPass(reply.status)) return { reply };
    return `${refusedBeforeWork(reply.status) ? 'not begun, ' : ''}status ${reply.status}, ${reply.problem}`;
  }

  #once({ method, path, body, token, signal }: VaultRequest): Promise<VaultReply> {
    const { url, namespace, timeoutMs } = this.#config;
    const payload = body === undefined ? null : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = (this.#secure ? https : http).request(
        new URL(`/v1/${path}`, url),
        {
          method,
          agent: this.#agent,
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
          headers: {
            accept: 'application/json',
            // Refused by the server where the request came through an agent's cache; a sign of who speaks otherwise.
            'x-vault-request': 'true',
            ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
            ...(token === undefined ? {} : { 'x-vault-token': token }),
            ...(payload === null
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MOST_BYTES) response.destroy(new Error('the answer is longer than 1 MiB'));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () => resolve(replyOf(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))));
        },
      );
      sent.on('error', reject);
      sent.end(payload ?? undefined);
    });
  }
}

/** Of an answer that is not the API's (a proxy's page), only the status counts. */
function replyOf(status: number, text: string): VaultReply {
  let body: { data?: unknown; auth?: unknown; errors?: unknown } = {};
  try {
    body = text === '' ? {} : (JSON.parse(text) as typeof body);
  } catch {
    // As above.
  }
  const record = (value: unknown) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const errors = Array.isArray(body.errors) ? body.errors.map(String).join('; ') : '';
  return {
    status,
    data: record(body.data),
    auth: record(body.auth),
    problem: errors.replaceAll(/\s+/g, ' ').trim().slice(0, 200) || 'no reason given',
  };
}

function certificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PluginError('BAD_INPUT', `vault.caFile: ${file} cannot be read.`, { cause });
  }
}
