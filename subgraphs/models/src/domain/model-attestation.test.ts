// Against bundles that the reference implementation made, and against everything that can be wrong with one.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { modelFile } from '../testing/model-file.js';
import { attest, faultOf, readBundle, type SignatureBundle, signerKey } from './model-attestation.js';
import { takeModel } from './model-intake.js';

interface Signed {
  readonly publicKey: string;
  readonly bundle: unknown;
}
const { signed } = JSON.parse(
  readFileSync(new URL('../testing/model-attestations/model-signing.json', import.meta.url), 'utf8'),
) as { signed: Record<'prime256v1' | 'secp384r1' | 'secp521r1' | 'folder', Signed> };

const digestOf = (name: string): string => {
  return `sha256:${createHash('sha256').update(modelFile(name)).digest('hex')}`;
};
const DENSE = digestOf('onnx-dense');
const OTHER = digestOf('onnx-sklearn');
const pair = (namedCurve = 'prime256v1') => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
};
const withPayload = (bundle: SignatureBundle, payload: string): SignatureBundle => ({
  ...bundle,
  dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from(payload).toString('base64') },
});
const payloadOf = ({ dsseEnvelope }: SignatureBundle) =>
  JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString());

describe('what the reference implementation signed', () => {
  it.each(Object.entries(signed))('%s vouches for the file, and for no other', (_, { publicKey, bundle }) => {
    expect(takeModel(modelFile('onnx-dense'), null).report.format).toBe('onnx');
    const read = readBundle(bundle);
    const key = signerKey(publicKey);
    expect(read.verificationMaterial.publicKey.hint).toBe(key.keyId);
    expect(faultOf(read, DENSE, key.publicKey)).toBeNull();
    expect(faultOf(read, OTHER, key.publicKey)).toBe('it is of other bytes');
    expect(faultOf(read, DENSE, pair().publicKey)).toContain('it was made by the key');
  });
});

describe('what the platform signs', () => {
  const own = pair();
  const bundle = attest(DENSE, 'delays-v1', own.privateKey);

  it.each(['prime256v1', 'secp384r1', 'secp521r1'])('holds on the curve %s', (curve) => {
    const { privateKey, publicKey } = pair(curve);
    expect(faultOf(attest(DENSE, 'delays-v1', privateKey), DENSE, publicKey)).toBeNull();
  });

  it('is read as it was written', () => {
    expect(readBundle(JSON.parse(JSON.stringify(bundle)))).toEqual(bundle);
  });

  /** Signs a statement that was changed, so that only the change is wrong. */
  const resigned = (
    changes: Record<string, unknown> = {},
    predicate: Record<string, unknown> = {},
  ): SignatureBundle => {
    const known = payloadOf(bundle);
    const statement = { ...known, predicate: { ...known.predicate, ...predicate }, ...changes };
    const payload = Buffer.from(JSON.stringify(statement));
    const type = bundle.dsseEnvelope.payloadType;
    const said = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
    const made = withPayload(bundle, payload.toString());
    const sig = sign('sha256', said, own.privateKey).toString('base64');
    return { ...made, dsseEnvelope: { ...made.dsseEnvelope, signatures: [{ sig }] } };
  };

  it.each([
    ['another payload', withPayload(bundle, '{}'), 'the signature does not hold'],
    [
      'another digest',
      withPayload(bundle, JSON.stringify(payloadOf(bundle)).replaceAll(DENSE.slice(7), OTHER.slice(7))),
      'the signature does not hold',
    ],
    [
      'a predicate of another kind',
      resigned({ predicateType: 'https://slsa.dev/provenance/v1' }),
      'it signs no statement',
    ],
    [
      'files by another hash',
      resigned({}, { serialization: { method: 'files', hash_type: 'md5' } }),
      'it signs no statement',
    ],
    ['no files', resigned({}, { resources: [] }), 'it signs no statement'],
    [
      'files that are not of its subject',
      resigned(
        {},
        {
          resources: [
            ...payloadOf(bundle).predicate.resources,
            { name: 'x', algorithm: 'sha256', digest: OTHER.slice(7) },
          ],
        },
      ),
      'its files are not those of its subject',
    ],
    [
      'a hint at another key',
      { ...bundle, verificationMaterial: { publicKey: { hint: 'ab' } } },
      'it was made by the key ab',
    ],
    [
      'no signature to speak of',
      { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures: [{ sig: '' }] } },
      'the signature does not hold',
    ],
  ] as [string, SignatureBundle, string][])('does not hold with %s', (_, changed, fault) => {
    expect(faultOf(changed, DENSE, own.publicKey)).toContain(fault);
  });

  it('holds without a hint, and unchanged', () => {
    expect(faultOf({ ...bundle, verificationMaterial: { publicKey: { hint: '' } } }, DENSE, own.publicKey)).toBeNull();
    expect(faultOf(resigned(), DENSE, own.publicKey)).toBeNull();
  });
});

describe('what is no bundle or key', () => {
  it.each([
    [null],
    ['text'],
    [{}],
    [{ ...(signed.folder.bundle as object), mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' }],
    [{ ...(signed.folder.bundle as object), dsseEnvelope: { payload: '!', payloadType: 'x', signatures: [] } }],
    [{ filler: 'x'.repeat(2_000_000) }],
  ])('refuses %#', (sent) => {
    expect(() => readBundle(sent)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field: 'attestation' }) }),
    );
  });

  it.each([
    ['text', 'hello'],
    ['a private key', pair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    [
      'RSA',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['secp256k1', pair('secp256k1').publicKey],
  ])('takes no %s as the key of a signer', (_, pem) => {
    expect(() => signerKey(pem)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});
