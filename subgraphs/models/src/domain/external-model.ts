import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { name } from './names.js';

/** Larger files come by the landing folder. */
export const MAX_UPLOAD_BYTES = 4 * 1024 * 1024;

const tensor = z.object({
  name: z.string().min(1).max(200),
  datatype: z.string().min(1).max(20),
  shape: z.array(z.number().int().min(-1)).max(8),
  columns: z.array(z.string().min(1)).max(10_000).nullish(),
});

export const externalModelInput = z
  .object({
    modelName: name,
    contentBase64: z.string().nullish(),
    landingPath: z.string().min(1).max(1000).nullish(),
    source: z.string().trim().min(1).max(1000),
    zone: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]+)?$/, 'expected a zone such as AE, AE-DIFC or an ISO country'),
    categories: z.array(z.string().min(1).max(50)).min(1).max(20),
    signature: z
      .object({ inputs: z.array(tensor).min(1).max(100), outputs: z.array(tensor).min(1).max(100) })
      .nullish(),
    attestation: z.unknown().optional(),
  })
  .refine(({ contentBase64, landingPath }) => (contentBase64 == null) !== (landingPath == null), {
    message: 'exactly one of contentBase64 and landingPath is needed',
  });

/** Bytes of an upload. Throws BAD_USER_INPUT or PAYLOAD_TOO_LARGE before anything is decoded. */
export function uploadedBytes(base64: string): Uint8Array {
  const size = Math.floor((base64.length * 3) / 4);
  if (size > MAX_UPLOAD_BYTES + 2)
    throw new PlatformError(
      'PAYLOAD_TOO_LARGE',
      `input.contentBase64: about ${size} bytes, at most ${MAX_UPLOAD_BYTES} are taken; put the file into the landing folder and name it by landingPath.`,
      { details: { field: 'contentBase64', found: size, limit: MAX_UPLOAD_BYTES } },
    );
  // Node skips what is no base64 silently.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw new PlatformError(
      'BAD_USER_INPUT',
      'input.contentBase64: not base64 (RFC 4648, padded, without line ends).',
      {
        details: { field: 'contentBase64' },
      },
    );
  return Buffer.from(base64, 'base64');
}
