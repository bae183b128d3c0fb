// One process, and six that ask each other by mutual TLS: the whole journey must get the same answers, apart from ids and times.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Processes, runCli, startSplit } from '../platform-processes.js';
import { clientOf, inferenceOf, type Journey, journeyOn, predictionOf } from '../platform-requests.js';
import { startAfterJourney } from '../platform-template.js';
import { type Exchange, normalised, recordExchanges } from '../recorded-exchanges.js';

interface Played {
  readonly platform: Processes;
  readonly journey: Journey;
  readonly exchanges: readonly Exchange[];
}

const directory = mkdtempSync(join(tmpdir(), 'falaj-modes-'));
const running: Processes[] = [];
let whole: Played;
let split: Played;

function played(platform: Processes, journey: Journey, exchanges: readonly Exchange[]): Played {
  return { platform, journey, exchanges: normalised(exchanges, journey.label) };
}

beforeAll(async () => {
  const started = await startAfterJourney(join(directory, 'whole'));
  running.push(started.processes);
  whole = played(started.processes, started.journey, started.exchanges);
  const certificates = join(directory, 'certificates');
  await runCli(join(directory, 'split'), 'certificates', 'create', '--directory', certificates);
  const platform = await startSplit(join(directory, 'split'), {
    configuration: join(import.meta.dirname, '../security/tls'),
    certificates,
    env: { FALAJ_TEST_PROFILE: 'development', FALAJ_TEST_EDGE: 'plain' },
  });
  running.push(platform);
  const { result: journey, exchanges } = await recordExchanges(() => journeyOn(platform));
  split = played(platform, journey, exchanges);
}, 150_000);

afterAll(async () => {
  await Promise.all(running.map((platform) => platform.stop()));
  rmSync(directory, { recursive: true, force: true });
});

it('every operation of the journey answers alike', () => {
  expect(whole.exchanges.length).toBeGreaterThan(40);
  const operations = ({ exchanges }: Played) => exchanges.map(({ operation }) => operation);
  expect(operations(split)).toEqual(operations(whole));
  for (const [place, exchange] of whole.exchanges.entries())
    expect(split.exchanges[place], exchange.operation).toEqual(exchange);
});

it('the recording holds what could differ: refusals, withheld fields and predictions', () => {
  const errors = whole.exchanges.flatMap(
    ({ body }) => (body as { errors?: { extensions: { code: string } }[] }).errors ?? [],
  );
  expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(
    new Set(['FORBIDDEN', 'RESIDENCY_VIOLATION']),
  );
  const text = JSON.stringify(whole.exchanges);
  expect(text).toContain('"masked":[{');
  expect(whole.exchanges.some(({ operation }) => operation.endsWith('/infer'))).toBe(true);
});

it('a prediction is the same by GraphQL and by /v2, as JSON and as bytes, in both modes', async () => {
  const expected = await predictionOf(clientOf(whole.platform, whole.journey, 'approver'), 'flight-delay');
  expect(expected).toHaveLength(2);
  expect(expected[0]).not.toBe(expected[1]);
  for (const { platform, journey } of [whole, split]) {
    expect(await predictionOf(clientOf(platform, journey, 'approver'), 'flight-delay')).toEqual(expected);
    for (const format of ['JSON', 'BINARY'] as const) {
      const inferred = await inferenceOf(platform, journey, format);
      expect(inferred).toHaveLength(expected.length);
      // GraphQL writes a float32 in as few digits as tell it from its neighbours.
      for (const [place, value] of inferred.entries())
        expect(Math.fround(value)).toBe(Math.fround(expected[place] ?? 0));
    }
  }
});
