// Who the plugin is to the server: a token that it renews, or one that it gets by AppRole, anew before it ends.
import { PluginError, type PluginHost } from '@falaj/plugin-sdk';
import type { TransitConfig } from './transit-config.js';
import type { VaultReply, VaultRequest, VaultRequests } from './vault-requests.js';

interface Lease {
  readonly token: string;
  /** Epoch milliseconds from which on another is fetched; null = it does not end. */
  readonly renewAt: number | null;
  readonly renewable: boolean;
}

/** Of its life: the rest is for attempts that fail. */
const RENEW_AFTER = 2 / 3;

export class VaultSession {
  readonly #requests: VaultRequests;
  readonly #auth: TransitConfig['auth'];
  readonly #host: Pick<PluginHost, 'clock' | 'secret'>;
  #lease: Lease | null = null;
  #fetching: Promise<Lease> | null = null;

  constructor(requests: VaultRequests, auth: TransitConfig['auth'], host: Pick<PluginHost, 'clock' | 'secret'>) {
    this.#requests = requests;
    this.#auth = auth;
    this.#host = host;
  }

  /** Sends as the plugin; a token that the server no longer knows is replaced once. Throws UNAVAILABLE for a refusal. */
  async send(request: Omit<VaultRequest, 'token'>): Promise<VaultReply> {
    const { token } = await this.#current();
    let reply = await this.#requests.send({ ...request, token });
    if (reply.status === 403 && this.#auth.method === 'approle') {
      if (this.#lease?.token === token) this.#lease = null;
      reply = await this.#requests.send({ ...request, token: (await this.#current()).token });
    }
    if (reply.status === 403) {
      throw new PluginError(
        'UNAVAILABLE',
        `The key service refuses ${request.method} ${request.path}: ${reply.problem}. Check the token and its policy.`,
        { retryable: false },
      );
    }
    return reply;
  }

  async #current(): Promise<Lease> {
    const held = this.#lease;
    if (held && (held.renewAt === null || this.#host.clock() < held.renewAt)) return held;
    // Not the caller's signal: others wait for the same token.
    this.#fetching ??= this.#fetch(held, AbortSignal.timeout(30_000)).finally(() => {
      this.#fetching = null;
    });
    this.#lease = await this.#fetching;
    return this.#lease;
  }

  #fetch(held: Lease | null, signal: AbortSignal): Promise<Lease> {
    return this.#auth.method === 'approle' ? this.#logIn(this.#auth, signal) : this.#renew(held, signal);
  }

  async #logIn(auth: TransitConfig['auth'] & { method: 'approle' }, signal: AbortSignal): Promise<Lease> {
    const {
      status,
      auth: granted,
      problem,
    } = await this.#requests.send({
      method: 'POST',
      path: `auth/${auth.mount}/login`,
      body: { role_id: auth.roleId, secret_id: this.#host.secret(auth.secret) },
      signal,
    });
    if (status !== 200 || typeof granted.client_token !== 'string') {
      throw new PluginError('UNAVAILABLE', `The key service refuses the AppRole: status ${status}, ${problem}.`, {
        retryable: false,
      });
    }
    return this.#leaseOf(granted.client_token, Number(granted.lease_duration ?? 0), true);
  }

  async #renew(held: Lease | null, signal: AbortSignal): Promise<Lease> {
    const token = held?.token ?? this.#host.secret(this.#auth.secret);
    if (held?.renewable) {
      const { status, auth } = await this.#requests.send({
        method: 'POST',
        path: 'auth/token/renew-self',
        body: {},
        token,
        signal,
      });
      if (status === 200) return this.#leaseOf(token, Number(auth.lease_duration ?? 0), auth.renewable === true);
    }
    const { status, data, problem } = await this.#requests.send({
      method: 'GET',
      path: 'auth/token/lookup-self',
      token,
      signal,
    });
    if (status !== 200) {
      throw new PluginError('UNAVAILABLE', `The key service refuses the token: status ${status}, ${problem}.`, {
        retryable: false,
      });
    }
    return this.#leaseOf(token, Number(data.ttl ?? 0), data.renewable === true);
  }

  /** `seconds` 0 means: it does not end. */
  #leaseOf(token: string, seconds: number, renewable: boolean): Lease {
    return { token, renewable, renewAt: seconds > 0 ? this.#host.clock() + seconds * 1000 * RENEW_AFTER : null };
  }
}
