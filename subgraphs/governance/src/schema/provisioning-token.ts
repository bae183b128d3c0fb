import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  PageArguments,
  parseInput,
} from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Field, ID, InputType, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { provisioningTokenInput } from '../domain/identity-input.js';
import { provisioningTokens } from '../store/governed.js';
import { provisioningToken } from '../store/tables.js';
import type { GovernanceContext } from './context.js';
import { requireStepUp } from './step-up.js';

@EntityType(
  'ProvisioningToken',
  'A secret with which the directory of the organisation opens SCIM in the workspace, and nothing else.',
)
export class ProvisioningToken {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Service that it acts as, a principal.') principalId!: string;
  @Attribute(() => DateTime, 'internal', 'When it was issued.') createdAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who issued it.') createdBy!: string;
  @Attribute(() => DateTime, 'internal', 'When it opens nothing more.') expiresAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When it was revoked; null while it was not.') revokedAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

const ProvisioningTokenConnection = connectionOf(() => ProvisioningToken, 'ProvisioningToken');

@InputType({ description: 'Restricts provisioning tokens.' })
export class ProvisioningTokenFilter {
  @Field(() => ID, { nullable: true, description: 'Tokens of this service.' }) principalId?: string;
}

@InputType({ description: 'A secret for a directory that can be given nothing better.' })
export class IssueProvisioningTokenInput {
  @Field(() => ID, {
    description: 'Service with the role `provisioner`; its home must be the workspace of the request.',
  })
  principalId!: string;
  @Field(() => DateTime, { description: 'When it opens nothing more: within 365 days.' }) expiresAt!: Date;
}

@InputType({ description: 'A secret that is to open nothing more.' })
export class RevokeProvisioningTokenInput {
  @Field(() => ID, { description: 'Id of the token, not the token.' }) provisioningTokenId!: string;
}

@ObjectType({ description: 'Result of issueProvisioningToken.' })
export class IssueProvisioningTokenPayload {
  @Attribute(() => String, 'secret', 'Bearer token; shown once, only its digest is stored.') token!: string;
  @Attribute(() => ID, 'internal', 'Its id, to revoke it.') tokenId!: string;
  @Attribute(() => DateTime, 'internal', 'When it opens nothing more.') expiresAt!: Date;
}

@ObjectType({ description: 'Result of revokeProvisioningToken.' })
export class ProvisioningTokenPayload {
  @Attribute(() => ProvisioningToken, 'open', 'The token after the change; null where the caller may not see it.', {
    nullable: true,
  })
  provisioningToken!: unknown;
}

@Resolver()
export class ProvisioningTokenResolver {
  @Query(() => ProvisioningTokenConnection, {
    description: 'Provisioning tokens of the workspace, revoked ones included, newest first.',
  })
  provisioningTokens(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => ProvisioningTokenFilter, { nullable: true, description: 'Restriction.' }) filter:
      | ProvisioningTokenFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(provisioningTokens, {
      ...page,
      filters: filter?.principalId
        ? [{ field: 'principalId' as const, condition: eq(provisioningToken.principalId, filter.principalId) }]
        : [],
    });
  }

  @Mutation(() => IssueProvisioningTokenPayload, {
    description:
      'Issues a secret that opens SCIM in this workspace for a service. It is shown once; two may be in force.',
  })
  async issueProvisioningToken(
    @Arg('input', () => IssueProvisioningTokenInput, { description: 'For whom, and until when.' })
    input: IssueProvisioningTokenInput,
    @Ctx() context: GovernanceContext,
  ): Promise<IssueProvisioningTokenPayload> {
    const wanted = parseInput(provisioningTokenInput, input);
    const expiresAt = wanted.expiresAt.toISOString();
    return context.mutate(
      {
        action: 'issueProvisioningToken',
        noun: 'ProvisioningToken',
        verb: 'issue',
        details: { principalId: wanted.principalId, expiresAt },
      },
      async (tx, audit) => {
        requireStepUp(context, 'IssueProvisioningTokenPayload', 'token');
        const { id, token } = await context.services.directory.issueProvisioningToken(tx, {
          ...wanted,
          by: context.principal.id,
        });
        audit.subject(id);
        return { token, tokenId: id, expiresAt: wanted.expiresAt };
      },
    );
  }

  @Mutation(() => ProvisioningTokenPayload, { description: 'The token opens nothing more, from the next request on.' })
  async revokeProvisioningToken(
    @Arg('input', () => RevokeProvisioningTokenInput, { description: 'Which token.' }) {
      provisioningTokenId: id,
    }: RevokeProvisioningTokenInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ProvisioningTokenPayload> {
    await context.mutate(
      { action: 'revokeProvisioningToken', noun: 'ProvisioningToken', verb: 'revoke', subjectId: id },
      (tx) => context.services.directory.revokeProvisioningToken(tx, { id, by: context.principal.id }),
    );
    return { provisioningToken: await context.reads.byId(provisioningTokens, id) };
  }
}
