import type { CheckResult, ComplianceV1 } from '@falaj/contracts';
import { describe, expect, it } from 'vitest';
import { deploymentSnapshot } from './index.js';
import { but, call, evaluate, good, open } from './testing-data.js';

describe('the good snapshot', () => {
  it('is of the documented shape, and every check passes or does not apply', async () => {
    expect(deploymentSnapshot.safeParse(good()).success).toBe(true);
    const results = await evaluate(good());
    expect(Object.fromEntries(results.map(({ checkId, status }) => [checkId, status]))).toEqual({
      'RES-001': 'PASS',
      'RES-002': 'NOT_APPLICABLE',
      'RES-003': 'NOT_APPLICABLE',
      'RES-004': 'PASS',
      'RES-005': 'PASS',
      'RES-007': 'NOT_APPLICABLE',
      'MDL-001': 'PASS',
      'SUP-005': 'PASS',
      'SUP-006': 'PASS',
    });
  });

  it('gets the same verdicts whatever the order of its members, and evidence of what was judged', async () => {
    const turned = JSON.parse(JSON.stringify(good(), Object.keys(flat(good())).sort().reverse())) as object;
    expect(Object.keys(turned)).not.toEqual(Object.keys(good()));
    expect(await evaluate(turned)).toEqual(await evaluate(good()));
    const digest = (results: readonly CheckResult[]) =>
      results[0]?.evidence.find(({ name }) => name === 'snapshotDigest')?.value;
    expect(digest(await evaluate(good()))).toMatch(/^sha256:[0-9a-f]{64}$/);
    const renamed = { ...good(), model: { ...good().model, name: 'other' } };
    expect(digest(await evaluate(renamed))).not.toBe(digest(await evaluate(good())));
  });
});

/** All member names at every depth, which JSON.stringify takes as its order. */
function flat(value: unknown, names: Record<string, true> = {}): Record<string, true> {
  if (Array.isArray(value)) for (const item of value) flat(item, names);
  else if (value !== null && typeof value === 'object')
    for (const [key, item] of Object.entries(value)) flat(item, Object.assign(names, { [key]: true }));
  return names;
}

it('passes nothing of an empty snapshot', async () => {
  for (const { checkId, status } of await evaluate({})) expect(status, checkId).toBe('FAIL');
});

it('judges by the table of its configuration', async () => {
  const residency = [
    {
      regime: 'HOUSE',
      category: 'personal',
      dataZones: ['AE*'],
      allowedZones: ['AE*'],
      instruments: [],
      source: 'counsel',
      asOf: '2026-11-01',
    },
  ];
  const own = await open({ residency });
  const snapshot = but((s) => {
    s.targetZone = 'AE-DIFC';
  }) as unknown as Record<string, unknown>;
  const status = async (of: ComplianceV1) =>
    (await of.evaluate({ subject: 'deployment', snapshot }, call)).find(({ checkId }) => checkId === 'RES-001')?.status;
  expect([await status(await open()), await status(own)]).toEqual(['FAIL', 'PASS']);
  await expect(open({ residency: [{ ...residency[0], category: 'gossip' }] })).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
  await expect(open({ residency: [] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

it('lists each check once, with references and a gate that blocks', async () => {
  const list = await (await open()).list({}, call);
  expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
  for (const info of list) {
    expect(info).toMatchObject({ subject: 'deployment', version: 1, gate: 'BLOCK_DEPLOYMENT' });
    expect(info.references.length).toBeGreaterThan(0);
  }
  expect((await evaluate(good())).map(({ checkId }) => checkId)).toEqual(list.map(({ id }) => id));
  expect(structuredClone(list)).toEqual(list);
});

it('refuses a subject without checks, and a cancelled call', async () => {
  await expect((await open()).evaluate({ subject: 'kitchen', snapshot: {} }, call)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  });
  const cancelled = { ...call, signal: AbortSignal.abort() };
  await expect((await open()).evaluate({ subject: 'deployment', snapshot: {} }, cancelled)).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});
