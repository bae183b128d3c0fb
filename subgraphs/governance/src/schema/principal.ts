import { refused } from '@falaj/runtime';
import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq, ilike } from 'drizzle-orm';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { principalInput, relocationInput, roleInput, tokenInput } from '../domain/identity-input.js';
import { requireGrantableRole } from '../policy/roles.js';
import { type PrincipalRow, principals } from '../store/governed.js';
import { rolesHeld } from '../store/role-reads.js';
import { principal } from '../store/tables.js';
import type { GovernanceContext } from './context.js';
import {
  CreatePrincipalInput,
  CurrentPrincipal,
  DisablePrincipalInput,
  GrantRoleInput,
  IssueAccessTokenInput,
  IssueAccessTokenPayload,
  Membership,
  Principal,
  PrincipalConnection,
  PrincipalFilter,
  PrincipalPayload,
  RelocatePrincipalInput,
  RevokeRoleInput,
} from './identity-types.js';
import { requireStepUp } from './step-up.js';

@Resolver(() => Principal)
export class PrincipalResolver {
  @Query(() => CurrentPrincipal, { nullable: true, description: 'Who asks; null without credentials.' })
  me(@Ctx() context: GovernanceContext): CurrentPrincipal | null {
    const { roles, groups = [], zones, resources = [], ...own } = context.principal;
    if (own.kind === 'ANONYMOUS') return null;
    return { ...own, roles: [...roles], groups: [...groups], zones: [...zones], resources: [...resources] };
  }

  @Query(() => [Membership], { description: 'Workspaces in which the caller holds a role.' })
  async memberships(@Ctx() context: GovernanceContext): Promise<Membership[]> {
    const own =
      context.principal.kind === 'ANONYMOUS'
        ? []
        : await context.services.directory.membershipsOf(context.principal.id);
    return own.map((membership) => ({ ...membership, roles: [...membership.roles], zones: [...membership.zones] }));
  }

  @Query(() => Principal, { nullable: true, description: 'A principal by id.' })
  principal(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(principals, id);
  }

