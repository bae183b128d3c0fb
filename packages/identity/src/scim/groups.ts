// /Groups: the groups of a workspace that its directory keeps. What a group gives is granted in the graph, never here.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { addGroupMembers, createGroup, deleteGroup, removeGroupMembers, renameGroup } from '../groups.js';
import { keepingAdministrators } from '../role-bindings.js';
import type { ScimCaller } from './caller.js';
import type { Columns } from './filter-sql.js';
import { listAnswer, listRequest, type Query, shown, wants } from './list-request.js';
import { patched, type Resource } from './patch.js';
import { type DirectoryGroup, GROUP_SCHEMA, groupFrom, groupOf, groupShape, MOST_MEMBERS } from './resource-types.js';
import { badRequest, type ScimAnswer } from './scim-error.js';

interface GroupRow extends Record<string, unknown> {
  readonly id: string;
  readonly displayName: string;
  readonly externalId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const columns: Columns = {
  id: { type: 'text', sql: sql`g.id` },
  displayname: { type: 'folded', sql: sql`g.display_name` },
  externalid: { type: 'text', sql: sql`g.external_id` },
  'meta.created': { type: 'time', sql: sql`g.created_at` },
  'meta.lastmodified': { type: 'time', sql: sql`g.updated_at` },
  members: {
    each: (test) =>
      sql`exists (select from identity.group_member m
        where m.workspace_id = g.workspace_id and m.group_id = g.id and m.removed_at is null and ${test})`,
    elements: { value: { type: 'text', sql: sql`m.principal_id` } },
  },
};

const instant = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
const selected = sql`g.id, g.display_name as "displayName", g.external_id as "externalId",
  ${instant('g.created_at')} as "createdAt", ${instant('g.updated_at')} as "updatedAt"`;
/** Groups that people made for themselves are none of the directory's, whatever they are called. */
const from = sql`from identity.user_group g where g.deleted_at is null and g.from_directory`;

export async function listGroups(caller: ScimCaller, query: Query): Promise<ScimAnswer> {
  const request = listRequest(query, columns, sql`g.id`);
  return caller.inWorkspace(async (tx) => {
    const { rows: counted } = await tx.execute<{ total: number }>(sql`
      select count(*)::int as total ${from} and ${request.where}`);
    const { rows } = await tx.execute<GroupRow>(sql`
      select ${selected} ${from} and ${request.where} order by ${request.order}
      limit ${request.count} offset ${request.startIndex - 1}`);
    const members = wants(query, 'members') ? await membersOf(tx, rows) : undefined;
    const groups = rows.map((row) => shown(resourceOf(row, members && (members.get(row.id) ?? []), caller), query));
    return { status: 200, body: listAnswer(counted[0]?.total ?? 0, request, groups) };
  });
}

export async function readGroup(caller: ScimCaller, id: string, query: Query): Promise<ScimAnswer> {
  return caller.inWorkspace(async (tx) => ({ status: 200, body: await groupShown(tx, caller, id, query) }));
}

export async function createDirectoryGroup(caller: ScimCaller, body: unknown, query: Query): Promise<ScimAnswer> {
  const group = groupOf(groupFrom(body));
  const { workspaceId, by } = caller.provisioner;
  const { displayName, externalId } = group;
  return caller.inWorkspace(async (tx) => {
    const { id } = await createGroup(tx, {
      workspaceId,
      displayName,
      externalId: externalId ?? null,
      fromDirectory: true,
      by,
    });
    await changeMembers(tx, caller, id, new Set(), group.members);
    await caller.record(tx, 'scimCreateGroup', { type: 'Group', id }, { displayName, added: [...group.members] });
    return {
      status: 201,
      body: await groupShown(tx, caller, id, query),
      headers: { location: caller.location('Groups', id) },
    };
  });
}

export async function replaceGroup(caller: ScimCaller, id: string, body: unknown, query: Query): Promise<ScimAnswer> {
  return caller.inWorkspace(async (tx) => {
    await changeGroup(tx, caller, id, 'scimReplaceGroup', (before) => ({
      externalId: before.externalId,
      ...groupFrom(body),
    }));
    return { status: 200, body: await groupShown(tx, caller, id, query) };
  });
}

export async function patchGroup(caller: ScimCaller, id: string, body: unknown): Promise<ScimAnswer> {
  await caller.inWorkspace((tx) =>
    changeGroup(tx, caller, id, 'scimPatchGroup', (before) => patched(before, body, groupShape)),
  );
  return { status: 204 };
}

export async function deleteDirectoryGroup(caller: ScimCaller, id: string): Promise<ScimAnswer> {
  const { workspaceId, by } = caller.provisioner;
  await caller.inWorkspace(async (tx) => {
    await groupRow(tx, id);
    await deleteGroup(tx, { workspaceId, groupId: id, by });
    await caller.record(tx, 'scimDeleteGroup', { type: 'Group', id }, {});
  });
  return { status: 204 };
}

/**
 * The group is locked from the look to the change, so that of two changes at once neither is lost; after the workspace's
 * administrators, as everywhere, or two could wait for each other.
 */
const changeGroup = (tx: Tx, caller: ScimCaller, ...change: [string, string, (before: Resource) => Resource]) =>
  keepingAdministrators(tx, caller.provisioner.workspaceId, () => changeLocked(tx, caller, ...change));

async function changeLocked(
  tx: Tx,
  caller: ScimCaller,
  id: string,
  action: string,
  work: (before: Resource) => Resource,
): Promise<void> {
  const row = await groupRow(tx, id, true);
  const members = (await membersOf(tx, [row])).get(id) ?? [];
  const names: Resource = {
    displayName: row.displayName,
    ...(row.externalId === null ? {} : { externalId: row.externalId }),
  };
  const before: DirectoryGroup = groupOf(names);
  const after = groupOf(work({ ...names, members: members.map((value) => ({ value })) }));
  const renamed = before.displayName !== after.displayName || before.externalId !== after.externalId;
  const { workspaceId, by } = caller.provisioner;
  if (renamed)
    await renameGroup(tx, {
      workspaceId,
      groupId: id,
      displayName: after.displayName,
      externalId: after.externalId ?? null,
      by,
    });
  const { added, removed } = await changeMembers(tx, caller, id, new Set(members), after.members);
  if (!renamed && added.length + removed.length === 0) return;
  const details = { added, removed, ...(renamed ? { displayName: after.displayName } : {}) };
  await caller.record(tx, action, { type: 'Group', id }, details);
}

/** Throws BAD_USER_INPUT `invalidValue` for whom the directory does not keep here. */
async function changeMembers(
  tx: Tx,
  { provisioner: { workspaceId, by } }: ScimCaller,
  groupId: string,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<{ added: string[]; removed: string[] }> {
  const added = [...after].filter((id) => !before.has(id));
  const removed = [...before].filter((id) => !after.has(id));
  const { rows } = await tx.execute<{ id: string }>(sql`
    select principal_id as id from identity.provisioned_user
    where workspace_id = ${workspaceId} and principal_id = any (${sql.param(added)}::text[]) and deleted_at is null`);
  const known = new Set(rows.map(({ id }) => id));
  const stranger = added.find((id) => !known.has(id));
  if (stranger !== undefined)
    throw badRequest('invalidValue', `invalidValue: members: ${stranger} is no user that the directory keeps here.`);
  if (added.length > 0) await addGroupMembers(tx, { workspaceId, groupId, principalIds: added, by });
  if (removed.length > 0) await removeGroupMembers(tx, { workspaceId, groupId, principalIds: removed, by });
  return { added, removed };
}

/** Throws NOT_FOUND. */
async function groupRow(tx: Tx, id: string, locked = false): Promise<GroupRow> {
  const { rows } = await tx.execute<GroupRow>(sql`
    select ${selected} ${from} and g.id = ${id} ${locked ? sql`for update` : sql``}`);
  const [row] = rows;
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'Group not found.', { details: { id } });
  return row;
}

async function groupShown(tx: Tx, caller: ScimCaller, id: string, query: Query): Promise<object> {
  const row = await groupRow(tx, id);
  const members = wants(query, 'members') ? ((await membersOf(tx, [row])).get(id) ?? []) : undefined;
  return shown(resourceOf(row, members, caller), query);
}

async function membersOf(tx: Tx, groups: readonly GroupRow[]): Promise<Map<string, string[]>> {
  const { rows } = await tx.execute<{ groupId: string; members: string[] }>(sql`
    select m.group_id as "groupId", array_agg(m.principal_id order by m.principal_id) as members
    from identity.group_member m
    where m.group_id = any (${sql.param(groups.map(({ id }) => id))}::text[]) and m.removed_at is null group by m.group_id`);
  return new Map(rows.map(({ groupId, members }) => [groupId, members.slice(0, MOST_MEMBERS)]));
}

const resourceOf = (
  row: GroupRow,
  members: readonly string[] | undefined,
  caller: ScimCaller,
): Record<string, unknown> => ({
  schemas: [GROUP_SCHEMA],
  id: row.id,
  displayName: row.displayName,
  ...(row.externalId === null ? {} : { externalId: row.externalId }),
  members: members?.map((value) => ({ value, type: 'User', $ref: caller.location('Users', value) })),
  meta: {
    resourceType: 'Group',
    created: row.createdAt,
    lastModified: row.updatedAt,
    location: caller.location('Groups', row.id),
  },
});
