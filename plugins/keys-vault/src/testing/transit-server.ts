// The part of the Transit, AppRole and token API that the plugin uses, over real HTTP, for machines without the server.
// Its answers are held to those of OpenBao 2.7.2 by `transit.test.ts`: same statuses, same refusals, same members.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TransitServer {
  readonly url: string;
  readonly requests: readonly string[];
  /** Status of the next requests, in order, instead of an answer; 0 = the connection is cut. */
  readonly fail: number[];
  /** Milliseconds before every answer. */
  delay: number;
  revoke(token: string): void;
  close(): Promise<void>;
}

interface TransitKey {
  readonly derived: boolean;
  readonly versions: Map<number, { readonly key: Buffer; readonly at: number }>;
  latest: number;
  oldest: number;
  deletable: boolean;
}

interface Answer {
  readonly status: number;
  readonly data?: object;
  readonly auth?: object;
  readonly errors?: readonly string[];
}

export interface TransitServerOptions {
  readonly rootToken: string;
  readonly appRole?: { readonly roleId: string; readonly secretId: string; readonly ttlSeconds: number };
  readonly tls?: { readonly cert: string; readonly key: string };
}

const refuse = (status: number, ...errors: string[]): Answer => ({ status, errors });
const notFound = refuse(400, 'encryption key not found');
const unauthentic = refuse(400, 'cipher: message authentication failed');

