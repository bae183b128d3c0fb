import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { z } from 'zod';
import { eraseSubject } from '../store/erase-subject.js';
import type { DeploymentsContext } from './context.js';

const eraseInput = z.object({ subject: z.string().min(1).max(1_000), zone: z.string().min(1), erasureId: z.string() });

@InputType({ description: 'A data subject in one zone.' })
export class EraseInferenceSubjectInput {
  @Field(() => String, { description: 'The subject, as requests name it. It is not written down.' }) subject!: string;
  @Field(() => String, { description: 'Zone.' }) zone!: string;
  @Field(() => ID, { description: 'Erasure that this is part of.' }) erasureId!: string;
}

@ObjectType({ description: 'Result of eraseInferenceSubject.' })
export class EraseInferenceSubjectPayload {
  @Attribute(() => Boolean, 'open', 'Whether there was a key of the subject, which is now destroyed.')
  keyDestroyed!: boolean;
  @Attribute(() => Int, 'open', 'Inference records that nobody can tell to be the subject’s any more.')
  records!: number;
  @Attribute(() => Int, 'open', 'Exposures and outcomes of A/B tests that count on under a random name.')
  studyRows!: number;
}

@Resolver()
export class EraseInferenceSubjectResolver {
  @Mutation(() => EraseInferenceSubjectPayload, {
    description:
      'Destroys the key of a data subject in a zone, and with it whatever leads from the subject to its inferences. A part of eraseSubject.',
  })
  eraseInferenceSubject(
    @Arg('input', () => EraseInferenceSubjectInput, { description: 'Whose.' }) input: EraseInferenceSubjectInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<EraseInferenceSubjectPayload> {
    const { subject, zone, erasureId } = parseInput(eraseInput, input);
    const { workspaceId } = context.principal;
    const spec = {
      action: 'eraseInferenceSubject',
      noun: 'InferenceLog',
      verb: 'erase',
      row: { workspaceId, zone },
      subjectId: erasureId,
      // Whose it was must not live on in the trail.
      details: { zone },
    };
    return context.mutate(spec, async (tx, audit) => {
      const erased = await eraseSubject(tx, context.services.logSettings, { workspaceId, zone }, subject);
      audit.subject(erasureId, { ...erased });
      return erased;
    });
  }
}
