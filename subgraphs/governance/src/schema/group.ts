import type { Tx } from '@falaj/database';
import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq, ilike, isNull, type SQL } from 'drizzle-orm';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  deleteGroupInput,
  groupMemberInput,
  groupRoleInput,
  newGroupInput,
  renameGroupInput,
} from '../domain/identity-input.js';
import { requireGrantableRole } from '../policy/roles.js';
import { type GroupMemberRow, type GroupRow, groupMembers, groupRoles, groups, principals } from '../store/governed.js';
import { hasMember } from '../store/group-reads.js';
import { groupRoleInForce } from '../store/role-reads.js';
import { groupMember, groupRole, userGroup } from '../store/tables.js';
import type { GovernanceContext, Relation } from './context.js';
import {
  AddGroupMemberInput,
  CreateGroupInput,
  DeleteGroupInput,
  GrantGroupRoleInput,
  Group,
  GroupConnection,
  GroupFilter,
  GroupMember,
  GroupPayload,
  RemoveGroupMemberInput,
  RenameGroupInput,
  RevokeGroupRoleInput,
} from './group-types.js';
import type { Principal } from './identity-types.js';

@Resolver(() => Group)
export class GroupResolver {
  @Query(() => Group, { nullable: true, description: 'A group by id, a deleted one included.' })
  group(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(groups, id);
  }

