import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq, type SQL } from 'drizzle-orm';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { workspaceInput } from '../domain/identity-input.js';
import { principals, type RoleBindingRow, roleBindings, type WorkspaceRow, workspaces } from '../store/governed.js';
import { bindingInForce } from '../store/role-reads.js';
import { roleBinding } from '../store/tables.js';
import type { GovernanceContext, Relation } from './context.js';
import {
  CreateWorkspaceInput,
  CreateWorkspacePayload,
  Principal,
  RoleBinding,
  Workspace,
  WorkspaceConnection,
} from './identity-types.js';

@Resolver(() => Workspace)
export class WorkspaceResolver {
  @Query(() => Workspace, { nullable: true, description: 'A workspace by id.' })
  workspace(
    @Arg('id', () => ID, { nullable: true, description: 'Its id; default the workspace of the request.' }) id:
      | string
      | undefined,
    @Ctx() context: GovernanceContext,
  ) {
    return context.reads.required(workspaces, id ?? context.principal.workspaceId);
  }

  @Query(() => WorkspaceConnection, {
    description:
      'The workspace of the request; in the workspace `platform` all of them, newest first. For your own see `memberships`.',
  })
  workspaces(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(workspaces, page);
  }

  @FieldResolver()
  members(
    @Root() row: WorkspaceRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(roleBindings, {
      ...page,
      where: and(eq(roleBinding.workspaceId, row.id), bindingInForce()) as SQL,
    });
  }

  @Mutation(() => CreateWorkspacePayload, {
    description: 'Creates a workspace. For the platform administrator, in the workspace `platform`.',
  })
  async createWorkspace(
    @Arg('input', () => CreateWorkspaceInput, { description: 'What to create.' }) input: CreateWorkspaceInput,
    @Ctx() context: GovernanceContext,
  ): Promise<CreateWorkspacePayload> {
    const { name, allowedZones, defaultZone } = parseInput(workspaceInput, input);
    const created = await context.mutate(
      { action: 'createWorkspace', noun: 'Workspace', verb: 'create', details: { name, allowedZones } },
      async (tx, audit) => {
        const made = await context.services.directory.createWorkspace(tx, {
          name,
          allowedZones,
          ...(defaultZone ? { defaultZone } : {}),
          administratorId: context.principal.id,
        });
        audit.subject(made.id);
        return made;
      },
    );
    return { workspace: await context.reads.byId(workspaces, created.id) };
  }
}

@Resolver(() => RoleBinding)
export class RoleBindingResolver {
  @FieldResolver()
  principal(@Root() row: RoleBindingRow, @Ctx() context: GovernanceContext): Promise<Relation<Principal> | null> {
    return context.load('Principal', row.principalId, (ids) =>
      context.reads.byIds(principals, ids),
    ) as Promise<Relation<Principal> | null>;
  }
}
