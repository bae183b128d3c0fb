// How the gateway proves to a subgraph whom it speaks for: a token that fits one subgraph, one body and one minute.
// Written against node:crypto and not a JOSE library: the header is one constant text that is compared as a whole, so no
// token can choose its algorithm, and minting costs less than half the CPU.
import { createHash, createPublicKey, type KeyObject, randomUUID, sign, timingSafeEqual, verify } from 'node:crypto';
import { PlatformError, type Principal } from '@falaj/runtime';
import { z } from 'zod';

const INTERNAL_ISSUER = 'falaj-gateway';
const LIFETIME_SECONDS = 60;
const CLOCK_SKEW_SECONDS = 5;
const LONGEST_TOKEN = 16_384;
const HEADER = Buffer.from('{"alg":"EdDSA","typ":"falaj-internal+jwt"}').toString('base64url');

const claims = z.strictObject({
  iss: z.literal(INTERNAL_ISSUER),
  aud: z.string(),
  sub: z.string().min(1),
  principal: z.strictObject({
    kind: z.enum(['USER', 'SERVICE', 'WORKLOAD', 'ANONYMOUS']),
    name: z.string(),
    workspaceId: z.string(),
    roles: z.array(z.string()),
    groups: z.array(z.string()).exactOptional(),
    zone: z.string(),
    zones: z.array(z.string()),
    resources: z.array(z.string()).exactOptional(),
    onBehalfOf: z.string().exactOptional(),
    authentication: z
      .strictObject({ at: z.number().int(), methods: z.array(z.string()), context: z.string().exactOptional() })
      .exactOptional(),
  }),
  rid: z.string(),
  bh: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
  jti: z.string().min(1),
});

export interface InternalTokenPurpose {
  /** Name of the one subgraph that shall accept it. */
  readonly audience: string;
  /** Exactly the bytes of the request's body. */
  readonly body: string | Uint8Array;
  readonly requestId: string;
}

export interface InternalTokens {
  /** Throws CONFIG_INVALID when only the public key is here. */
  mint(principal: Principal, purpose: InternalTokenPurpose): string;
  /** Throws UNAUTHENTICATED for any token that was not minted for this audience and this body within the last minute. */
  verify(token: string, audience: string, body: string | Uint8Array): Promise<Principal>;
}

/** `key`: Ed25519, private where tokens are minted, public suffices to verify. `now` counts seconds since the epoch. */
export function createInternalTokens({
  key,
  now = () => Date.now() / 1000,
}: {
  readonly key: KeyObject;
  readonly now?: () => number;
}): InternalTokens {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new PlatformError(
      'CONFIG_INVALID',
      `The internal key must be Ed25519; found ${key.asymmetricKeyType ?? 'a symmetric key'}.`,
    );
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;

  const read = (token: string, audience: string, body: string | Uint8Array): Principal => {
    const parts = token.length > LONGEST_TOKEN ? [] : token.split('.');
    const [header, payload = '', signature = ''] = parts;
    if (parts.length !== 3 || header !== HEADER) refuse('is none of this platform');
    if (!verify(null, Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url')))
      refuse('has a wrong signature');
    const parsed = claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    if (!parsed.success) refuse('lacks a claim');
    const { aud, sub, principal, bh, iat, exp } = parsed.data;
    const at = now();
    if (aud !== audience) refuse('is for another audience');
    if (exp <= at) refuse('has expired');
    if (iat > at + CLOCK_SKEW_SECONDS || exp - iat > LIFETIME_SECONDS) refuse('has impossible times');
    if (!equal(bh, bodyHash(body))) refuse('is for another body');
    return { id: sub, ...principal };
  };

  return {
    mint(principal, { audience, body, requestId }) {
      if (key.type !== 'private')
        throw new PlatformError('CONFIG_INVALID', 'Only the public internal key is here: it verifies but cannot mint.');
      const { id, ...claimed } = principal;
      const iat = Math.floor(now());
      const payload = Buffer.from(
        JSON.stringify({
          iss: INTERNAL_ISSUER,
          aud: audience,
          sub: id,
          principal: claimed,
          rid: requestId,
          bh: bodyHash(body),
          iat,
          exp: iat + LIFETIME_SECONDS,
          jti: randomUUID(),
        }),
      ).toString('base64url');
      const signed = `${HEADER}.${payload}`;
      return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
    },
    async verify(token, audience, body) {
      return read(token, audience, body);
    },
  };
}

const bodyHash = (body: string | Uint8Array): string => createHash('sha256').update(body).digest('base64url');

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function refuse(why: string): never {
  throw new PlatformError('UNAUTHENTICATED', `The internal token ${why}.`);
}
