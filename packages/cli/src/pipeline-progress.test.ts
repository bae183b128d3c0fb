import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { createClient } from '@falaj/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followRun } from './pipeline-progress.js';
import { runParameters } from './run-parameters.js';

const stage = (name: string, state: string, more: object = {}) => ({ name, state, attempts: 1, ...more });
const event = (state: string, ...stages: object[]) => ({
  data: { pipelineRunProgress: { runId: 'r', state, stages } },
});

/** What the platform says at each connection; `cut` breaks it off. */
let connections: (object | 'cut')[][];
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of connections.shift() ?? []) {
      // What was written before must have arrived: a broken connection takes unread bytes with it.
      if (part === 'cut') return setTimeout(() => response.destroy(), 200);
      response.write(`event: next\ndata: ${JSON.stringify(part)}\n\n`);
    }
    response.end('event: complete\ndata:\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

async function follow(...told: (object | 'cut')[][]): Promise<{ state: string; lines: string[] }> {
  connections = told;
  const lines: string[] = [];
  const state = await followRun(
    async () => createClient({ url }),
    'r',
    (line) => lines.push(line),
  );
  return { state, lines };
}

describe('following a run', () => {
  it('shows each change of a stage once, over broken connections', async () => {
    const { state, lines } = await follow(
      [
        event('RUNNING', stage('a', 'RUNNING'), stage('b', 'PENDING')),
        event('RUNNING', stage('a', 'RUNNING'), stage('b', 'PENDING')),
        'cut',
      ],
      [
        event(
          'RUNNING',
          stage('a', 'SUCCEEDED', { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:02Z' }),
        ),
      ],
      [event('WAITING', stage('b', 'WAITING', { approverRole: 'approver', question: 'Serve?' }))],
      [
        event(
          'REFUSED',
          stage('b', 'REFUSED', { attempts: 2, error: { code: 'STAGE_REFUSED', message: 'no' } }),
          stage('c', 'SKIPPED'),
        ),
      ],
    );
    expect(state).toBe('REFUSED');
    expect(lines.map((line) => stripVTControlCharacters(line).replaceAll(/\s+/g, ' ').trim())).toEqual([
      '· a RUNNING',
      '✓ a SUCCEEDED 2.0 s',
      '? b WAITING for approver: Serve?',
      '✗ b REFUSED attempt 2 STAGE_REFUSED: no',
      '- c SKIPPED',
    ]);
  });

  it('ends where the platform says no for good', async () => {
    const refused = { errors: [{ message: 'Not here.', extensions: { code: 'NOT_FOUND', retryable: false } }] };
    await expect(follow([refused])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('parameters', () => {
  const declared = [
    { name: 'seed', type: 'INTEGER' },
    { name: 'label', type: 'STRING' },
    { name: 'views', type: 'STRINGS' },
  ];
  it('are read by their declared types', () => {
    expect(runParameters(declared, ['seed=7', 'label=7=x', 'views=["a"]', 'unknown=1'])).toEqual({
      seed: 7,
      label: '7=x',
      views: ['a'],
      unknown: '1',
    });
  });
  it('that are malformed are refused by name', () => {
    expect(() => runParameters(declared, ['seed'])).toThrow('--param: expected name=value, found "seed".');
    expect(() => runParameters(declared, ['seed=seven'])).toThrow(
      '--param seed: expected INTEGER as JSON, found "seven".',
    );
  });
});
