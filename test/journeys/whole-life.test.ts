// The demo from its first stage to its last, as a newcomer runs it; then what it left is asked for as its people would.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJourney } from '@falaj/cli/demo';
import type { FalajClient } from '@falaj/client';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorTokenOf, type Processes, startWhole } from '../platform-processes.js';
import { clientOf, type Journey } from '../platform-requests.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-life-'));
let platform: Processes;
let journey: Journey;
let approver: FalajClient;

beforeAll(async () => {
  platform = await startWhole(directory);
  journey = await runJourney(platform.url, await operatorTokenOf(directory), join(directory, 'landing'));
  approver = clientOf(platform, journey, 'approver');
}, 300_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: queries written in the tests have no generated type.
const ask = async (query: string): Promise<any> => {
  const answer = await approver.request(parse(query) as never, {});
  expect(answer.errors).toBeUndefined();
  return answer.data;
};

it('leaves one incident of the planted version and one of the planted shift, each linked to its endpoint', async () => {
  const { incidents } = await ask(
    '{ incidents(first: 50) { edges { node { category links { type id } evidence } } } }',
  );
  const found = incidents.edges
    .map(({ node }: { node: { category: string } }) => node)
    .filter(({ category }: { category: string }) => category === 'ROLLBACK' || category === 'DRIFT');
  expect(found.map(({ category }: { category: string }) => category).sort()).toEqual(['DRIFT', 'ROLLBACK']);
  for (const { links, evidence } of found) {
    expect(links).toContainEqual({ type: 'Endpoint', id: journey.ids.replayEndpointId });
    expect(evidence).not.toBeNull();
  }
});

it('leaves February whole in the log, labelled, and judged by variant and by version', async () => {
  const { ids } = journey;
  const { endpoint, abTest } = await ask(`{
    endpoint(id: "${ids.replayEndpointId}") {
      trafficSplit { kind }
      rollouts(first: 1) { edges { node { state incidentId } } }
      inferenceLog { counts { dropped } }
      quality(from: "${ids.replayFrom}", to: "${ids.replayTo}", bucketSeconds: 86400, by: VERSION) { rows labelled auc }
    }
    abTest(id: "${ids.abTestId}") { state result { verdict subjects } }
  }`);
  expect(endpoint).toMatchObject({
    trafficSplit: null,
    rollouts: { edges: [{ node: { state: 'ROLLED_BACK', incidentId: expect.any(String) } }] },
    inferenceLog: { counts: { dropped: 0 } },
  });
  const sum = (name: 'rows' | 'labelled') =>
    endpoint.quality.reduce((total: number, row: Record<typeof name, number>) => total + row[name], 0);
  expect([endpoint.quality.length, sum('rows'), sum('labelled')]).toEqual([2, 5_964, 5_964]);
  for (const { auc } of endpoint.quality) expect(auc).toBeGreaterThan(0.55);
  expect(abTest).toMatchObject({ state: 'STOPPED', result: { verdict: expect.stringMatching(/WINNER$/) } });
});
