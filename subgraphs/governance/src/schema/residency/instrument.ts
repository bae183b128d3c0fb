import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { decideInstrumentInput, instrumentInput, revokeInstrumentInput } from '../../domain/residency-input.js';
import { decideInstrument, recordInstrument } from '../../store/residency/instruments.js';
import { transferInstrument, transferInstruments } from '../../store/residency/tables.js';
import type { GovernanceContext } from '../context.js';
import {
  DecideTransferInstrumentInput,
  RecordTransferInstrumentInput,
  RevokeTransferInstrumentInput,
  TransferInstrument,
  TransferInstrumentConnection,
  TransferInstrumentFilter,
  TransferInstrumentPayload,
} from './instrument-types.js';

@Resolver(() => TransferInstrument)
export class TransferInstrumentResolver {
  @Query(() => TransferInstrumentConnection, { description: 'Transfer instruments, newest first.' })
  transferInstruments(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => TransferInstrumentFilter, { nullable: true, description: 'Restriction.' }) filter:
      | TransferInstrumentFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    const { state, type, dataZone } = filter ?? {};
    return context.reads.page(transferInstruments, {
      ...page,
      filters: [
        ...(state ? [{ field: 'state' as const, condition: eq(transferInstrument.state, state) }] : []),
        ...(type ? [{ field: 'type' as const, condition: eq(transferInstrument.type, type) }] : []),
        ...(dataZone ? [{ field: 'dataZone' as const, condition: eq(transferInstrument.dataZone, dataZone) }] : []),
      ],
    });
  }

  @Mutation(() => TransferInstrumentPayload, {
    description: 'Records what permits a transfer; it counts once somebody else approved it, until its end.',
  })
  async recordTransferInstrument(
    @Arg('input', () => RecordTransferInstrumentInput, { description: 'The instrument.' })
    input: RecordTransferInstrumentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<TransferInstrumentPayload> {
    const { validFrom, documentDigest, ...wanted } = parseInput(instrumentInput, input);
    const { type, dataZone, categories, targetZones, reference, validTo, reason } = wanted;
    const now = new Date();
    const id = await context.mutate(
      {
        action: 'recordTransferInstrument',
        noun: 'TransferInstrument',
        verb: 'record',
        details: {
          type,
          dataZone,
          categories,
          targetZones,
          reference,
          validTo: validTo.toISOString(),
          justification: reason,
        },
      },
      async (tx, audit) => {
        const dates = { validFrom: validFrom ?? now, documentDigest: documentDigest ?? null };
        const recorded = await recordInstrument(tx, context.ownership, { ...wanted, ...dates }, now);
        audit.subject(recorded);
        return recorded;
      },
    );
    return { instrument: await context.reads.byId(transferInstruments, id) };
  }

  @Mutation(() => TransferInstrumentPayload, {
    description: 'Approves or rejects a transfer instrument. Whoever recorded it does not decide.',
  })
  decideTransferInstrument(
    @Arg('input', () => DecideTransferInstrumentInput, { description: 'The decision.' })
    input: DecideTransferInstrumentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<TransferInstrumentPayload> {
    const { instrumentId, approve, reason } = parseInput(decideInstrumentInput, input);
    return decide(context, 'decideTransferInstrument', instrumentId, approve ? 'APPROVED' : 'REJECTED', reason);
  }

  @Mutation(() => TransferInstrumentPayload, { description: 'Ends an approved transfer instrument before its time.' })
  revokeTransferInstrument(
    @Arg('input', () => RevokeTransferInstrumentInput, { description: 'Which, and why.' })
    input: RevokeTransferInstrumentInput,
    @Ctx() context: GovernanceContext,
  ): Promise<TransferInstrumentPayload> {
    const { instrumentId, reason } = parseInput(revokeInstrumentInput, input);
    return decide(context, 'revokeTransferInstrument', instrumentId, 'REVOKED', reason);
  }
}

async function decide(
  context: GovernanceContext,
  action: string,
  id: string,
  to: 'APPROVED' | 'REJECTED' | 'REVOKED',
  reason: string,
): Promise<TransferInstrumentPayload> {
  await context.reads.required(transferInstruments, id);
  await context.mutate(
    { action, noun: 'TransferInstrument', verb: 'decide', subjectId: id, details: { to, justification: reason } },
    (tx) => decideInstrument(tx, context.ownership, id, { to, reason, now: new Date() }),
  );
  return { instrument: await context.reads.byId(transferInstruments, id) };
}