export async function startTransitServer(options: TransitServerOptions): Promise<TransitServer> {
  const keys = new Map<string, TransitKey>();
  const tokens = new Set([options.rootToken]);
  const requests: string[] = [];
  const fail: number[] = [];

  const derived = (key: Buffer, context: string) =>
    Buffer.from(hkdfSync('sha256', key, '', Buffer.from(context, 'base64'), 32));
  const make = (derivedKey: boolean): TransitKey => ({
    derived: derivedKey,
    versions: new Map([[1, { key: randomBytes(32), at: Math.floor(Date.now() / 1000) }]]),
    latest: 1,
    oldest: 1,
    deletable: false,
  });
  const describe = (name: string, key: TransitKey) => ({
    allow_plaintext_backup: false,
    deletion_allowed: key.deletable,
    derived: key.derived,
    exportable: false,
    keys: Object.fromEntries(
      [...key.versions].filter(([version]) => version >= key.oldest).map(([version, { at }]) => [version, at]),
    ),
    latest_version: key.latest,
    min_available_version: 0,
    min_decryption_version: key.oldest,
    min_encryption_version: 0,
    name,
    type: 'aes256-gcm96',
  });
  const seal = (key: TransitKey, plaintext: string, context: string): Answer => {
    const nonce = randomBytes(12);
    const kek = (key.versions.get(key.latest) as { key: Buffer }).key;
    const cipher = createCipheriv('aes-256-gcm', derived(kek, context), nonce);
    const sealed = Buffer.concat([nonce, cipher.update(Buffer.from(plaintext, 'base64')), cipher.final()]);
    const ciphertext = `vault:v${key.latest}:${Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64')}`;
    return { status: 200, data: { ciphertext, key_version: key.latest } };
  };
  const open = (key: TransitKey, ciphertext: string, context: string): Answer | Buffer => {
    const [, version, text = ''] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? [];
    if (!version) return refuse(400, 'invalid ciphertext: no prefix');
    if (Number(version) > key.latest) return refuse(400, 'invalid ciphertext: version is too new');
    if (Number(version) < key.oldest) {
      return refuse(400, 'ciphertext or signature version is disallowed by policy (too old)');
    }
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length < 12) return refuse(400, 'invalid ciphertext length');
    if (bytes.length < 28) return unauthentic;
    const kek = (key.versions.get(Number(version)) as { key: Buffer }).key;
    const decipher = createDecipheriv('aes-256-gcm', derived(kek, context), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    } catch {
      return unauthentic;
    }
  };

  function keyRequest(method: string, name: string, action: string | undefined, body: Record<string, unknown>): Answer {
    const key = keys.get(name);
    if (method === 'POST' && action === undefined) {
      const held = key ?? make(body.derived === true);
      keys.set(name, held);
      return { status: 200, data: describe(name, held) };
    }
    if (!key) {
      if (method === 'GET') return refuse(404);
      return refuse(
        400,
        method === 'DELETE' ? `error deleting policy ${name}: could not delete key; not found` : 'key not found',
      );
    }
    if (method === 'GET') return { status: 200, data: describe(name, key) };
    if (method === 'DELETE') {
      if (!key.deletable) return refuse(400, `error deleting policy ${name}: deletion is not allowed for this key`);
      keys.delete(name);
      return { status: 204 };
    }
    if (action === 'rotate') {
      key.latest += 1;
      key.versions.set(key.latest, { key: randomBytes(32), at: Math.floor(Date.now() / 1000) });
    } else if (action === 'config') {
      if (typeof body.deletion_allowed === 'boolean') key.deletable = body.deletion_allowed;
      if (typeof body.min_decryption_version === 'number') key.oldest = body.min_decryption_version;
    } else return refuse(404, 'no handler for route');
    return { status: 200, data: describe(name, key) };
  }

  function transit(method: string, parts: readonly string[], body: Record<string, unknown>): Answer {
    const [engine, operation, name = '', action] = parts;
    const context = String(body.context ?? '');
    if (engine !== 'transit') return refuse(404, `no handler for route "${parts.join('/')}". route entry not found.`);
    if (operation === 'keys') return keyRequest(method, name, action, body);
    if (operation === 'encrypt') {
      const key = keys.get(name) ?? make(context !== '');
      keys.set(name, key);
      return seal(key, String(body.plaintext), context);
    }
    const key = keys.get(name);
    if (!key) return notFound;
    const opened = open(key, String(body.ciphertext), context);
    if (!Buffer.isBuffer(opened)) return opened;
    const plaintext = opened.toString('base64');
    return operation === 'rewrap' ? seal(key, plaintext, context) : { status: 200, data: { plaintext } };
  }

  function answer(method: string, path: string, token: string, body: Record<string, unknown>): Answer {
    const { appRole } = options;
    if (path === 'auth/approle/login') {
      if (!appRole || body.role_id !== appRole.roleId || body.secret_id !== appRole.secretId) {
        return refuse(400, 'invalid role or secret ID');
      }
      const issued = `s.${randomUUID()}`;
      tokens.add(issued);
      return { status: 200, auth: { client_token: issued, lease_duration: appRole.ttlSeconds, renewable: true } };
    }
    if (!tokens.has(token)) return refuse(403, 'permission denied');
    if (path === 'auth/token/lookup-self') return { status: 200, data: { ttl: 0, renewable: false } };
    return transit(method, path.split('/'), body);
  }

  const listener: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '/', 'http://transit');
      const path = pathname.replace(/^\/v1\//, '');
      requests.push(`${request.method} ${path}`);
      const failing = fail.shift();
      if (failing === 0) return void request.socket.destroy();
      const text = Buffer.concat(chunks).toString('utf8');
      const token = String(request.headers['x-vault-token'] ?? '');
      const { status, errors, data, auth } =
        failing === undefined
          ? answer(request.method ?? 'GET', path, token, text ? JSON.parse(text) : {})
          : refuse(failing, 'Vault is sealed');
      setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(
          status === 204 ? undefined : JSON.stringify(errors ? { errors } : { data: data ?? null, auth: auth ?? null }),
        );
      }, running.delay);
    });
  };

  const server = options.tls ? https.createServer(options.tls, listener) : http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: TransitServer = {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fail,
    delay: 0,
    revoke: (token) => {
      if (token === '*') for (const each of tokens) each.startsWith('s.') && tokens.delete(each);
      else tokens.delete(token);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return running;
}
