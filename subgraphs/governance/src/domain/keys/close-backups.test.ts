import { expect, it } from 'vitest';
import { closingWorkflow } from './close-backups.js';

/** Of the last run, in tens of seconds. */
const waits: number[] = [];

/** Runs the function with answers in order; says what it asked for and when it waits. */
async function run(answers: readonly ('BEGUN' | 'BUSY' | 'CLOSED')[]): Promise<string[]> {
  const left = [...answers];
  const done: string[] = [];
  waits.length = 0;
  const workflow = closingWorkflow<null>({
    retire: async (_tx, place, closing) => {
      const answer = left.shift();
      if (!answer) throw new Error('asked once more than needed');
      expect([place.workspaceId, place.zone, closing.zone]).toEqual(['w1', 'AE', 'AE']);
      return answer;
    },
  });
  const flow = {
    workspaceId: 'w1',
    principalId: 'p1',
    commit: async (key: string, effect: (tx: null) => Promise<unknown>) => {
      done.push(key);
      return effect(null);
    },
    sleepUntil: async (key: string, time: Date) => {
      done.push(key);
      waits.push(Math.round((time.getTime() - Date.now()) / 10_000));
    },
  };
  await workflow.run(flow as never, { erasureId: 'era_1', zone: 'AE' });
  expect(left).toEqual([]);
  return done;
}

it('does nothing where a rotation retired since', async () => {
  expect(await run(['CLOSED'])).toEqual(['attempt 1']);
});

it('begins a rotation, waits for it, and begins another where that one failed', async () => {
  expect(await run(['BUSY', 'BEGUN', 'BUSY', 'BEGUN', 'CLOSED'])).toEqual([
    'attempt 1',
    'wait 1',
    'attempt 2',
    'wait 2',
    'attempt 3',
    'wait 3',
    'attempt 4',
    'wait 4',
    'attempt 5',
  ]);
});

it('asks less and less often where rotations fail, about once a day at last', async () => {
  await run([...Array<'BEGUN'>(20).fill('BEGUN'), 'CLOSED']);
  expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(waits.at(-1)).toBe(8_192);
});
