import { expect, test } from 'vitest';
import { recordRunUsage } from './run-usage.js';

const run = { id: 'run_1', request: { principal: { id: 'pr_1', roles: ['data-scientist'] } } } as never;
const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000);

test('a run is charged for its seconds, as its owner, under a key of that training', async () => {
  const asked: unknown[] = [];
  const graph = { query: async (...call: unknown[]) => asked.push(call) };
  await recordRunUsage({ graph, log: {} } as never, run, at(0), at(90));
  expect(asked).toMatchObject([
    [
      expect.stringContaining('recordUsage'),
      {
        input: {
          key: 'run:run_1:1800000000000:wall',
          subjectType: 'Run',
          subjectId: 'run_1',
          unit: 'WALL_SECOND',
          quantity: 90,
        },
      },
      { principal: { id: 'pr_1' }, requestId: 'run_1' },
    ],
  ]);
});

test('a bill that cannot be written is logged and does not cost the model', async () => {
  const warned: unknown[] = [];
  const graph = {
    query: async () => {
      throw new Error('the gateway is away');
    },
  };
  const log = { warn: (...said: unknown[]) => warned.push(said) };
  await recordRunUsage({ graph, log } as never, run, at(0), at(1));
  expect(warned).toEqual([[expect.any(String), { run: 'run_1', seconds: 1, error: 'Error: the gateway is away' }]]);
});
