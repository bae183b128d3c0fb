// A stop, orderly or not, loses nothing and leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditRecordsDocument, createClient } from '@falaj/client';
import { afterAll, expect, it } from 'vitest';
import {
  descendantsOf,
  operatorTokenOf,
  type Processes,
  programsOn,
  startWhole,
  stillRunning,
} from '../platform-processes.js';
import { clientOf, type Journey, journeyOn, predictionOf, rowsOf, until } from '../platform-requests.js';
import { startAfterJourney } from '../platform-template.js';
import { acknowledgedIds, type Exchange, recordExchanges } from '../recorded-exchanges.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-restart-'));
const dataDirectory = join(directory, 'data');
const running: Processes[] = [];

afterAll(async () => {
  await Promise.all(running.map((platform) => platform.stop()));
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<Processes> {
  const platform = await startWhole(dataDirectory);
  running.push(platform);
  return platform;
}

/** The server follows the last process that uses it within seconds. */
const nothingRuns = () => expect.poll(() => programsOn(dataDirectory), { timeout: 10_000, interval: 250 }).toEqual([]);

const predict = (platform: Processes, journey: Journey) => predictionOf(clientOf(platform, journey), 'flight-delay');

async function auditCount({ url }: Processes, { ids }: Journey): Promise<number | null | undefined> {
  const client = createClient({ url, token: await operatorTokenOf(dataDirectory), workspace: ids.workspaceId ?? '' });
  return (await client.data(AuditRecordsDocument, { first: 1 })).auditRecords?.totalCount;
}

it('a second start keeps every row and answers the same; the journey runs again beside the first', async () => {
  const { processes: before, journey: first } = await startAfterJourney(dataDirectory);
  running.push(before);
  const answer = await predict(before, first);
  const records = await auditCount(before, first);
  expect(answer).toHaveLength(2);
  expect(records).toBeGreaterThan(20);
  await before.stop('SIGTERM');
  await nothingRuns();

  const after = await start();
  expect(await auditCount(after, first)).toBe(records);
  expect(await predict(after, first)).toEqual(answer);
  const second = await journeyOn(after);
  expect(second.ids.workspaceId).not.toBe(first.ids.workspaceId);
  expect(second.ids.trainingSetDigest).toBe(first.ids.trainingSetDigest);
  expect(await predict(after, second)).toEqual(answer);
  expect(await predict(after, first)).toEqual(answer);
  expect(await auditCount(after, first)).toBe(records);
  await after.stop('SIGINT');
  await nothingRuns();
}, 180_000);

it('kill -9 in the middle of a journey leaves no orphan, and every acknowledged row', async () => {
  const cut = await start();
  const exchanges: Exchange[] = [];
  const ended = recordExchanges(() => journeyOn(cut), exchanges).catch((error: unknown) => error);
  const training = async () => exchanges.some(({ operation }) => operation === 'StartTrainingRun');
  await until(training, 90_000, 'the journey comes to the training');
  const below = descendantsOf(cut.pids);
  await cut.kill();
  expect(await ended).toBeInstanceOf(Error);
  expect(below.length).toBeGreaterThan(0);
  await expect.poll(() => stillRunning(below), { timeout: 10_000, interval: 250 }).toEqual([]);
  await nothingRuns();

  const next = await start();
  const acknowledged = acknowledgedIds(exchanges);
  expect(acknowledged.length).toBeGreaterThan(15);
  const kept = await idsIn(acknowledged);
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  expect(await predict(next, await journeyOn(next))).toHaveLength(2);
}, 240_000);

/** Of the given ids, those that any table of the platform holds. */
async function idsIn(ids: readonly string[]): Promise<ReadonlySet<unknown>> {
  const tables = await rowsOf(
    dataDirectory,
    `select format('%I.%I', table_schema, table_name) as name from information_schema.columns
      where column_name = 'id' and data_type = 'text' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const found = await rowsOf(
    dataDirectory,
    tables.map(({ name }) => `select id from ${name} where id = any($1)`).join(' union all '),
    [ids],
  );
  return new Set(found.map(({ id }) => id));
}
