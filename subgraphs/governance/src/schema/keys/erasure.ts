import { type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { eraseEverywhere, modelsOfPersonalData } from '../../store/keys/erasure-facts.js';
import { subjectErasure, subjectErasures } from '../../store/keys/tables.js';
import type { GovernanceContext } from '../context.js';
import { EraseSubjectInput, SubjectErasure, SubjectErasureConnection, SubjectErasurePayload } from './erasure-types.js';

const eraseInput = z
  .object({ subject: z.string().min(1).max(1_000), reason: z.string().trim().min(3).max(1_000) })
  .refine(({ subject, reason }) => !reason.includes(subject), {
    path: ['reason'],
    message: 'names the subject, whom it would keep on record',
  });

@Resolver(() => SubjectErasure)
export class SubjectErasureResolver {
  @Query(() => SubjectErasureConnection, { description: 'Erasures, newest first.' })
  subjectErasures(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(subjectErasures, page);
  }

  @Mutation(() => SubjectErasurePayload, {
    description:
      'Erases a data subject in all your zones: destroys the keys under which their inferences were written down, and lists the models that may have learned from them. Cannot be undone. Asking again is safe.',
  })
  async eraseSubject(
    @Arg('input', () => EraseSubjectInput, { description: 'Whom, and why.' }) input: EraseSubjectInput,
    @Ctx() context: GovernanceContext,
  ): Promise<SubjectErasurePayload> {
    const { subject, reason } = parseInput(eraseInput, input);
    const id = newId('era');
    const zones = [...context.principal.zones];
    await context.mutate(
      {
        action: 'eraseSubject',
        noun: 'SubjectErasure',
        verb: 'erase',
        row: { workspaceId: context.principal.workspaceId },
        subjectId: id,
        details: { zones, justification: reason },
        prepare: async () => ({
          models: await modelsOfPersonalData(context),
          ...(await eraseEverywhere(context, subject, id)),
        }),
      },
      async (tx, audit, { models, ...erased }) => {
        const values = { id, ...context.ownership, reason, zones, models, modelsKnown: models.length === 0, ...erased };
        await tx.insert(subjectErasure).values(values);
        audit.subject(id, { ...erased, models: models.length });
      },
    );
    return { erasure: await context.reads.byId(subjectErasures, id) };
  }
}
