// X.509 certificates (RFC 5280) for tests of TLS: a certificate authority and what it signed, ECDSA P-256, valid for a day.
// Written in DER by hand, so that no test needs a program or a package for it.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface TestAuthority {
  /** PEM of the authority's own certificate. */
  readonly ca: string;
  /** A certificate for these names: host names, IPv4 addresses, and URIs such as a SPIFFE id. */
  issue(names: readonly string[]): TestCertificate;
}

const DAY_MS = 86_400_000;

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const time = (at: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
const yes = der(0x01, Buffer.from([0xff]));

const COMMON_NAME = oid('550403');
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))));
const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [yes] : []), octets(value));

function alternativeName(name: string): Buffer {
  if (name.includes('://')) return der(0x86, Buffer.from(name));
  if (/^\d+(\.\d+){3}$/.test(name)) return der(0x87, Buffer.from(name.split('.').map(Number)));
  return der(0x82, Buffer.from(name));
}

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

function certificate(
  issuer: string,
  issuerKey: KeyObject,
  subject: string,
  subjectKey: KeyObject,
  extensions: readonly Buffer[],
): string {
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    nameOf(subject),
    createPublicKey(subjectKey).export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  return pem(sequence(signed, ECDSA_SHA256, bits(sign('sha256', signed, issuerKey))));
}

/** A certificate authority of its own; nothing trusts it unless told. */
export function createTestAuthority(name = 'Falaj test authority'): TestAuthority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    ca: certificate(name, privateKey, name, privateKey, [
      extension('551d13', sequence(yes), true),
      extension('551d0f', der(0x03, Buffer.from([1, 0x06])), true),
    ]),
    issue(names) {
      const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        cert: certificate(name, privateKey, 'Falaj test', key, [
          extension('551d11', sequence(...names.map(alternativeName))),
        ]),
        key: key.export({ format: 'pem', type: 'pkcs8' }) as string,
      };
    },
  };
}
