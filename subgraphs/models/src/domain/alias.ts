import { PlatformError, refused } from '@falaj/runtime';
import { z } from 'zod';
import { name } from './names.js';

/** `latest` and `v<digits>` always mean a version by number, so no alias may take these names. */
const RESERVED = /^(latest|v[0-9]+)$/;

export const aliasName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9 and -')
  .refine((alias) => !RESERVED.test(alias), '`latest` and `v` with digits are reserved');

const reason = z.string().trim().min(1).max(4000);
/** Moving a protected alias past its gates takes a reason and a rule that grants it. */
const directly = {
  reason: reason.nullish().transform((text) => text ?? null),
  breakGlass: z
    .boolean()
    .nullish()
    .transform((asked) => asked ?? false),
};

export const setAliasInput = z.object({
  modelName: name,
  alias: aliasName,
  version: z.number().int().min(1),
  ...directly,
});
export const removeAliasInput = z.object({ modelName: name, alias: aliasName, ...directly });
export const rollbackAliasInput = z.object({
  modelName: name,
  alias: aliasName,
  version: z.number().int().min(1).nullish(),
  reason,
});

/** Throws where a direct move of an alias is refused; answers how it is recorded. */
export function directMove(
  alias: string,
  isProtected: boolean,
  asked: { readonly reason: string | null; readonly breakGlass: boolean },
): { readonly cause: 'DIRECT' | 'BREAK_GLASS'; readonly reason: string | null } {
  if (!isProtected) return { cause: 'DIRECT', reason: asked.reason };
  if (!asked.breakGlass)
    throw refused(
      {
        rule: 'PROTECTED_ALIAS',
        found: `a direct move of "${alias}"`,
        limit: 'a promotion that is DONE',
        whatToDo:
          'requestPromotion and have it approved, or rollbackModelAlias to a version that it stood for; in an emergency a rule may grant breakGlass',
      },
      'FORBIDDEN',
    );
  if (asked.reason === null)
    throw new PlatformError('BAD_USER_INPUT', 'input.reason: breaking the glass needs a reason.', {
      details: { field: 'reason' },
    });
  return { cause: 'BREAK_GLASS', reason: asked.reason };
}

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
