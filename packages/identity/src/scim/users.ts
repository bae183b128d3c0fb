// /Users: the people of a workspace that its directory keeps. Their id is the principal's.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import {
  changeProvisionedUser,
  type DirectoryUser,
  deleteProvisionedUser,
  principalOfSubject,
  provisionUser,
} from '../provisioned-users.js';
import type { ScimCaller } from './caller.js';
import type { Columns, ScalarColumn } from './filter-sql.js';
import { listAnswer, listRequest, type Query, shown } from './list-request.js';
import { patched, type Resource } from './patch.js';
import { USER_SCHEMA, userFrom, userOf, userShape } from './resource-types.js';
import { badRequest, type ScimAnswer } from './scim-error.js';

interface UserRow extends Record<string, unknown> {
  readonly id: string;
  readonly userName: string;
  readonly externalId: string | null;
  readonly attributes: Resource;
  readonly active: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const attribute = (path: readonly string[]) => sql`u.attributes #>> ${sql.raw(`'{${path.join(',')}}'`)}`;
/** Of one `email` of a list. */
export const emailElements: Readonly<Record<string, ScalarColumn>> = {
  value: { type: 'folded', sql: sql`email ->> 'value'` },
  type: { type: 'folded', sql: sql`email ->> 'type'` },
  primary: { type: 'boolean', sql: sql`(email ->> 'primary')::boolean` },
};
const columns: Columns = {
  id: { type: 'text', sql: sql`u.principal_id` },
  username: { type: 'folded', sql: sql`u.user_name` },
  externalid: { type: 'text', sql: sql`u.external_id` },
  active: { type: 'boolean', sql: sql`(u.active and p.disabled_at is null)` },
  displayname: { type: 'folded', sql: attribute(['displayName']) },
  'name.formatted': { type: 'folded', sql: attribute(['name', 'formatted']) },
  'name.givenname': { type: 'folded', sql: attribute(['name', 'givenName']) },
  'name.familyname': { type: 'folded', sql: attribute(['name', 'familyName']) },
  'meta.created': { type: 'time', sql: sql`u.created_at` },
  'meta.lastmodified': { type: 'time', sql: sql`u.updated_at` },
  emails: {
    each: (test) =>
      sql`exists (select from jsonb_array_elements(coalesce(u.attributes -> 'emails', '[]')) as emails (email) where ${test})`,
    elements: emailElements,
  },
};

const instant = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
const selected = sql`u.principal_id as id, u.user_name as "userName", u.external_id as "externalId", u.attributes,
  u.active and p.disabled_at is null as active, ${instant('u.created_at')} as "createdAt",
  ${instant('u.updated_at')} as "updatedAt"`;
/** The policies of the database show those of the workspace only. */
const from = sql`from identity.provisioned_user u join identity.principal p on p.id = u.principal_id
  where u.deleted_at is null`;

export async function listUsers(caller: ScimCaller, query: Query): Promise<ScimAnswer> {
  const request = listRequest(query, columns, sql`u.principal_id`);
  return caller.inWorkspace(async (tx) => {
    const { rows: counted } = await tx.execute<{ total: number }>(sql`
      select count(*)::int as total ${from} and ${request.where}`);
    const { rows } = await tx.execute<UserRow>(sql`
      select ${selected} ${from} and ${request.where} order by ${request.order}
      limit ${request.count} offset ${request.startIndex - 1}`);
    const users = rows.map((row) => shown(resourceOf(row, caller), query));
    return { status: 200, body: listAnswer(counted[0]?.total ?? 0, request, users) };
  });
}

export async function readUser(caller: ScimCaller, id: string, query: Query): Promise<ScimAnswer> {
  const row = await caller.inWorkspace((tx) => userRow(tx, id));
  return { status: 200, body: shown(resourceOf(row, caller), query) };
}

export async function createUser(caller: ScimCaller, body: unknown, query: Query): Promise<ScimAnswer> {
  const user = userOf(userFrom(body));
  const { provisioning, provisioner } = caller;
  const { issuer, zone } = provisioning;
  const subject = user[provisioning.subject];
  if (subject === undefined)
    throw badRequest('invalidValue', `invalidValue: ${provisioning.subject}: it is needed, for people sign in by it.`);
  const known = await caller.database.asSystem((tx) => principalOfSubject(tx, issuer, subject));
  const row = await caller.inWorkspace(async (tx) => {
    const id = await provisionUser(tx, provisioner, user, { issuer, subject, zone }, known);
    await caller.record(
      tx,
      'scimCreateUser',
      { type: 'Principal', id },
      { active: user.active, known: known !== undefined },
    );
    return userRow(tx, id);
  });
  return {
    status: 201,
    body: shown(resourceOf(row, caller), query),
    headers: { location: caller.location('Users', row.id) },
  };
}

export const replaceUser = (caller: ScimCaller, id: string, body: unknown, query: Query): Promise<ScimAnswer> =>
  changeUser(caller, id, query, 'scimReplaceUser', (before) => {
    const given = userFrom(body);
    // What a directory left out of a whole user it still calls so.
    return { externalId: before.externalId, active: before.active, ...given };
  });

export const patchUser = (caller: ScimCaller, id: string, body: unknown, query: Query): Promise<ScimAnswer> =>
  changeUser(caller, id, query, 'scimPatchUser', (before) => patched(before, body, userShape));

export async function deleteUser(caller: ScimCaller, id: string): Promise<ScimAnswer> {
  await caller.inWorkspace(async (tx) => {
    await userRow(tx, id, true);
    await deleteProvisionedUser(tx, caller.provisioner, id);
    await caller.record(tx, 'scimDeleteUser', { type: 'Principal', id }, {});
  });
  return { status: 204 };
}

async function changeUser(
  caller: ScimCaller,
  id: string,
  query: Query,
  action: string,
  work: (before: Resource) => Resource,
): Promise<ScimAnswer> {
  const row = await caller.inWorkspace(async (tx) => {
    const locked = await userRow(tx, id, true);
    const before = keptOf(locked);
    const after = userOf(work(before));
    const changed = changesOf(userOf(before), after);
    const { subject } = caller.provisioning;
    if (changed.includes(subject))
      throw badRequest(
        'mutability',
        `mutability: ${subject} is by what the person signs in: delete the user and create another.`,
      );
    if (changed.length === 0) return locked;
    await changeProvisionedUser(tx, caller.provisioner, id, after, locked.active);
    const details = { changed, ...(changed.includes('active') ? { active: after.active } : {}) };
    await caller.record(tx, action, { type: 'Principal', id }, details);
    return userRow(tx, id);
  });
  return { status: 200, body: shown(resourceOf(row, caller), query) };
}

/** Locked where it is to be changed. Throws NOT_FOUND. */
async function userRow(tx: Tx, id: string, locked = false): Promise<UserRow> {
  const { rows } = await tx.execute<UserRow>(sql`
    select ${selected} ${from} and u.principal_id = ${id} ${locked ? sql`for update of u` : sql``}`);
  const [row] = rows;
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'User not found.', { details: { id } });
  return row;
}

const keptOf = ({ userName, externalId, active, attributes }: UserRow): Resource => ({
  userName,
  ...(externalId === null ? {} : { externalId }),
  active,
  ...attributes,
});

/** Names of the attributes that differ. */
function changesOf(before: DirectoryUser, after: DirectoryUser): string[] {
  const flat = ({ userName, externalId, active, attributes }: DirectoryUser): Record<string, unknown> => ({
    userName,
    externalId,
    active,
    ...attributes,
  });
  const [one, two] = [flat(before), flat(after)];
  return [...new Set([...Object.keys(one), ...Object.keys(two)])].filter(
    (name) => JSON.stringify(one[name]) !== JSON.stringify(two[name]),
  );
}

const resourceOf = (row: UserRow, caller: ScimCaller): Record<string, unknown> => ({
  schemas: [USER_SCHEMA],
  id: row.id,
  ...keptOf(row),
  meta: {
    resourceType: 'User',
    created: row.createdAt,
    lastModified: row.updatedAt,
    location: caller.location('Users', row.id),
  },
});
