// Users and Groups of RFC 7643, as far as they are kept: what nobody here needs is not stored, and not asked for.
import { z } from 'zod';
import type { DirectoryUser } from '../provisioned-users.js';
import { known, type Resource, type Shape } from './patch.js';
import { badRequest } from './scim-error.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const MOST_MEMBERS = 10_000;

export const userShape: Shape = {
  username: { name: 'userName' },
  externalid: { name: 'externalId' },
  active: { name: 'active' },
  displayname: { name: 'displayName' },
  name: { name: 'name', subs: { formatted: 'formatted', givenname: 'givenName', familyname: 'familyName' } },
  emails: { name: 'emails', list: true, subs: { value: 'value', type: 'type', primary: 'primary' } },
};

export const groupShape: Shape = {
  displayname: { name: 'displayName' },
  externalid: { name: 'externalId' },
  members: { name: 'members', list: true, subs: { value: 'value' } },
};

const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'no control characters');
/** Directories send booleans as text, in any case. */
const truth = z.union([
  z.boolean(),
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(['true', 'false']))
    .transform((given) => given === 'true'),
]);
const blank = (given: unknown): unknown => (given === '' ? undefined : given);

const user = z.object({
  userName: text(255),
  externalId: text(255).optional(),
  active: truth.default(true),
  displayName: z.preprocess(blank, text(200).optional()),
  name: z
    .object({
      formatted: z.preprocess(blank, text(200).optional()),
      givenName: z.preprocess(blank, text(200).optional()),
      familyName: z.preprocess(blank, text(200).optional()),
    })
    .optional(),
  emails: z
    .array(z.object({ value: z.email().max(320), type: text(50).optional(), primary: truth.optional() }))
    .max(20)
    .optional(),
});

const group = z.object({
  displayName: text(200),
  externalId: text(255).optional(),
  members: z
    .array(z.object({ value: z.string().min(1).max(128) }))
    .max(MOST_MEMBERS)
    .default([]),
});

export interface DirectoryGroup {
  readonly displayName: string;
  readonly externalId?: string | undefined;
  /** Ids of users. */
  readonly members: ReadonlySet<string>;
}

/** Throws BAD_USER_INPUT `invalidValue` with the path of each attribute that is wrong. */
export function userOf(resource: Resource): DirectoryUser {
  const { userName, externalId, active, ...attributes } = parsed(user, resource);
  const { displayName, name, emails = [] } = attributes;
  const full = [name?.givenName, name?.familyName].filter((part) => part !== undefined).join(' ');
  const email = emails.find(({ primary }) => primary) ?? emails.find(({ type }) => type === 'work') ?? emails[0];
  return {
    userName,
    externalId,
    active,
    attributes,
    name: (displayName ?? name?.formatted ?? (full || userName)).slice(0, 200),
    email: email?.value ?? null,
  };
}

/** Errors as of `userOf`. */
export function groupOf(resource: Resource): DirectoryGroup {
  const { members, ...names } = parsed(group, resource);
  return { ...names, members: new Set(members.map(({ value }) => value)) };
}

export const userFrom = (body: unknown): Resource => known(body, userShape);
export const groupFrom = (body: unknown): Resource => known(body, groupShape);

function parsed<S extends z.ZodType>(schema: S, resource: Resource): z.output<S> {
  const result = schema.safeParse(resource);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw badRequest('invalidValue', `invalidValue: ${issues.slice(0, 10).join('; ')}.`);
}
