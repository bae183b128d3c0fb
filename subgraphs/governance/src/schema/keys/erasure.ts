import { PlatformError } from '@falaj/runtime';
import { Attribute, type Connection, DateTime, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import type { Erasure } from '../../domain/keys/erase-subject.js';
import { runningErasure, wrapSubject } from '../../store/keys/erasure-ports.js';
import { backupsClosedAt } from '../../store/keys/start-rotation.js';
import { type SubjectErasureRow, subjectErasure, subjectErasures } from '../../store/keys/tables.js';
import type { GovernanceContext } from '../context.js';
import { EraseSubjectInput, SubjectErasure, SubjectErasureConnection, SubjectErasurePayload } from './erasure-types.js';

const DAY_MS = 86_400_000;

const eraseInput = z
  .object({
    subject: z.string().min(1).max(1_000),
    reason: z.string().trim().min(3).max(1_000),
    closeBackupsAfterDays: z.int().min(0).max(365),
  })
  .refine(({ subject, reason }) => !reason.includes(subject), {
    path: ['reason'],
    message: 'names the subject, whom it would keep on record',
  });

@Resolver(() => SubjectErasure)
export class SubjectErasureResolver {
  @Query(() => SubjectErasure, { nullable: true, description: 'An erasure by id.' })
  subjectErasure(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(subjectErasures, id);
  }

  @Query(() => SubjectErasureConnection, { description: 'Erasures, newest first.' })
  subjectErasures(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(subjectErasures, page);
  }

  @Attribute(
    () => DateTime,
    'internal',
    'Since when no backup from before the erasure can be opened: every zone has retired the keys of then. Null until it has.',
  )
  backupsClosedAt(@Root() erasure: SubjectErasureRow, @Ctx() context: GovernanceContext): Promise<Date | null> {
    return context.transaction(async (tx) => {
      const [row] = await tx.select().from(subjectErasure).where(eq(subjectErasure.id, erasure.id));
      return row ? backupsClosedAt(tx, row) : null;
    });
  }

  @Mutation(() => SubjectErasurePayload, {
    description:
      'Erases a data subject in all your zones: destroys their keys, takes their rows out of online and offline features and training sets, and reports what it found, what it cannot reach, and which models learned from them. Goes on by itself, also over restarts. Cannot be undone. Asking again is safe; while it runs, it is the same erasure.',
  })
  async eraseSubject(
    @Arg('input', () => EraseSubjectInput, { description: 'Whom, and why.' }) input: EraseSubjectInput,
    @Ctx() context: GovernanceContext,
  ): Promise<SubjectErasurePayload> {
    const { subject, reason, closeBackupsAfterDays } = parseInput(eraseInput, input);
    const { workspaceId, id: principalId } = context.principal;
    const { platform } = context;
    const { workflows } = platform;
    if (!workflows) throw new PlatformError('INTERNAL', 'This process runs no workflows.');
    const id = newId('era');
    const zones = [...context.principal.zones];
    const zone = zones[0] as string;
    const erasureId = await context.mutate(
      {
        action: 'eraseSubject',
        noun: 'SubjectErasure',
        verb: 'erase',
        row: { workspaceId },
        subjectId: id,
        details: { zones, justification: reason },
        prepare: () => wrapSubject(platform, { workspaceId, zone }, id, subject),
      },
      async (tx, audit, wrappedSubject) => {
        const running = await runningErasure(platform, tx, workspaceId, subject);
        if (running !== null) {
          audit.subject(running, { joined: true });
          return running;
        }
        const closeBackupsAt = new Date(Date.now() + closeBackupsAfterDays * DAY_MS);
        await tx.insert(subjectErasure).values({
          id,
          ...context.ownership,
          reason,
          zones,
          state: 'RUNNING',
          closeBackupsAt,
          wrappedSubject,
        });
        const erasure: Erasure = { erasureId: id, zones, closeBackupsAt: closeBackupsAt.toISOString() };
        const workflow = { name: 'erase-subject', version: 1 };
        await workflows.start({ id, workspaceId, workflow, input: erasure, zone, principalId, transaction: tx });
        for (const each of zones) {
          await workflows.start({
            id: `${id}/${each}`,
            workspaceId,
            workflow: { name: 'close-backups', version: 1 },
            input: { erasureId: id, zone: each },
            zone: each,
            principalId,
            startAt: closeBackupsAt,
            transaction: tx,
          });
        }
        return id;
      },
    );
    return { erasure: await context.reads.byId(subjectErasures, erasureId) };
  }
}
