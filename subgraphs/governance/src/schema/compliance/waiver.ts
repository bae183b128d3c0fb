import { refused } from '@falaj/runtime';
import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { decideInput, revokeInput, waiverInput } from '../../domain/compliance/compliance-input.js';
import { catalogue } from '../../store/compliance/evaluate.js';
import { complianceWaiver, complianceWaivers } from '../../store/compliance/tables.js';
import { decideWaiver, requestWaiver } from '../../store/compliance/waivers.js';
import type { GovernanceContext } from '../context.js';
import {
  ComplianceWaiver,
  ComplianceWaiverConnection,
  ComplianceWaiverFilter,
  DecideWaiverInput,
  RequestWaiverInput,
  RevokeWaiverInput,
  WaiverPayload,
} from './compliance-types.js';

@Resolver(() => ComplianceWaiver)
export class WaiverResolver {
  @Query(() => ComplianceWaiverConnection, { description: 'Waivers, newest first.' })
  complianceWaivers(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => ComplianceWaiverFilter, { nullable: true, description: 'Restriction.' }) filter:
      | ComplianceWaiverFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    const { checkId, state } = filter ?? {};
    return context.reads.page(complianceWaivers, {
      ...page,
      filters: [
        ...(checkId ? [{ field: 'checkId' as const, condition: eq(complianceWaiver.checkId, checkId) }] : []),
        ...(state ? [{ field: 'state' as const, condition: eq(complianceWaiver.state, state) }] : []),
      ],
    });
  }

  @Mutation(() => WaiverPayload, { description: 'Asks for a waiver; it counts once somebody else approved it.' })
  async requestWaiver(
    @Arg('input', () => RequestWaiverInput, { description: 'The waiver.' }) input: RequestWaiverInput,
    @Ctx() context: GovernanceContext,
  ): Promise<WaiverPayload> {
    const wanted = parseInput(waiverInput, input);
    const id = await context.mutate(
      {
        action: 'requestWaiver',
        noun: 'ComplianceWaiver',
        verb: 'request',
        details: { checkId: wanted.checkId, expiresAt: wanted.expiresAt.toISOString(), justification: wanted.reason },
        prepare: () => assertKnown(context, wanted.checkId),
      },
      async (tx, audit) => {
        const requested = await requestWaiver(
          tx,
          context.ownership,
          { ...wanted, subject: wanted.subject ?? null },
          new Date(),
        );
        audit.subject(requested);
        return requested;
      },
    );
    return { waiver: await context.reads.byId(complianceWaivers, id) };
  }

  @Mutation(() => WaiverPayload, {
    description: 'Approves or rejects a waiver. Whoever asked for it does not decide.',
  })
  async decideWaiver(
    @Arg('input', () => DecideWaiverInput, { description: 'The decision.' }) input: DecideWaiverInput,
    @Ctx() context: GovernanceContext,
  ): Promise<WaiverPayload> {
    const { waiverId, approve, reason } = parseInput(decideInput, input);
    return decide(context, 'decideWaiver', waiverId, approve ? 'APPROVED' : 'REJECTED', reason);
  }

  @Mutation(() => WaiverPayload, { description: 'Ends an approved waiver before its time.' })
  async revokeWaiver(
    @Arg('input', () => RevokeWaiverInput, { description: 'Which, and why.' }) input: RevokeWaiverInput,
    @Ctx() context: GovernanceContext,
  ): Promise<WaiverPayload> {
    const { waiverId, reason } = parseInput(revokeInput, input);
    return decide(context, 'revokeWaiver', waiverId, 'REVOKED', reason);
  }
}

async function decide(
  context: GovernanceContext,
  action: string,
  id: string,
  to: 'APPROVED' | 'REJECTED' | 'REVOKED',
  reason: string,
): Promise<WaiverPayload> {
  await context.reads.required(complianceWaivers, id);
  await context.mutate(
    {
      action,
      noun: 'ComplianceWaiver',
      verb: 'decide',
      subjectId: id,
      details: { to, justification: reason },
    },
    (tx) => decideWaiver(tx, context.ownership, id, { to, reason, now: new Date() }),
  );
  return { waiver: await context.reads.byId(complianceWaivers, id) };
}

async function assertKnown(context: GovernanceContext, checkId: string): Promise<void> {
  const known = (await catalogue(context)).map((check) => check.checkId);
  if (known.includes(checkId)) return;
  throw refused(
    {
      rule: 'WAIVER_CHECK',
      found: checkId,
      limit: `a check of the catalogue: ${known.join(', ')}`,
      whatToDo: 'see `complianceChecks`',
    },
    'BAD_USER_INPUT',
  );
}
