import { expect, it } from 'vitest';
import { residencyRules } from './regimes.js';
import {
  assertResidency,
  assertZoneAmong,
  decideResidency,
  inheritResidency,
  type ResidencyQuestion,
} from './residency.js';
import type { ResidencyRule } from './residency-rule.js';

const decide = (over: Partial<ResidencyQuestion>, rules?: readonly ResidencyRule[]) =>
  decideResidency({ dataZone: 'AE', categories: ['none'], targetZone: 'AE', operation: 'deploy', ...over }, rules);

it('knows the source, the basis and the date of every rule', () => {
  expect(new Set(residencyRules.map(({ id }) => id)).size).toBe(residencyRules.length);
  for (const rule of residencyRules) {
    expect(rule.source).not.toBe('');
    expect(rule.asOf).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(rule.instruments).not.toEqual([]);
  }
});

it.each([
  // zone, categories, target, allowed, rule
  ['AE', ['personal'], 'AE', true, 'AE-PDPL-22-23-PERSONAL'],
  ['AE', ['personal'], 'US', false, 'AE-PDPL-22-23-PERSONAL'],
  ['AE', ['personal'], 'AE-DIFC', false, 'AE-PDPL-22-23-PERSONAL'],
  ['AE', ['health'], 'AE-ADGM', true, 'AE-HEALTH-13'],
  ['AE-DIFC', ['health'], 'GB', false, 'AE-DIFC-HEALTH-13'],
  ['AE', ['health', 'personal'], 'AE-ADGM', false, 'AE-PDPL-22-23-PERSONAL'],
  ['AE', ['banking'], 'AE-DIFC', false, 'AE-CBUAE-OUTSOURCING-6'],
  ['AE-DIFC', ['personal'], 'AE', false, 'AE-DIFC-26-27-PERSONAL'],
  ['AE-ADGM', ['sensitive'], 'AE-ADGM', true, 'AE-ADGM-40-46-SENSITIVE'],
  ['DE', ['personal'], 'FR', true, 'EU-GDPR-V-PERSONAL'],
  ['DE', ['personal'], 'AE', false, 'EU-GDPR-V-PERSONAL'],
  ['IN', ['personal'], 'IN', true, 'NO_KNOWN_REGIME'],
  ['IN', ['personal'], 'AE', false, 'NO_KNOWN_REGIME'],
  ['AE-DIFC', ['banking', 'health'], 'AE', false, 'NO_KNOWN_REGIME'],
])('%s data of %j in %s: %s by %s', (dataZone, categories, targetZone, allowed, ruleId) => {
  expect(decide({ dataZone, categories, targetZone })).toMatchObject({ allowed, ruleId });
});

it('data that no law binds stays in the zones of its workspace', () => {
  expect(decide({ targetZone: 'US' })).toMatchObject({
    allowed: false,
    ruleId: 'WORKSPACE_ZONES',
    allowedZones: ['AE'],
  });
  expect(decide({ targetZone: 'US', workspaceZones: ['AE', 'US'] })).toMatchObject({
    allowed: true,
    allowedZones: ['AE', 'US'],
  });
  expect(decide({ categories: ['personal'], targetZone: 'US', workspaceZones: ['AE', 'US'] }).allowed).toBe(false);
});

it('takes the law from data', () => {
  const rule: ResidencyRule = {
    id: 'LAB',
    regime: 'A law of a laboratory',
    category: 'personal',
    dataZone: 'AE',
    allowedZones: ['AE', 'IS'],
    instruments: ['LETTER'],
    source: 'Article 1',
    basis: 'TEXT',
    asOf: '2026-01-01',
  };
  expect(decide({ categories: ['personal'], targetZone: 'IS' }, [rule])).toMatchObject({
    allowed: true,
    ruleId: 'LAB',
  });
});

