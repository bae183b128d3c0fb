/**
 * Envelope v1: how an artifact lies encrypted in an artifact store. AES-256-GCM in chunks, key-committing, authenticated
 * order and end. Integers are big-endian; a `text` is a u16 length and that many bytes.
 *
 * | bytes          | field        | meaning                                                              |
 * |----------------|--------------|----------------------------------------------------------------------|
 * | 4              | magic        | `FALJ`                                                               |
 * | 1              | version      | 1                                                                    |
 * | 4              | chunk size   | plaintext bytes of every chunk but the last: 1,048,576               |
 * | text × 5       | fields       | workspace, artifact key, zone, class, content type (UTF-8)           |
 * | 32             | salt         | random per envelope                                                  |
 * | 32             | commitment   | HKDF-SHA256(data key, salt, `falaj/v1/commitment`)                   |
 * | text           | key id       | key-encryption key and version that wrapped the data key             |
 * | text           | wrapped key  | opaque to us                                                         |
 * | (≤ chunk + 16)+| chunks       | ciphertext and 16-byte tag each; an empty artifact has one, of a tag |
 *
 * Payload key: HKDF-SHA256(data key, salt, `falaj/v1/payload`). Nonce of chunk i (STREAM): i in 11 bytes, then 1 for the
 * last chunk, else 0: a cut, swapped or repeated chunk fails its tag. Associated data of every chunk, and the context of
 * the wrap: the JSON array `["falaj/v1", chunk size, ...fields]`. Key id and wrapped key are in neither, so that a rewrap
 * replaces those two and leaves every other byte; the wrap authenticates itself.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { WrappedKey } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';

export interface EnvelopeFields {
  readonly workspaceId: string;
  readonly key: string;
  readonly zone: string;
  /** Highest field class of the content. */
  readonly fieldClass: string;
  readonly contentType: string;
}

export interface EnvelopeHeader {
  readonly fields: EnvelopeFields;
  readonly wrapped: WrappedKey;
  readonly chunkSize: number;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  /** Where key id and wrapped key begin. */
  readonly wrapOffset: number;
  /** Where the first chunk begins. */
  readonly payloadOffset: number;
}

const MAGIC = Buffer.from('FALJ');
const VERSION = 1;
const CHUNK = 1 << 20;
const TAG = 16;
/** A long artifact must not hold the event loop: other requests pass after this many chunks. */
const CHUNKS_PER_TURN = 8;

const corrupt = (key: string, what: string): PlatformError =>
  new PlatformError('ARTIFACT_CORRUPT', `Artifact "${key}" ${what}; it is not used.`, { details: { key } });

const contextOf = (fields: EnvelopeFields, chunkSize: number): string =>
  JSON.stringify([
    'falaj/v1',
    chunkSize,
    fields.workspaceId,
    fields.key,
    fields.zone,
    fields.fieldClass,
    fields.contentType,
  ]);

const derive = (dataKey: Uint8Array, salt: Uint8Array, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', dataKey, salt, label, 32));

function nonce(index: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(index, 5, 6);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  if (bytes.length > 0xffff)
    throw new PlatformError('BAD_USER_INPUT', 'An envelope field is longer than 65,535 bytes.');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Encrypts with a fresh data key, which `wrap` binds to the fields. */
export async function sealEnvelope(
  data: Uint8Array,
  fields: EnvelopeFields,
  wrap: (dataKey: Uint8Array, context: string) => Promise<WrappedKey>,
): Promise<Uint8Array> {
  const context = contextOf(fields, CHUNK);
  const dataKey = randomBytes(32);
  const salt = randomBytes(32);
  const wrapped = await wrap(dataKey, context);
  const payloadKey = derive(dataKey, salt, 'falaj/v1/payload');
  const head = Buffer.alloc(9);
  MAGIC.copy(head);
  head.writeUInt8(VERSION, 4);
  head.writeUInt32BE(CHUNK, 5);
  const parts = [
    head,
    ...[fields.workspaceId, fields.key, fields.zone, fields.fieldClass, fields.contentType].map(text),
    salt,
    derive(dataKey, salt, 'falaj/v1/commitment'),
    text(wrapped.keyId),
    text(wrapped.ciphertext),
  ];
  const chunks = Math.max(1, Math.ceil(data.length / CHUNK));
  for (let index = 0; index < chunks; index++) {
    const cipher = createCipheriv('aes-256-gcm', payloadKey, nonce(index, index === chunks - 1));
    cipher.setAAD(Buffer.from(context));
    parts.push(cipher.update(data.subarray(index * CHUNK, (index + 1) * CHUNK)), cipher.final(), cipher.getAuthTag());
    if (index % CHUNKS_PER_TURN === CHUNKS_PER_TURN - 1) await setImmediate();
  }
  dataKey.fill(0);
  payloadKey.fill(0);
  return Buffer.concat(parts);
}

/** Reads the header, which nothing has authenticated yet. Throws ARTIFACT_CORRUPT when it is none. */
export function readHeader(envelope: Uint8Array, key: string): EnvelopeHeader {
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength);
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > bytes.length) throw corrupt(key, 'is cut short');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const takeText = (): Buffer => take(take(2).readUInt16BE());
  if (!take(4).equals(MAGIC)) throw corrupt(key, 'is no envelope');
  const version = take(1).readUInt8();
  if (version !== VERSION) throw corrupt(key, `has envelope version ${version}, known is ${VERSION}`);
  const chunkSize = take(4).readUInt32BE();
  if (chunkSize === 0) throw corrupt(key, 'has chunks of no bytes');
  const [workspaceId, name, zone, fieldClass, contentType] = Array.from({ length: 5 }, () =>
    takeText().toString('utf8'),
  );
  const salt = take(32);
  const commitment = take(32);
  const wrapOffset = offset;
  const keyId = takeText().toString('utf8');
  const ciphertext = Uint8Array.from(takeText());
  return {
    fields: {
      workspaceId: workspaceId as string,
      key: name as string,
      zone: zone as string,
      fieldClass: fieldClass as string,
      contentType: contentType as string,
    },
    wrapped: { keyId, ciphertext },
    chunkSize,
    salt,
    commitment,
    wrapOffset,
    payloadOffset: offset,
  };
}

