// The form of what callers send about transfer instruments.
import { z } from 'zod';

const zone = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]+)?$/, 'expected an ISO country such as AE, or a free zone such as AE-DIFC');
const reason = z.string().trim().min(10, 'expected a reason of at least 10 characters').max(4_000);

export const instrumentInput = z
  .object({
    type: z.string().regex(/^[A-Z][A-Z_]{1,63}$/, 'expected a kind in capitals such as SCC'),
    dataZone: zone,
    categories: z.array(z.string()).min(1).max(16),
    targetZones: z.array(zone).min(1).max(64),
    reference: z.string().trim().min(3).max(1_000),
    documentDigest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits')
      .nullish(),
    reason,
    validFrom: z.date().nullish(),
    validTo: z.date(),
  })
  .refine(({ validFrom, validTo }) => !validFrom || validFrom < validTo, {
    path: ['validTo'],
    message: 'expected an end after validFrom',
  });
export const decideInstrumentInput = z.object({ instrumentId: z.string().min(1), approve: z.boolean(), reason });
export const revokeInstrumentInput = z.object({ instrumentId: z.string().min(1), reason });
