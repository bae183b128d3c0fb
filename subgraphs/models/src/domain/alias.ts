import { z } from 'zod';
import { name } from './names.js';

/** `latest` and `v<digits>` always mean a version by number, so no alias may take these names. */
const RESERVED = /^(latest|v[0-9]+)$/;

export const aliasName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9 and -')
  .refine((alias) => !RESERVED.test(alias), '`latest` and `v` with digits are reserved');

export const setAliasInput = z.object({ modelName: name, alias: aliasName, version: z.number().int().min(1) });
export const removeAliasInput = z.object({ modelName: name, alias: aliasName });

export type VersionSelector =
  | { readonly kind: 'latest' }
  | { readonly kind: 'number'; readonly version: number }
  | { readonly kind: 'alias'; readonly alias: string };

const selector = z.union([z.string().regex(RESERVED), aliasName], 'expected an alias, `latest` or `v<number>`');

/** What an alias argument of a query stands for: `latest`, `v<number>` or an alias. */
export const versionSelector = selector.transform((text, context): VersionSelector => {
  if (text === 'latest') return { kind: 'latest' };
  if (!RESERVED.test(text)) return { kind: 'alias', alias: text };
  const version = Number(text.slice(1));
  // The largest value of PostgreSQL's `integer`.
  if (version < 1 || version > 2_147_483_647) context.addIssue({ code: 'custom', message: 'versions count from 1' });
  return { kind: 'number', version };
});
