import { z } from 'zod';

const path = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, 'a path without leading or trailing slash, e.g. "team/transit"');

/** Secrets are named here, never given: their values come from `FALAJ_SECRET_<NAME>` and must be granted to the entry. */
export const config = z.strictObject({
  /** Address of the server, e.g. `https://vault.example:8200`. Plain HTTP is refused beyond this machine. */
  url: z.url({ protocol: /^https?$/ }),
  /** Where the Transit engine is mounted. */
  mount: path.default('transit'),
  /** Vault Enterprise or OpenBao namespace, e.g. `team`. */
  namespace: path.optional(),
  /** Names of keys begin with it: let the token's policy allow these only. */
  prefix: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/)
    .default('falaj-'),
  auth: z
    .discriminatedUnion('method', [
      z.strictObject({ method: z.literal('token'), secret: z.string().default('keys-vault-token') }),
      z.strictObject({
        method: z.literal('approle'),
        roleId: z.string().min(1),
        /** Where the AppRole method is mounted. */
        mount: path.default('approle'),
        secret: z.string().default('keys-vault-secret-id'),
      }),
    ])
    .default({ method: 'token', secret: 'keys-vault-token' }),
  /** File with the certificates (PEM) that the server's own must lead to; default: those of the machine. */
  caFile: z.string().optional(),
  /** For one request, milliseconds. */
  timeoutMs: z.int().min(100).max(60_000).default(5_000),
  /** Of one request, where the first fails in a way that may pass. */
  attempts: z.int().min(1).max(10).default(3),
});

export type TransitConfig = z.infer<typeof config>;
