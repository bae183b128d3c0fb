// One process, and six over HTTP: the whole journey must get the same answers, apart from ids and times.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJourney } from '@falaj/cli/demo';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorTokenOf, type Processes, startSplit, startWhole } from '../platform-processes.js';
import { type Exchange, normalised, recordExchanges } from '../recorded-exchanges.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-modes-'));
let whole: Processes;
let split: Processes;

beforeAll(async () => {
  whole = await startWhole(join(directory, 'whole'));
  split = await startSplit(join(directory, 'split'));
}, 120_000);

afterAll(async () => {
  await Promise.all([whole?.stop(), split?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

async function journeyOn({ url, dataDirectory }: Processes): Promise<Exchange[]> {
  const token = await operatorTokenOf(dataDirectory);
  return recordExchanges(() => runJourney(url, token, join(dataDirectory, 'landing')));
}

it('every operation of the journey answers alike', async () => {
  const first = normalised(await journeyOn(whole));
  const second = normalised(await journeyOn(split));
  expect(first.length).toBeGreaterThan(40);
  expect(second.map(({ operation }) => operation)).toEqual(first.map(({ operation }) => operation));
  for (const [place, exchange] of first.entries()) expect(second[place], exchange.operation).toEqual(exchange);
}, 150_000);
