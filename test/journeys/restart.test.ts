// A stop, orderly or not, loses nothing and leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJourney } from '@falaj/cli/demo';
import { createClient, PredictDocument } from '@falaj/client';
import { afterAll, expect, it } from 'vitest';
import { operatorTokenOf, type Processes, programsOn, startWhole } from '../platform-processes.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-restart-'));
const dataDirectory = join(directory, 'data');
let running: Processes | undefined;

afterAll(async () => {
  await running?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const journey = async (platform: Processes) =>
  runJourney(platform.url, await operatorTokenOf(dataDirectory), join(dataDirectory, 'landing'));

const nothingRuns = () => expect.poll(() => programsOn(dataDirectory), { timeout: 30_000, interval: 250 }).toEqual([]);

type Journey = Awaited<ReturnType<typeof journey>>;

const row = { origin: 'LAX', destination: 'PHX', event_time: '2001-03-31T20:00:00Z' };

async function predict(platform: Processes, { actors, ids }: Journey): Promise<unknown> {
  const client = createClient({
    url: platform.url,
    token: actors.scientist?.token ?? '',
    workspace: ids.workspaceId ?? '',
  });
  const { predict } = await client.data(PredictDocument, { input: { endpoint: 'flight-delay', rows: [row] } });
  return predict?.outputs;
}

it('a second start keeps every row and answers the same; the journey runs again beside the first', async () => {
  running = await startWhole(dataDirectory);
  const first = await journey(running);
  const before = await predict(running, first);
  await running.stop();
  await nothingRuns();
  running = await startWhole(dataDirectory);
  expect(await predict(running, first)).toEqual(before);
  const second = await journey(running);
  expect(second.ids.workspaceId).not.toBe(first.ids.workspaceId);
  expect(second.ids.trainingSetDigest).toBe(first.ids.trainingSetDigest);
  expect(await predict(running, first)).toEqual(before);
}, 180_000);

it('kill -9 in the middle of a journey leaves no orphan and no damage', async () => {
  running ??= await startWhole(dataDirectory);
  const cut = journey(running).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await running.kill();
  expect(await cut).toBeInstanceOf(Error);
  await nothingRuns();
  running = await startWhole(dataDirectory);
  const after = await journey(running);
  expect(await predict(running, after)).toBeDefined();
}, 180_000);
