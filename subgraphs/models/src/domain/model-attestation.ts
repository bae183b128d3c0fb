// Who vouches for the bytes of a model file: OpenSSF Model Signing v1.0 (https://github.com/ossf/model-signing-spec), which is
// a Sigstore bundle v0.3 around a DSSE envelope (https://github.com/secure-systems-lab/dsse) around an in-toto Statement v1.
// Keys are of the curves P-256, P-384 and P-521; no transparency log is asked.
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT = 'https://in-toto.io/Statement/v1';
const PREDICATE = 'https://model_signing/signature/v1.0';
/** Hash of the signature, by curve, as the reference implementation chooses it. */
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };
const MAX_BUNDLE_BYTES = 1024 * 1024;

const base64 = z.base64();
const bundleSchema = z.object({
  mediaType: z.literal(MEDIA_TYPE),
  verificationMaterial: z.object({ publicKey: z.object({ hint: z.string().max(200).default('') }) }),
  dsseEnvelope: z.object({
    payload: base64,
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z
      .array(z.object({ sig: base64 }))
      .length(1)
      .readonly(),
  }),
});
export type SignatureBundle = z.output<typeof bundleSchema>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const statementSchema = z.object({
  _type: z.literal(STATEMENT),
  subject: z.array(z.object({ digest: z.object({ sha256 }) })).length(1),
  predicateType: z.literal(PREDICATE),
  predicate: z.object({
    serialization: z.object({ method: z.literal('files'), hash_type: z.literal('sha256') }),
    resources: z
      .array(z.object({ name: z.string().max(4096), algorithm: z.literal('sha256'), digest: sha256 }))
      .min(1)
      .max(10_000),
  }),
});

/** A key of one of the curves. Throws BAD_USER_INPUT for anything else, a private key too. */
export function signerKey(pem: string): { readonly publicKey: string; readonly keyId: string } {
  const key = /PRIVATE/.test(pem) ? undefined : readKey(pem);
  if (!key || curveOf(key) === undefined)
    throw new PlatformError(
      'BAD_USER_INPUT',
      'input.publicKey: expected a public key in PEM form (SPKI) on the curve P-256, P-384 or P-521; make one by `openssl ec -in key.pem -pubout`.',
      { details: { field: 'publicKey', found: key ? 'a key of another kind' : 'no public key' } },
    );
  const publicKey = pemOf(key);
  return { publicKey, keyId: keyIdOf(publicKey) };
}

/** Signs that these are the bytes of a model. `digest` is `sha256:<hex>`. */
export function attest(digest: string, name: string, privateKey: KeyObject): SignatureBundle {
  const file = hexOf(digest);
  const payload = Buffer.from(
    JSON.stringify({
      _type: STATEMENT,
      subject: [{ name, digest: { sha256: rootOf([file]) } }],
      predicateType: PREDICATE,
      predicate: {
        serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ignore_paths: [] },
        // A model that is one file is its own folder.
        resources: [{ name: '.', algorithm: 'sha256', digest: file }],
      },
    }),
  );
  const publicKey = createPublicKey(privateKey);
  const signature = sign(curveOf(publicKey) as string, preAuthentication(payload), privateKey);
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: keyIdOf(pemOf(publicKey)) } },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: signature.toString('base64') }],
    },
  };
}

/** Reads a bundle. Throws BAD_USER_INPUT that names what it lacks. */
export function readBundle(sent: unknown): SignatureBundle {
  if (Buffer.byteLength(JSON.stringify(sent) ?? '') > MAX_BUNDLE_BYTES)
    throw badBundle('', `more than ${MAX_BUNDLE_BYTES} bytes`);
  const read = bundleSchema.safeParse(sent);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw badBundle(issue?.path.join('.') ?? '', issue?.message ?? 'unreadable');
}

/** What keeps the bundle from vouching for these bytes under the key; null where nothing does. */
export function faultOf(bundle: SignatureBundle, digest: string, publicKey: string): string | null {
  const key = readKey(publicKey);
  const hash = key && curveOf(key);
  if (!key || hash === undefined) return 'the key of the signer cannot be read';
  const { hint } = bundle.verificationMaterial.publicKey;
  if (hint !== '' && hint !== keyIdOf(pemOf(key))) return `it was made by the key ${hint}`;
  const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64');
  const signature = Buffer.from(bundle.dsseEnvelope.signatures[0]?.sig ?? '', 'base64');
  if (!verify(hash, preAuthentication(payload), key, signature)) return 'the signature does not hold';
  const statement = statementOf(payload);
  if (statement === null) return `it signs no statement of ${PREDICATE} over files by SHA-256`;
  const digests = statement.predicate.resources.map((resource) => resource.digest);
  if (rootOf(digests) !== statement.subject[0]?.digest.sha256) return 'its files are not those of its subject';
  return digests.includes(hexOf(digest)) ? null : 'it is of other bytes';
}

/** The key that the bundle says made it; empty where it does not say. */
export const hintOf = (bundle: SignatureBundle): string => bundle.verificationMaterial.publicKey.hint;

const badBundle = (path: string, problem: string): PlatformError =>
  new PlatformError(
    'BAD_USER_INPUT',
    `attestation${path && `.${path}`}: ${problem}; send the JSON that \`model_signing sign key\` writes (Sigstore bundle v0.3 with a public key).`,
    { details: { field: 'attestation', path } },
  );

function statementOf(payload: Buffer): z.output<typeof statementSchema> | null {
  try {
    return statementSchema.safeParse(JSON.parse(payload.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** DSSE, protocol.md: what is signed instead of the payload itself. */
const preAuthentication = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);

const rootOf = (digests: readonly string[]): string =>
  createHash('sha256')
    .update(Buffer.from(digests.join(''), 'hex'))
    .digest('hex');

const hexOf = (digest: string): string => digest.replace(/^sha256:/, '');
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const keyIdOf = (pem: string): string => createHash('sha256').update(pem).digest('hex');
const curveOf = ({ asymmetricKeyDetails }: KeyObject): string | undefined =>
  CURVES[asymmetricKeyDetails?.namedCurve ?? ''];

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