it('what is made of several inputs carries all their bonds', () => {
  const health = { dataZone: 'AE', categories: ['health'] };
  const plain = { dataZone: 'AE', categories: ['none'], workspaceZones: ['AE', 'AE-DIFC', 'US'] };
  expect(inheritResidency([health, plain])).toEqual({ zones: ['AE', 'AE-DIFC'], categories: ['health'] });
  expect(inheritResidency([{ dataZone: 'DE', categories: ['personal'] }, health])).toEqual({
    zones: [],
    categories: ['health', 'personal'],
  });
  expect(
    inheritResidency([
      { dataZone: 'DE', categories: ['personal'] },
      { dataZone: 'FR', categories: ['personal'], zones: ['FR'] },
    ]),
  ).toEqual({
    zones: ['FR'],
    categories: ['personal'],
  });
  expect(inheritResidency([])).toEqual({ zones: ['*'], categories: ['none'] });
});

it('refuses with the rule, the zones and what to do', () => {
  const question = { dataZone: 'AE', categories: ['health'], targetZone: 'US', operation: 'deploy' };
  expect(() => assertResidency(question)).toThrow(
    expect.objectContaining({
      code: 'RESIDENCY_VIOLATION',
      details: {
        rule: 'AE-HEALTH-13',
        found: 'deploy of health data of AE in US',
        limit: expect.stringMatching(/^AE, AE-ADGM, AE-DIFC \(Federal Law 2\/2019/),
        dataZone: 'AE',
        categories: ['health'],
        targetZone: 'US',
        allowedZones: ['AE', 'AE-ADGM', 'AE-DIFC'],
        whatToDo: 'choose one of AE, AE-ADGM, AE-DIFC, or record one of: MOH_EXCEPTION',
      },
    }),
  );
  expect(assertResidency({ ...question, targetZone: 'AE' }).ruleId).toBe('AE-HEALTH-13');
});

it.each([
  [{ targetZone: 'ae' }, /targetZone/],
  [{ dataZone: '' }, /dataZone/],
  [{ categories: ['helth'] }, /helth/],
])('refuses %j', (over, message) => {
  expect(() => decide(over)).toThrow(message);
});

it('what is written for the first time stays in the zones that are open to it', () => {
  const among = (targetZone: string, allowedZones: readonly string[]) => () =>
    assertZoneAmong({ targetZone, allowedZones, ruleId: 'WORKSPACE_ZONES', operation: 'store' });
  expect(among('AE', ['AE'])).not.toThrow();
  expect(among('FR', ['EU'])).not.toThrow();
  expect(among('US', ['AE', 'AE-DIFC'])).toThrow(
    expect.objectContaining({
      code: 'RESIDENCY_VIOLATION',
      details: expect.objectContaining({ rule: 'WORKSPACE_ZONES', allowedZones: ['AE', 'AE-DIFC'] }),
    }),
  );
  expect(among('US', [])).toThrow(/needed no zone\. What to do: \w+ /);
  expect(among('us', ['*'])).toThrow(/targetZone/);
});

it('an instrument opens what its law names, for its data, its categories and its zones only, and is named', () => {
  const exception = {
    id: 'ins_1',
    type: 'MOH_EXCEPTION',
    dataZone: 'AE',
    categories: ['health'],
    targetZones: ['GB'],
    validTo: '2027-01-01T00:00:00Z',
  };
  const health = { categories: ['health'], instruments: [exception] };
  expect(decide({ ...health, targetZone: 'GB' })).toMatchObject({
    allowed: true,
    ruleId: 'AE-HEALTH-13',
    reliesOn: [exception],
  });
  // What the law allows by itself relies on nothing.
  expect(decide({ ...health, targetZone: 'AE-DIFC' })).toMatchObject({ allowed: true, reliesOn: [] });
  for (const over of [
    { targetZone: 'US' },
    { targetZone: 'GB', dataZone: 'AE-DIFC' },
    { targetZone: 'GB', categories: ['health', 'personal'] },
    { targetZone: 'GB', instruments: [{ ...exception, type: 'SCC' }] },
    { targetZone: 'GB', instruments: [{ ...exception, categories: ['personal'] }] },
  ])
    expect(decide({ ...health, ...over })).toMatchObject({ allowed: false, reliesOn: [] });
  // A land whose law nobody recorded is opened by nothing.
  expect(
    decide({ ...health, dataZone: 'IN', targetZone: 'GB', instruments: [{ ...exception, dataZone: 'IN' }] }),
  ).toMatchObject({
    allowed: false,
    ruleId: 'NO_KNOWN_REGIME',
  });
});
