// The law for readers is that for placements: the same decision, asked of the zone in which somebody works.
import { decideResidency } from '@falaj/policy';
import { expect, it } from 'vitest';
import { GraphClient } from './graph-client.js';
import { READER_ABROAD, type ReadData, ReaderZones } from './reader-zones.js';
import { person } from './testing/requests.js';
import type { Origin } from './transfer-permit.js';

const exception = {
  id: 'ins_1',
  type: 'MOH_EXCEPTION',
  dataZone: 'AE',
  categories: ['health'],
  targetZones: ['GB'],
  validFrom: '2026-01-01T00:00:00Z',
  validTo: '2999-01-01T00:00:00Z',
};

function readers(...recorded: Record<string, unknown>[]) {
  const graph = new GraphClient();
  const asked: unknown[] = [];
  graph.install(async (_document, _variables, { principal }) => {
    asked.push(principal);
    const edges = recorded.map((node) => ({ node }));
    return { data: { transferInstruments: { edges, pageInfo: { hasNextPage: false, endCursor: null } } } };
  });
  return { zones: new ReaderZones(graph), asked, recorded };
}
const at = (zone: string) => person('viewer', { zone, zones: ['AE'] });
const of = (origin: Origin, more: Partial<ReadData> = {}): ReadData => ({
  categories: origin?.categories ?? ['health'],
  origins: () => [origin],
  ...more,
});
const health = of({ zone: 'AE', categories: ['health'] });
const reasonOf = (data: ReadData, zone: string, recorded: Record<string, unknown>[] = []) =>
  readers(...recorded)
    .zones.refusal(at(zone), data)
    .then((refusal) => refusal?.details?.rule ?? null);

it('decides as the law does, for every category and pair of zones', async () => {
  const zones = ['AE', 'AE-DIFC', 'AE-ADGM', 'DE', 'FR', 'GB', 'US', 'IN'];
  let refused = 0;
  for (const category of ['personal', 'sensitive', 'health', 'banking', 'government'])
    for (const dataZone of zones)
      for (const targetZone of zones) {
        const law = decideResidency({ dataZone, categories: [category], targetZone, operation: 'read' });
        const refusal = await readers().zones.refusal(at(targetZone), of({ zone: dataZone, categories: [category] }));
        expect(refusal?.details?.rule ?? law.ruleId, `${category} of ${dataZone} in ${targetZone}`).toBe(law.ruleId);
        expect(refusal === null).toBe(law.allowed);
        if (refusal) expect(refusal).toMatchObject({ code: 'RESIDENCY_VIOLATION', details: { reason: READER_ABROAD } });
        refused += refusal ? 1 : 0;
      }
  expect(refused).toBeGreaterThan(100);
});

it('asks nothing of what no law regulates, nor of readers at home', async () => {
  const { zones, asked } = readers();
  const unknown = () => {
    throw new Error('origins were looked up');
  };
  expect(await zones.refusal(at('US'), { categories: ['none'], origins: unknown })).toBeNull();
  expect(await zones.refusal(at('US'), { categories: [], origins: unknown })).toBeNull();
  expect(await zones.refusal(at('AE'), { categories: ['health'], allowedZones: ['AE'], origins: unknown })).toBeNull();
  expect(await zones.refusal(at('AE'), health)).toBeNull();
  expect(asked).toEqual([]);
});

it('is opened by instruments for every origin, as the platform sees them', async () => {
  const { zones, asked } = readers(exception);
  expect(await zones.refusal(at('GB'), health)).toBeNull();
  expect(asked).toEqual([expect.objectContaining({ kind: 'SERVICE', roles: ['service'], workspaceId: 'w1' })]);
  const both = { categories: ['health', 'personal'] };
  const mixed: ReadData = {
    ...both,
    origins: () => [
      { zone: 'AE', categories: ['health'] },
      { zone: 'AE-DIFC', categories: ['personal'] },
    ],
  };
  expect(await reasonOf(mixed, 'GB', [exception])).toBe('AE-DIFC-26-27-PERSONAL');
  expect(await reasonOf(health, 'GB', [{ ...exception, validTo: '2026-01-02T00:00:00Z' }])).toBe('AE-HEALTH-13');
  expect(await reasonOf(health, 'US', [exception])).toBe('AE-HEALTH-13');
});

it.each([
  ['an origin that is not known here', 'UNKNOWN_ORIGIN', { categories: ['health'], origins: () => [null] }, 'GB'],
  ['no origin at all', 'UNKNOWN_ORIGIN', { categories: ['health'], origins: () => [] }, 'GB'],
  ['an origin half known', 'UNKNOWN_ORIGIN', of({ zone: null, categories: ['health'] }), 'AE'],
  ['a reader of unknown zone', 'UNKNOWN_READER_ZONE', health, ''],
] as [string, string, ReadData, string][])('refuses %s, whatever is recorded', async (_, rule, data, zone) => {
  expect(await reasonOf(data, zone, [exception])).toBe(rule);
});

it('fails when it cannot know, and asks again', async () => {
  const graph = new GraphClient();
  const zones = new ReaderZones(graph);
  await expect(zones.refusal(at('GB'), health)).rejects.toMatchObject({ code: 'DOWNSTREAM_SERVICE_ERROR' });
  graph.install(async () => ({
    data: {
      transferInstruments: { edges: [{ node: exception }], pageInfo: { hasNextPage: false, endCursor: null } },
    },
  }));
  expect(await zones.refusal(at('GB'), health)).toBeNull();
});

it('keeps what it knows of one workspace from another', async () => {
  const { zones, asked } = readers(exception);
  await Promise.all([zones.refusal(at('GB'), health), zones.refusal(at('GB'), health)]);
  await zones.refusal({ ...at('GB'), workspaceId: 'w2' }, health);
  expect(asked.map((principal) => (principal as { workspaceId: string }).workspaceId)).toEqual(['w1', 'w2']);
});