  @Query(() => GroupConnection, { description: 'Groups of the workspace, newest first.' })
  groups(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => GroupFilter, { nullable: true, description: 'Restriction.' }) filter: GroupFilter | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(groups, {
      ...page,
      where: and(isNull(userGroup.deletedAt), filter?.principalId ? hasMember(filter.principalId) : undefined) as SQL,
      filters: [
        ...(filter?.nameContains
          ? [
              {
                field: 'name' as const,
                condition: ilike(userGroup.displayName, `%${filter.nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`),
              },
            ]
          : []),
        ...(filter?.externalId
          ? [{ field: 'externalId' as const, condition: eq(userGroup.externalId, filter.externalId) }]
          : []),
      ],
    });
  }

  @FieldResolver()
  members(
    @Root() row: GroupRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(groupMembers, {
      ...page,
      where: and(eq(groupMember.groupId, row.id), isNull(groupMember.removedAt)) as SQL,
    });
  }

  @FieldResolver()
  roles(
    @Root() row: GroupRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(groupRoles, {
      ...page,
      where: and(eq(groupRole.groupId, row.id), groupRoleInForce()) as SQL,
    });
  }

  @Mutation(() => GroupPayload, { description: 'Creates a group. It gives what is granted to it.' })
  async createGroup(
    @Arg('input', () => CreateGroupInput, { description: 'What to create.' }) input: CreateGroupInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { name, externalId, fromDirectory } = parseInput(newGroupInput, input);
    const { workspaceId, id: by } = context.principal;
    const { id } = await context.mutate(
      { action: 'createGroup', noun: 'Group', verb: 'create', details: { name } },
      async (tx, audit) => {
        const made = await context.services.directory.createGroup(tx, {
          workspaceId,
          displayName: name,
          externalId: externalId ?? null,
          fromDirectory: fromDirectory ?? false,
          by,
        });
        audit.subject(made.id);
        return made;
      },
    );
    return { group: await context.reads.byId(groups, id) };
  }

  @Mutation(() => GroupPayload, {
    description: 'Gives a group another name.',
  })
  async renameGroup(
    @Arg('input', () => RenameGroupInput, { description: 'Which group, and its name.' }) input: RenameGroupInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { groupId, name } = parseInput(renameGroupInput, input);
    return this.#change(context, 'renameGroup', 'rename', { groupId, name }, (tx, by) =>
      context.services.directory.renameGroup(tx, {
        workspaceId: context.principal.workspaceId,
        groupId,
        displayName: name,
        by,
      }),
    );
  }

  @Mutation(() => GroupPayload, {
    description: 'What the group gave is held no more, by nobody. The last administrator stays.',
  })
  async deleteGroup(
    @Arg('input', () => DeleteGroupInput, { description: 'Which group.' }) input: DeleteGroupInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { groupId } = parseInput(deleteGroupInput, input);
    return this.#change(context, 'deleteGroup', 'delete', { groupId }, (tx, by) =>
      context.services.directory.deleteGroup(tx, { workspaceId: context.principal.workspaceId, groupId, by }),
    );
  }

  @Mutation(() => GroupPayload, {
    description: 'The principal holds what the group gives. Adding it again changes nothing.',
  })
  async addGroupMember(
    @Arg('input', () => AddGroupMemberInput, { description: 'Who, and which group.' }) input: AddGroupMemberInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { groupId, principalId } = parseInput(groupMemberInput, input);
    return this.#change(context, 'addGroupMember', 'addMember', { groupId, principalId }, (tx, by) =>
      context.services.directory.addGroupMembers(tx, {
        workspaceId: context.principal.workspaceId,
        groupId,
        principalIds: [principalId],
        by,
      }),
    );
  }

  @Mutation(() => GroupPayload, {
    description: 'The principal holds what the group gives no longer. The last administrator stays.',
  })
  async removeGroupMember(
    @Arg('input', () => RemoveGroupMemberInput, { description: 'Who, and which group.' }) input: RemoveGroupMemberInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { groupId, principalId } = parseInput(groupMemberInput, input);
    return this.#change(context, 'removeGroupMember', 'removeMember', { groupId, principalId }, (tx, by) =>
      context.services.directory.removeGroupMembers(tx, {
        workspaceId: context.principal.workspaceId,
        groupId,
        principalIds: [principalId],
        by,
      }),
    );
  }

  @Mutation(() => GroupPayload, {
    description:
      'Members of the group, present and to come, hold the role. Granting it again for good changes nothing.',
  })
  async grantGroupRole(
    @Arg('input', () => GrantGroupRoleInput, { description: 'Which group, and which role.' })
    input: GrantGroupRoleInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { groupId, role, expiresAt } = parseInput(groupRoleInput, input);
    const { workspaceId } = context.principal;
    const details = { groupId, role, ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}) };
    return this.#change(context, 'grantGroupRole', 'grantRole', details, (tx, by) => {
      requireGrantableRole(role, workspaceId);
      return context.services.directory.grantGroupRole(tx, {
        workspaceId,
        groupId,
        role,
        by,
        ...(expiresAt ? { expiresAt } : {}),
      });
    });
  }

  @Mutation(() => GroupPayload, {
    description: 'Members of the group hold the role no longer by it. The last administrator stays.',
  })
  async revokeGroupRole(
    @Arg('input', () => RevokeGroupRoleInput, { description: 'Which group, and which role.' })
    input: RevokeGroupRoleInput,
    @Ctx() context: GovernanceContext,
  ): Promise<GroupPayload> {
    const { groupId, role } = parseInput(groupRoleInput, input);
    return this.#change(context, 'revokeGroupRole', 'revokeRole', { groupId, role }, (tx, by) =>
      context.services.directory.revokeGroupRole(tx, { workspaceId: context.principal.workspaceId, groupId, role, by }),
    );
  }

  async #change(
    context: GovernanceContext,
    action: string,
    verb: string,
    { groupId, ...details }: { readonly groupId: string; readonly [name: string]: string },
    work: (tx: Tx, by: string) => Promise<void>,
  ): Promise<GroupPayload> {
    await context.mutate({ action, noun: 'Group', verb, subjectId: groupId, details }, (tx) =>
      work(tx, context.principal.id),
    );
    return { group: await context.reads.byId(groups, groupId) };
  }
}

@Resolver(() => GroupMember)
export class GroupMemberResolver {
  @FieldResolver()
  principal(@Root() row: GroupMemberRow, @Ctx() context: GovernanceContext): Promise<Relation<Principal> | null> {
    return context.load('Principal', row.principalId, (ids) =>
      context.reads.byIds(principals, ids),
    ) as Promise<Relation<Principal> | null>;
  }
}
