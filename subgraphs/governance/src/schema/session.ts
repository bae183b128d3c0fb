import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { revocationInput } from '../domain/identity-input.js';
import { principals } from '../store/governed.js';
import type { GovernanceContext } from './context.js';
import { PrincipalPayload } from './identity-types.js';

/** Longer than any issuer should let an access token live. */
const REMEMBERED_MS = 7 * 86_400_000;

@InputType({ description: 'A principal whose tokens are to end.' })
export class SignOutPrincipalInput {
  @Field(() => ID, { description: 'Principal; its home must be the workspace of the request.' }) principalId!: string;
}

@InputType({ description: 'A token that is to end before its time.' })
export class RevokeAccessTokenInput {
  @Field(() => ID, { description: 'Whose token; its home must be the workspace of the request.' }) principalId!: string;
  @Field(() => ID, { description: 'Its id (`jti`); the audit trail names it where the token was issued.' })
  tokenId!: string;
  @Field(() => String, { nullable: true, description: 'Its issuer; default the built-in one.' }) issuer?: string;
}

@ObjectType({ description: 'Result of revokeAccessToken.' })
export class RevokeAccessTokenPayload {
  @Attribute(() => ID, 'open', 'Id of the token that opens nothing more.') tokenId!: string;
}

@Resolver()
export class SessionResolver {
  @Mutation(() => PrincipalPayload, {
    description:
      'Ends every token of a principal that was issued until now: on requests within 2 s, on open event streams at the latest within a minute.',
  })
  async signOutPrincipal(
    @Arg('input', () => SignOutPrincipalInput, { description: 'Whose tokens.' }) { principalId }: SignOutPrincipalInput,
    @Ctx() context: GovernanceContext,
  ): Promise<PrincipalPayload> {
    await context.mutate(
      { action: 'signOutPrincipal', noun: 'Principal', verb: 'signOut', subjectId: principalId },
      (tx) => context.services.directory.signOutPrincipal(tx, principalId),
    );
    return { principal: await context.reads.byId(principals, principalId) };
  }

  @Mutation(() => RevokeAccessTokenPayload, { description: 'Ends one token of a principal before its time.' })
  async revokeAccessToken(
    @Arg('input', () => RevokeAccessTokenInput, { description: 'Which token.' }) input: RevokeAccessTokenInput,
    @Ctx() context: GovernanceContext,
  ): Promise<RevokeAccessTokenPayload> {
    const { principalId, tokenId, issuer = context.services.issuer } = parseInput(revocationInput, input);
    await context.mutate(
      {
        action: 'revokeAccessToken',
        noun: 'Principal',
        verb: 'revokeAccessToken',
        subjectId: principalId,
        details: { issuer, tokenId },
      },
      async (tx) => {
        await context.services.directory.ownPrincipal(tx, principalId);
        await context.services.directory.revokeToken(tx, {
          principalId,
          issuer,
          tokenId,
          expiresAt: new Date(Date.now() + REMEMBERED_MS),
          by: context.principal.id,
        });
      },
    );
    return { tokenId };
  }
}