function requirePlace(header: EnvelopeHeader, expected: Pick<EnvelopeFields, 'workspaceId' | 'key' | 'zone'>): void {
  for (const field of ['workspaceId', 'key', 'zone'] as const) {
    if (header.fields[field] !== expected[field]) throw corrupt(expected.key, `was sealed for another ${field}`);
  }
}

/** Decrypts what belongs to these fields; anything else, in any byte, is ARTIFACT_CORRUPT. */
export async function openEnvelope(
  envelope: Uint8Array,
  expected: Pick<EnvelopeFields, 'workspaceId' | 'key' | 'zone'>,
  unwrap: (wrapped: WrappedKey, context: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const { key } = expected;
  const header = readHeader(envelope, key);
  requirePlace(header, expected);
  const context = contextOf(header.fields, header.chunkSize);
  const dataKey = await unwrap(header.wrapped, context);
  const commitment = derive(dataKey, header.salt, 'falaj/v1/commitment');
  if (!timingSafeEqual(commitment, header.commitment)) throw corrupt(key, 'was sealed with another data key');
  const payloadKey = derive(dataKey, header.salt, 'falaj/v1/payload');

  const sealed = envelope.subarray(header.payloadOffset);
  const stride = header.chunkSize + TAG;
  const chunks = Math.max(1, Math.ceil(sealed.length / stride));
  const plain = Buffer.alloc(Math.max(0, sealed.length - chunks * TAG));
  let written = 0;
  for (let index = 0; index < chunks; index++) {
    const chunk = sealed.subarray(index * stride, (index + 1) * stride);
    if (chunk.length < TAG) throw corrupt(key, 'is cut short');
    const decipher = createDecipheriv('aes-256-gcm', payloadKey, nonce(index, index === chunks - 1), {
      authTagLength: TAG,
    });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(chunk.subarray(-TAG));
    try {
      written += decipher.update(chunk.subarray(0, -TAG)).copy(plain, written);
      decipher.final();
    } catch {
      throw corrupt(key, `does not decrypt (chunk ${index + 1} of ${chunks})`);
    }
    if (index % CHUNKS_PER_TURN === CHUNKS_PER_TURN - 1) await setImmediate();
  }
  payloadKey.fill(0);
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
}

/** The same envelope with its data key wrapped anew, e.g. under a rotated key. No payload byte changes. */
export async function rewrapEnvelope(
  envelope: Uint8Array,
  expected: Pick<EnvelopeFields, 'workspaceId' | 'key' | 'zone'>,
  rewrap: (wrapped: WrappedKey, context: string) => Promise<WrappedKey>,
): Promise<Uint8Array> {
  const header = readHeader(envelope, expected.key);
  requirePlace(header, expected);
  const wrapped = await rewrap(header.wrapped, contextOf(header.fields, header.chunkSize));
  return Buffer.concat([
    envelope.subarray(0, header.wrapOffset),
    text(wrapped.keyId),
    text(wrapped.ciphertext),
    envelope.subarray(header.payloadOffset),
  ]);
}
