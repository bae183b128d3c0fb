import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { z } from 'zod';
import { eraseFromView, redactSet, removeFormer, saveRedaction, subjectHoldings } from '../store/erase-subject.js';
import { leaveOut } from '../store/erased-subjects.js';
import { featureViews, trainingSets } from '../store/governed.js';
import { requiredView } from '../store/lookups.js';
import { trainingSet } from '../store/tables.js';
import { saveBuild } from '../store/writes.js';
import type { FeaturesContext } from './context.js';

const subject = z.string().min(1).max(1_000);
const erasureId = z.string().min(1).max(100);
const zoneInput = z.object({ subject, erasureId, zone: z.string().min(1).max(40) });
const partInput = z.object({ subject, erasureId, id: z.string().min(1) });

@InputType({ description: 'A data subject in one zone.' })
export class LeaveOutSubjectInput {
  @Field(() => String, { description: 'The subject, as requests name it. It is not written down.' }) subject!: string;
  @Field(() => String, { description: 'Zone.' }) zone!: string;
  @Field(() => ID, { description: 'Erasure that this is part of.' }) erasureId!: string;
}

@InputType({ description: 'A data subject in one feature view or training set.' })
export class EraseSubjectRowsInput {
  @Field(() => String, { description: 'The subject, as requests name it. It is not written down.' }) subject!: string;
  @Field(() => ID, { description: 'View version or training set.' }) id!: string;
  @Field(() => ID, { description: 'Erasure that this is part of.' }) erasureId!: string;
}

@ObjectType({ description: 'Result of leaveOutSubject: where rows of data subjects may be.' })
export class LeaveOutSubjectPayload {
  @Attribute(() => [ID], 'open', 'View versions of persons.') featureViewIds!: readonly string[];
  @Attribute(() => [ID], 'open', 'Training sets that name persons.') trainingSetIds!: readonly string[];
  @Attribute(() => [String], 'open', 'Names of the data sources that these were made from.')
  sources!: readonly string[];
}

@ObjectType({ description: 'Result of eraseSubjectFromFeatureView.' })
export class EraseSubjectFromFeatureViewPayload {
  @Attribute(() => Int, 'open', 'Rows that were taken out of the online store.') onlineRows!: number;
}

@ObjectType({ description: 'Result of eraseSubjectFromTrainingSet.' })
export class EraseSubjectFromTrainingSetPayload {
  @Attribute(() => Int, 'open', 'Rows that were taken out.') rowsRemoved!: number;
}

@Resolver()
export class EraseSubjectResolver {
  @Mutation(() => LeaveOutSubjectPayload, {
    description:
      'From now on nothing is built with rows of a data subject in a zone, and their key is destroyed. A part of eraseSubject.',
  })
  leaveOutSubject(
    @Arg('input', () => LeaveOutSubjectInput, { description: 'Whose.' }) input: LeaveOutSubjectInput,
    @Ctx() context: FeaturesContext,
  ): Promise<LeaveOutSubjectPayload> {
    const { subject, zone, erasureId } = parseInput(zoneInput, input);
    const { subjects } = context.services;
    const place = { workspaceId: context.principal.workspaceId, zone };
    const spec = {
      action: 'leaveOutSubject',
      noun: 'FeatureView',
      verb: 'erase',
      row: place,
      subjectId: erasureId,
      // Whose rows they were must not live on in the trail.
      details: { zone },
      prepare: () => subjects.lookups(place, [subject]),
    };
    return context.mutate(spec, async (tx, audit, [lookup]) => {
      await leaveOut(tx, place, lookup as string, erasureId);
      await subjects.destroy(tx, place, subject);
      const holdings = await subjectHoldings(tx, place);
      audit.subject(erasureId, {
        featureViews: holdings.featureViewIds.length,
        trainingSets: holdings.trainingSetIds.length,
      });
      return holdings;
    });
  }

  @Mutation(() => EraseSubjectFromFeatureViewPayload, {
    description:
      'Takes the rows of a data subject out of the online store and builds the view without them. A part of eraseSubject, after leaveOutSubject.',
  })
  async eraseSubjectFromFeatureView(
    @Arg('input', () => EraseSubjectRowsInput, { description: 'Whose, and where.' }) input: EraseSubjectRowsInput,
    @Ctx() context: FeaturesContext,
  ): Promise<EraseSubjectFromFeatureViewPayload> {
    const { subject, id, erasureId } = parseInput(partInput, input);
    await context.reads.required(featureViews, id);
    const found = await context.transaction((tx) => requiredView(tx, id));
    const { workspaceId, zone } = found.view;
    return context.mutate(
      {
        action: 'eraseSubjectFromFeatureView',
        noun: 'FeatureView',
        verb: 'erase',
        row: { workspaceId, zone },
        subjectId: id,
        details: { erasureId },
        prepare: () => eraseFromView(context, found, subject),
      },
      async (tx, audit, { onlineRows, built }) => {
        if (built) await saveBuild(tx, id, built);
        audit.subject(id, { onlineRows });
        return { onlineRows };
      },
    );
  }

  @Mutation(() => EraseSubjectFromTrainingSetPayload, {
    description:
      'Takes the rows of a data subject out of a training set and destroys what it was before. A part of eraseSubject, after leaveOutSubject.',
  })
  async eraseSubjectFromTrainingSet(
    @Arg('input', () => EraseSubjectRowsInput, { description: 'Whose, and where.' }) input: EraseSubjectRowsInput,
    @Ctx() context: FeaturesContext,
  ): Promise<EraseSubjectFromTrainingSetPayload> {
    const { subject, id, erasureId } = parseInput(partInput, input);
    await context.reads.required(trainingSets, id);
    const [before] = await context.transaction((tx) => tx.select().from(trainingSet).where(eq(trainingSet.id, id)));
    if (!before) return { rowsRemoved: 0 };
    const { workspaceId, zone } = before;
    const done = await context.mutate(
      {
        action: 'eraseSubjectFromTrainingSet',
        noun: 'TrainingSet',
        verb: 'erase',
        row: { workspaceId, zone },
        subjectId: id,
        details: { erasureId },
        prepare: () => redactSet(context, before, subject, erasureId),
      },
      async (tx, audit, redaction) => {
        if (redaction) await saveRedaction(context, tx, redaction, erasureId);
        const rowsRemoved = redaction?.redacted.removed ?? 0;
        audit.subject(id, { rowsRemoved, digestBefore: before.digest });
        return { rowsRemoved };
      },
    );
    await removeFormer(context, before);
    return done;
  }
}