  @Query(() => PrincipalConnection, {
    description: 'Principals of the workspace, past members included, newest first.',
  })
  principals(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => PrincipalFilter, { nullable: true, description: 'Restriction.' }) filter:
      | PrincipalFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(principals, {
      ...page,
      filters: [
        ...(filter?.kind ? [{ field: 'kind' as const, condition: eq(principal.kind, filter.kind) }] : []),
        ...(filter?.nameContains
          ? [
              {
                field: 'name' as const,
                condition: ilike(principal.name, `%${filter.nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`),
              },
            ]
          : []),
      ],
    });
  }

  @FieldResolver()
  roles(@Root() row: PrincipalRow, @Ctx() context: GovernanceContext): Promise<string[]> {
    return context.load('Principal.roles', row.id, (ids) => rolesHeld(context, ids));
  }

  @Mutation(() => PrincipalPayload, { description: 'Creates a principal whose home is this workspace.' })
  async createPrincipal(
    @Arg('input', () => CreatePrincipalInput, { description: 'Whom to create.' }) input: CreatePrincipalInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PrincipalPayload> {
    const { external, ...wanted } = parseInput(principalInput, input);
    const created = await context.mutate(
      { action: 'createPrincipal', noun: 'Principal', verb: 'create', details: { kind: wanted.kind } },
      async (tx, audit) => {
        const made = await context.services.directory.createPrincipal(tx, {
          ...wanted,
          ...(external ? { external } : {}),
          homeWorkspaceId: context.principal.workspaceId,
        });
        audit.subject(made.id);
        return made;
      },
    );
    return this.#shown(context, created.id);
  }

  @Mutation(() => PrincipalPayload, {
    description: 'From now on the principal is unauthenticated everywhere. The last administrator stays.',
  })
  async disablePrincipal(
    @Arg('input', () => DisablePrincipalInput, { description: 'Whom to disable.' }) {
      principalId,
    }: DisablePrincipalInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PrincipalPayload> {
    await context.mutate(
      { action: 'disablePrincipal', noun: 'Principal', verb: 'disable', subjectId: principalId },
      (tx) => context.services.directory.disablePrincipal(tx, principalId),
    );
    return this.#shown(context, principalId);
  }

  @Mutation(() => PrincipalPayload, {
    description:
      'Records from where somebody else works from now on, by their next request: law and rules judge what they may be shown by it.',
  })
  async relocatePrincipal(
    @Arg('input', () => RelocatePrincipalInput, { description: 'Who, and to where.' }) input: RelocatePrincipalInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PrincipalPayload> {
    const { principalId, zone, reason } = parseInput(relocationInput, input);
    await context.mutate(
      {
        action: 'relocatePrincipal',
        noun: 'Principal',
        verb: 'relocate',
        subjectId: principalId,
        details: { zone, reason },
      },
      async (tx, audit) => {
        if (principalId === context.principal.id)
          throw refused(
            {
              rule: 'RELOCATION_INDEPENDENT',
              found: 'yourself',
              limit: 'somebody else',
              whatToDo: 'have another administrator record where you work',
            },
            'FORBIDDEN',
          );
        audit.subject(principalId, {
          before: await context.services.directory.relocatePrincipal(tx, principalId, zone),
        });
      },
    );
    return this.#shown(context, principalId);
  }

  @Mutation(() => PrincipalPayload, {
    description: 'Grants a role in this workspace. Granting it again changes nothing.',
  })
  async grantRole(
    @Arg('input', () => GrantRoleInput, { description: 'Who, and which role.' }) input: GrantRoleInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PrincipalPayload> {
    const { principalId, role } = parseInput(roleInput, input);
    const { workspaceId, id: by } = context.principal;
    await context.mutate(
      { action: 'grantRole', noun: 'Principal', verb: 'grantRole', subjectId: principalId, details: { role } },
      async (tx) => {
        requireGrantableRole(role, workspaceId);
        await context.services.directory.grantRole(tx, { workspaceId, principalId, role, by });
      },
    );
    return this.#shown(context, principalId);
  }

  @Mutation(() => PrincipalPayload, { description: 'Revokes a role in this workspace. The last administrator stays.' })
  async revokeRole(
    @Arg('input', () => RevokeRoleInput, { description: 'Who, and which role.' }) input: RevokeRoleInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PrincipalPayload> {
    const { principalId, role } = parseInput(roleInput, input);
    const { workspaceId, id: by } = context.principal;
    await context.mutate(
      { action: 'revokeRole', noun: 'Principal', verb: 'revokeRole', subjectId: principalId, details: { role } },
      (tx) => context.services.directory.revokeRole(tx, { workspaceId, principalId, role, by }),
    );
    return this.#shown(context, principalId);
  }

  @Mutation(() => IssueAccessTokenPayload, {
    description:
      'Issues a token that acts as a principal of this workspace. The token is shown once; who asked for it stays on record.',
  })
  async issueAccessToken(
    @Arg('input', () => IssueAccessTokenInput, { description: 'For whom, and for how long.' })
    input: IssueAccessTokenInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IssueAccessTokenPayload> {
    const { principalId, ttlSeconds } = parseInput(tokenInput, input);
    return context.mutate(
      {
        action: 'issueAccessToken',
        noun: 'Principal',
        verb: 'issueAccessToken',
        subjectId: principalId,
        details: { ttlSeconds },
      },
      async (tx, audit) => {
        await context.services.directory.tokenOwner(tx, principalId);
        requireStepUp(context, 'IssueAccessTokenPayload', 'token');
        const issued = await context.services.issueToken(principalId, ttlSeconds);
        audit.subject(principalId, { tokenId: issued.tokenId });
        return { ...issued };
      },
    );
  }

  async #shown(context: GovernanceContext, id: string): Promise<PrincipalPayload> {
    return { principal: await context.reads.byId(principals, id) };
  }
}
