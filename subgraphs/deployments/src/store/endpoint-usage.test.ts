import { PlatformError } from '@falaj/runtime';
import { GraphClient } from '@falaj/subgraph-kit';
import { expect, it } from 'vitest';
import type { Inference } from '../domain/inference-observer.js';
import { EndpointUsage } from './endpoint-usage.js';

const inference = (endpoint: string, latencyMs: number): Inference =>
  ({ endpoint: { id: endpoint, name: endpoint, workspaceId: 'w1', zone: 'AE' }, latencyMs }) as Inference;

it('reports requests and seconds per endpoint as a program of its workspace, and each interval once', async () => {
  const taken = new Map<string, Record<string, unknown>>();
  const graph = new GraphClient();
  let away = false;
  let calls = 0;
  graph.install(async (_document, variables, request) => {
    calls++;
    if (away) throw new Error('no governance');
    const input = variables.input as Record<string, unknown>;
    expect(request.principal).toMatchObject({ kind: 'SERVICE', roles: ['service'], workspaceId: 'w1', zones: ['AE'] });
    taken.set(String(input.key), input);
    return { data: { recordUsage: { created: true } } };
  });
  const usage = new EndpointUsage({ graph, log: { warn: () => undefined } }, 'p1');
  for (const [endpoint, ms] of [
    ['a', 10],
    ['a', 30],
    ['b', 5],
  ] as const)
    usage.observe(inference(endpoint, ms));
  away = true;
  await expect(usage.flush()).rejects.toThrow('no governance');
  away = false;
  await usage.flush();
  expect(
    [...taken.values()].map(({ subjectType, subjectId, unit, quantity, pool }) => [
      subjectType,
      subjectId,
      unit,
      quantity,
      pool,
    ]),
  ).toEqual([
    ['Endpoint', 'a', 'REQUEST', 2, 'local'],
    ['Endpoint', 'a', 'WALL_SECOND', 0.04, 'local'],
    ['Endpoint', 'b', 'REQUEST', 1, 'local'],
    ['Endpoint', 'b', 'WALL_SECOND', 0.005, 'local'],
  ]);
  const before = calls;
  await usage.flush();
  expect(calls).toBe(before);
});

it('lets go of a report that governance refuses for what it says, and sends the others', async () => {
  const taken: unknown[] = [];
  const warned: string[] = [];
  const graph = new GraphClient();
  graph.install(async (_document, variables) => {
    const { subjectId } = variables.input as { subjectId: string };
    if (subjectId === 'a') throw new PlatformError('BAD_USER_INPUT', 'malformed');
    taken.push(subjectId);
    return { data: { recordUsage: { created: true } } };
  });
  const usage = new EndpointUsage({ graph, log: { warn: (message) => void warned.push(message) } }, 'p1');
  usage.observe(inference('a', 1));
  usage.observe(inference('b', 1));
  await usage.flush();
  expect(taken).toEqual(['b', 'b']);
  expect(warned).toHaveLength(2);
});
