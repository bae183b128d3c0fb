import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { PlatformError } from '@falaj/runtime';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { TokenAlgorithm } from './token-verifier.js';

/** A public key of a program, with nothing in it but what verifying needs. */
export interface PublicJwk extends JWK {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const LEAST_RSA_BITS = 2_048;
const LONGEST_TEXT = 4_096;

/**
 * Reads a JWK (RFC 7517): Ed25519, EC P-256, or RSA of 2048 bits or more. Without `kid` its thumbprint (RFC 7638) is the
 * id. Throws BAD_USER_INPUT for anything else, a private key above all.
 */
export async function readPublicJwk(text: string): Promise<PublicJwk> {
  const given = parsed(text);
  const secret = PRIVATE_MEMBERS.filter((name) => given[name] !== undefined);
  if (secret.length > 0)
    refuse(
      `this is a private key (${secret.join(', ')}): it was not stored, but it has travelled. Make a new one and send its public part`,
    );
  const { alg, members } = known(given);
  const bare = Object.fromEntries(members.map((name) => [name, given[name]])) as JWK;
  if (given.alg !== undefined && given.alg !== alg) refuse(`alg is ${String(given.alg)}; such a key signs with ${alg}`);
  const { kid } = given;
  if (kid !== undefined && (typeof kid !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(kid)))
    refuse('kid is 1 to 200 printable characters without spaces');
  return { ...bare, alg, kid: typeof kid === 'string' ? kid : await calculateJwkThumbprint(bare) };
}

function parsed(text: string): Record<string, unknown> {
  if (text.length > LONGEST_TEXT) refuse(`longer than ${LONGEST_TEXT} characters`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The text may be a private key in another form: it is not quoted.
  }
  return refuse('expected a JSON Web Key, e.g. {"kty":"OKP","crv":"Ed25519","x":"..."}');
}

function known(jwk: Record<string, unknown>): { alg: TokenAlgorithm; members: readonly string[] } {
  let bits: number | undefined;
  try {
    bits = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).asymmetricKeyDetails?.modulusLength;
  } catch {
    refuse('the key cannot be read');
  }
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return { alg: 'EdDSA', members: ['kty', 'crv', 'x'] };
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return { alg: 'ES256', members: ['kty', 'crv', 'x', 'y'] };
  if (jwk.kty === 'RSA' && (bits ?? 0) >= LEAST_RSA_BITS) return { alg: 'RS256', members: ['kty', 'n', 'e'] };
  return refuse(
    `found ${String(jwk.kty)} ${String(jwk.crv ?? bits ?? '')}; allowed: OKP Ed25519, EC P-256, RSA of ${LEAST_RSA_BITS} bits or more`,
  );
}

function refuse(why: string): never {
  throw new PlatformError('BAD_USER_INPUT', `publicKey: ${why}.`, { details: { field: 'publicKey' } });
}
