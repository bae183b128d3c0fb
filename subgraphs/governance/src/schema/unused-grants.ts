import { PlatformError } from '@falaj/runtime';
import { Attribute, DateTime } from '@falaj/subgraph-kit';
import { Arg, Ctx, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { unusedGrants, unusedRules } from '../policy/unused-grants.js';
import { principals } from '../store/governed.js';
import { rolesInForce, usesSince } from '../store/grant-uses.js';
import type { GovernanceContext } from './context.js';
import { Principal } from './identity-types.js';
import { RoleGrant } from './policy-types.js';

const DAY_MS = 86_400_000;
const MOST_DAYS = 730;

@ObjectType({ description: 'A role that somebody holds, with those of its grants that they did not use.' })
export class UnusedGrant {
  @Attribute(() => ID, 'open', 'Id of who holds it.') principalId!: string;
  @Attribute(() => String, 'internal', 'Role.') role!: string;
  @Attribute(() => String, 'internal', '`BINDING`, or the id of the group that gives it.') via!: string;
  @Attribute(() => DateTime, 'internal', 'Since when they hold it.') grantedAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When they last used any of its grants; null where they did not.', {
    nullable: true,
  })
  lastUsedAt!: Date | null;
  @Attribute(() => Int, 'internal', 'Grants of the role whose use leaves a record.') recordable!: number;
  @Attribute(() => [RoleGrant], 'internal', 'Those of them that were not used.') unused!: RoleGrant[];
}

@ObjectType({
  description:
    'What could be taken away: judged by the audit trail and the read log. Reading fields of class open and internal leaves no record and is not judged.',
})
export class UnusedGrantReport {
  @Attribute(() => DateTime, 'internal', 'Uses since then were looked for; what is younger is not judged.')
  since!: Date;
  @Attribute(() => [UnusedGrant], 'internal', 'Roles with grants that were not used, by holder.')
  grants!: UnusedGrant[];
  @Attribute(() => [ID], 'internal', 'Rules of this workspace that allow something and were used by nobody.')
  ruleIds!: string[];
}

@Resolver(() => UnusedGrant)
export class UnusedGrantResolver {
  @Query(() => UnusedGrantReport, {
    description: 'Which grants of which roles nobody used for some time; for auditors and administrators.',
  })
  async unusedGrants(
    @Arg('days', () => Int, { defaultValue: 90, description: 'For how many days, 1 to 730.' }) days: number,
    @Ctx() context: GovernanceContext,
  ): Promise<UnusedGrantReport> {
    context.ability.authorize('read', 'UnusedGrantReport');
    if (!(days >= 1 && days <= MOST_DAYS))
      throw new PlatformError('BAD_USER_INPUT', `days: found ${days}, expected 1 to ${MOST_DAYS}.`);
    const { policyStore } = context.services;
    const since = new Date(Date.now() - days * DAY_MS);
    const { workspaceId } = context.principal;
    const [rules, own, held, uses] = await Promise.all([
      policyStore.rulesOf(workspaceId),
      context.transaction((tx) => policyStore.listRules(tx, workspaceId)),
      rolesInForce(context),
      usesSince(context, since),
    ]);
    return {
      since,
      grants: unusedGrants(held, uses, rules, policyStore.catalog, since).map((grant) => ({
        ...grant,
        unused: grant.unused as RoleGrant[],
      })),
      ruleIds: [...unusedRules(own, uses, policyStore.catalog, since)],
    };
  }

  @Attribute(() => Principal, 'internal', 'Who holds it.', { nullable: true })
  principal(@Root() grant: UnusedGrant, @Ctx() context: GovernanceContext): Promise<unknown> {
    return context.load('Principal', grant.principalId, (ids) => context.reads.byIds(principals, ids));
  }
}
