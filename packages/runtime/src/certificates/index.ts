// X.509 certificates (RFC 5280) of a certificate authority of one's own, ECDSA P-256: for tests, and for development. Only
// written, never read: the DER below needs no program and no package, and OpenSSL judges it at every handshake.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/** Milliseconds since the epoch. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

export interface CertificateAuthority extends IssuedCertificate {
  /** A certificate for these names: host names, IPv4 addresses, and URIs such as a SPIFFE id. For servers and clients alike. */
  issue(names: readonly string[], validity: Validity): IssuedCertificate;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), content);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const yes = der(0x01, Buffer.from([0xff]));

/** Two digits of the year until 2049, four from then on (RFC 5280, section 4.1.2.5). */
function time(at: number): Buffer {
  const digits = `${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

const COMMON_NAME = oid('550403');
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
const SERVER = oid('2b06010505070301');
const CLIENT = oid('2b06010505070302');
const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))));
const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [yes] : []), octets(value));
const basicConstraints = (...content: readonly Buffer[]): Buffer => extension('551d13', sequence(...content), true);
const keyUsage = (flags: number, unused: number): Buffer =>
  extension('551d0f', bits(Buffer.from([flags]), unused), true);

function alternativeName(name: string): Buffer {
  if (name.includes('://')) return der(0x86, Buffer.from(name));
  if (/^\d+(\.\d+){3}$/.test(name)) return der(0x87, Buffer.from(name.split('.').map(Number)));
  return der(0x82, Buffer.from(name));
}

const publicBytes = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' });
/** RFC 5280, section 4.2.1.2, method 1; of P-256 the point is the last 65 bytes. */
const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(publicBytes(key).subarray(-65)).digest();

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

interface Party {
  readonly name: string;
  readonly key: KeyObject;
}

function certificate(issuer: Party, subject: Party, { from, until }: Validity, extensions: readonly Buffer[]): string {
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    nameOf(issuer.name),
    sequence(time(from), time(until)),
    nameOf(subject.name),
    publicBytes(subject.key),
    der(
      0xa3,
      sequence(
        extension('551d0e', octets(keyIdentifier(subject.key))),
        extension('551d23', sequence(der(0x80, keyIdentifier(issuer.key)))),
        ...extensions,
      ),
    ),
  );
  return pem(sequence(signed, ECDSA_SHA256, bits(sign('sha256', signed, issuer.key))));
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const keyText = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }) as string;

/** A certificate authority of its own; nothing trusts it unless told. */
export function createAuthority(name: string, validity: Validity): CertificateAuthority {
  const own: Party = { name, key: newKey() };
  return authority(own, certificate(own, own, validity, [basicConstraints(yes), keyUsage(0x06, 1)]));
}

/** An authority that `createAuthority` made, from its own certificate and key. */
export function openAuthority({ certificate: own, key }: IssuedCertificate): CertificateAuthority {
  const name = new X509Certificate(own).subject.replace(/^CN=/, '');
  return authority({ name, key: createPrivateKey(key) }, own);
}

function authority(own: Party, ownCertificate: string): CertificateAuthority {
  return {
    certificate: ownCertificate,
    key: keyText(own.key),
    issue(names, validity) {
      const key = newKey();
      return {
        // The subject says nothing: whom it stands for are the names (RFC 9525).
        certificate: certificate(own, { name: 'Falaj', key }, validity, [
          basicConstraints(),
          keyUsage(0x80, 7),
          extension('551d25', sequence(SERVER, CLIENT)),
          extension('551d11', sequence(...names.map(alternativeName))),
        ]),
        key: keyText(key),
      };
    },
  };
}
