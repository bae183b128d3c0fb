import { refused } from '@falaj/runtime';
import { type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import { keyFacts } from '../../store/compliance/host-facts.js';
import { startRotation } from '../../store/keys/start-rotation.js';
import { keyRotations } from '../../store/keys/tables.js';
import type { GovernanceContext } from '../context.js';
import { KeyRotation, KeyRotationConnection, KeyRotationPayload, RotateKeyInput, ZoneKey } from './key-types.js';

const rotateInput = z.object({
  zone: z.string().min(1).max(40),
  reason: z.string().trim().min(3).max(1_000),
  retire: z.boolean(),
});

@Resolver(() => KeyRotation)
export class KeyRotationResolver {
  @Query(() => [ZoneKey], { description: 'The keys of your zones. A zone in which nothing was sealed gets its first.' })
  async zoneKeys(@Ctx() context: GovernanceContext): Promise<ZoneKey[]> {
    context.ability.authorize('describe', 'ZoneKey');
    const { zones } = context.principal;
    const found = await keyFacts(context, zones);
    return found.map((key, place) => ({ ...key, zone: zones[place] as string, createdAt: new Date(key.createdAt) }));
  }

  @Query(() => KeyRotation, { nullable: true, description: 'A rotation by id.' })
  keyRotation(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(keyRotations, id);
  }

  @Query(() => KeyRotationConnection, { description: 'Rotations, newest first.' })
  keyRotations(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(keyRotations, page);
  }

  @Mutation(() => KeyRotationPayload, {
    description:
      'Gives a zone a new key version and rewraps every artifact and data key, while all of them stay readable. Goes on by itself, also over restarts.',
  })
  async rotateKey(
    @Arg('input', () => RotateKeyInput, { description: 'Which, and why.' }) input: RotateKeyInput,
    @Ctx() context: GovernanceContext,
  ): Promise<KeyRotationPayload> {
    const { zone, reason, retire } = parseInput(rotateInput, input);
    const { workspaceId, zones } = context.principal;
    const { workflows } = context.platform;
    if (!zones.includes(zone))
      throw refused(
        { rule: 'KEY_ZONE', found: zone, limit: zones.join(', '), whatToDo: 'name a zone that you work in' },
        'FORBIDDEN',
      );
    const id = newId('rot');
    await context.mutate(
      {
        action: 'rotateKey',
        noun: 'KeyRotation',
        verb: 'start',
        row: { workspaceId, zone },
        subjectId: id,
        details: { zone, retire, justification: reason },
      },
      async (tx) => {
        const rotation = { rotationId: id, zone, retire, reason, ...context.ownership };
        const started = await startRotation(tx, workflows, rotation);
        if (!started)
          throw refused(
            {
              rule: 'KEY_ROTATION_RUNNING',
              found: `a rotation of ${zone} that runs`,
              limit: 'one at a time',
              whatToDo: 'wait for its end: see `keyRotations`',
            },
            'CONFLICT',
          );
      },
    );
    return { rotation: await context.reads.byId(keyRotations, id) };
  }
}
