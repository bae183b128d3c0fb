// Data, models and endpoints stay in the zones of their workspace: refused by rule, with what is allowed, nothing stored.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AttackedPlatform, type Role, startAttacked } from './platform.js';

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

const cases: [string, Role, () => string][] = [
  [
    'a data source',
    'feature-engineer',
    () =>
      `createDataSource(input: { name: "abroad", format: JSON, path: "${platform.journey.label}/flights-20k.json", zone: "US" }) { dataSource { id } }`,
  ],
  [
    'an endpoint',
    'approver',
    () =>
      `createEndpoint(input: { name: "abroad", modelVersionId: "${platform.journey.ids.modelVersionId}", zone: "US" }) { endpoint { id } }`,
  ],
];
it.each(cases)('%s in a zone outside', async (_name, role, mutation) => {
  const before = await platform.rowCounts();
  const answer = await platform.ask(role, `mutation { ${mutation()} }`);
  expect(answer).toMatchObject({ code: 'RESIDENCY_VIOLATION', data: null });
  expect(answer.details).toMatchObject({
    rule: expect.stringMatching(/.+/),
    allowedZones: expect.arrayContaining(['AE']),
  });
  expect(answer.message).toMatch(/US.*AE|AE.*US/s);
  expect(await platform.rowCounts()).toEqual(before);
});
