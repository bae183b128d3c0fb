import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exposureOf } from './affected.js';
import { npmPackageOf, packagesIn } from './bill-of-materials.js';
import { checkAdvisories } from './check-advisories.js';
import { judgeBills } from './judge-bills.js';
import { osvRecord, severityOf } from './osv-record.js';
import { cvss3Score, isAtLeast, severityOfScore } from './severity.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-advisories-'));
afterAll(() => rmSync(directory, { recursive: true }));

let mirrors = 0;
const mirrorOf = (...records: object[]): string => {
  const mirror = join(directory, `mirror-${mirrors++}`);
  for (const [place, record] of records.entries()) {
    const folder = join(mirror, String(place % 2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${place}.json`), JSON.stringify(record));
  }
  return mirror;
};
/** As osv.dev gives those of GitHub. */
const record = (change: object = {}) => ({
  schema_version: '1.7.3',
  id: 'GHSA-aaaa-bbbb-cccc',
  modified: '2026-11-20T10:00:00Z',
  published: '2026-11-18T10:00:00Z',
  aliases: ['CVE-2026-0001'],
  summary: 'A hole',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: '@scope/lib', purl: 'pkg:npm/%40scope/lib' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '1.4.2' }] }],
    },
  ],
  database_specific: { severity: 'HIGH', cwe_ids: ['CWE-79'] },
  ...change,
});
const lib = (version: string) => ({ name: '@scope/lib', version });
type Events = Record<string, string>[];
const affectedBy = (events: Events, versions?: string[], type = 'SEMVER') => ({
  ranges: [{ type, events }],
  versions,
});

describe('a version', () => {
  it.each<[string, Events, string, boolean]>([
    ['the first', [{ introduced: '1.0.0' }, { fixed: '1.4.2' }], '1.0.0', true],
    ['one between', [{ introduced: '1.0.0' }, { fixed: '1.4.2' }], '1.10.0', false],
    ['by number, not by letter', [{ introduced: '1.9.0' }, { fixed: '1.11.0' }], '1.10.0', true],
    ['the fixed one', [{ introduced: '1.0.0' }, { fixed: '1.4.2' }], '1.4.2', false],
    ['before the fix, by a label', [{ introduced: '1.0.0' }, { fixed: '1.4.2' }], '1.4.2-rc.1', true],
    ['before the first, by a label', [{ introduced: '1.0.0' }, { fixed: '1.4.2' }], '1.0.0-rc.1', false],
    ['from the start', [{ introduced: '0' }, { fixed: '1.4.2' }], '0.0.0-alpha', true],
    ['never fixed', [{ introduced: '0' }], '99.0.0', true],
    ['the last', [{ introduced: '0' }, { last_affected: '2.0.0' }], '2.0.0', true],
    ['after the last', [{ introduced: '0' }, { last_affected: '2.0.0' }], '2.0.1', false],
    [
      'of the second branch',
      [{ introduced: '0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }],
      '2.0.5',
      true,
    ],
    [
      'between branches',
      [{ introduced: '0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }],
      '1.9.0',
      false,
    ],
    [
      'in whatever order they are told',
      [{ fixed: '2.1.0' }, { introduced: '2.0.0' }, { fixed: '1.2.0' }, { introduced: '0' }],
      '1.9.0',
      false,
    ],
    ['beyond a limit', [{ introduced: '0' }, { limit: '1.0.0' }], '1.0.0', false],
    ['below one of the limits', [{ introduced: '0' }, { limit: '1.0.0' }, { limit: '2.0.0' }], '1.5.0', true],
    ['with build metadata', [{ introduced: '0' }, { last_affected: '1.0.0' }], '1.0.0+build.7', true],
  ])('%s', (_, events, version, expected) => {
    expect(exposureOf(affectedBy(events), version) !== undefined).toBe(expected);
  });

  it('that is named is affected, whatever the ranges say', () => {
    expect(exposureOf(affectedBy([{ introduced: '5.0.0' }], ['1.0.0']), '1.0.0')).toEqual({ fixed: undefined });
    expect(exposureOf({ versions: ['1.0.0'] }, '1.0.1')).toBeUndefined();
  });

  it('that cannot be compared is not excused', () => {
    expect(exposureOf(affectedBy([{ introduced: '0' }, { fixed: '1.0.0' }]), 'next')).toEqual({ fixed: '1.0.0' });
    expect(exposureOf(affectedBy([{ introduced: '0' }, { fixed: 'soon' }]), '7.0.0')).toEqual({ fixed: undefined });
  });

  it('of commits is not judged by ranges of commits', () => {
    expect(exposureOf(affectedBy([{ introduced: '0' }], undefined, 'GIT'), '1.0.0')).toBeUndefined();
  });

  it('is told the next fix above it, not one of an older branch', () => {
    const events = [{ introduced: '0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }];
    expect(exposureOf(affectedBy(events), '2.0.5')).toEqual({ fixed: '2.1.0' });
  });
});

describe('a severity', () => {
  // Vectors and scores of the examples that FIRST publishes with CVSS v3.1.
  it.each([
    ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:N', 5.4],
    ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', 6.4],
    ['CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', 7.5],
    ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8],
    ['CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
  ])('%s is %d', (vector, score) => {
    expect(cvss3Score(vector)).toBe(score);
  });

  it.each(['CVSS:4.0/AV:N/AC:L/AT:N', 'CVSS:3.1/AV:N', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H', ''])(
    'the vector %j has no score here',
    (vector) => {
      expect(cvss3Score(vector)).toBeUndefined();
    },
  );

  it('is what the database calls it, else what its score says, else unknown, and that counts as the worst', () => {
    const of = (change: object) => {
      const parsed = osvRecord.parse(record(change));
      return severityOf(parsed, parsed.affected?.[0] ?? {});
    };
    expect(of({})).toBe('HIGH');
    expect(of({ database_specific: { severity: 'medium' } })).toBe('MODERATE');
    expect(of({ database_specific: {} })).toBe('CRITICAL');
    expect(of({ database_specific: null, severity: [{ type: 'CVSS_V4', score: 'CVSS:4.0/AV:N' }] })).toBe('UNKNOWN');
    expect(of({ id: 'MAL-2026-1', database_specific: {}, severity: undefined })).toBe('CRITICAL');
    expect(isAtLeast('UNKNOWN', 'CRITICAL')).toBe(true);
    expect(isAtLeast('MODERATE', 'HIGH')).toBe(false);
    expect([0, 3.9, 4, 7, 9].map(severityOfScore)).toEqual(['LOW', 'LOW', 'MODERATE', 'HIGH', 'CRITICAL']);
  });
});

describe('a mirror', () => {
  it('names package, version, advisory and fix, and says how old it is', async () => {
    const mirror = mirrorOf(
      record(),
      record({
        id: 'GHSA-old',
        modified: '2026-10-01T00:00:00+04:00',
        affected: [{ package: { ecosystem: 'npm', name: 'unused' } }],
      }),
      record({ id: 'GHSA-withdrawn', withdrawn: '2026-11-19T00:00:00Z' }),
      record({
        id: 'PYSEC-1',
        modified: '2026-11-23T00:00:00Z',
        affected: [{ package: { ecosystem: 'PyPI', name: '@scope/lib' }, versions: ['1.4.1'] }],
      }),
    );
    const report = await checkAdvisories(mirror, [lib('1.4.1'), lib('1.4.2'), { name: 'lib', version: '1.4.1' }]);
    expect(report).toEqual({
      findings: [
        {
          package: lib('1.4.1'),
          advisory: 'GHSA-aaaa-bbbb-cccc',
          aliases: ['CVE-2026-0001'],
          summary: 'A hole',
          severity: 'HIGH',
          fixed: '1.4.2',
        },
      ],
      records: 2,
      newest: new Date('2026-11-20T10:00:00Z'),
    });
  });

  it('that is empty, absent or broken is none', async () => {
    const empty = mirrorOf(record({ affected: [] }));
    await expect(checkAdvisories(empty, [])).rejects.toThrow('holds no OSV record of an npm package');
    await expect(checkAdvisories(join(directory, 'nowhere'), [])).rejects.toThrow('cannot be read');
    await expect(checkAdvisories(mirrorOf(record(), { id: 7 }), [])).rejects.toThrow(/1\/1\.json is no OSV record/);
  });
});

describe('a bill of materials', () => {
  it('gives every package of npm once, with scope, its own and nested ones too', async () => {
    const file = join(directory, 'bill.json');
    const bill = {
      bomFormat: 'CycloneDX',
      metadata: { component: { purl: 'pkg:npm/own@1.0.0' } },
      components: [
        { purl: 'pkg:npm/%40scope/lib@1.4.1?vcs_url=x#sub' },
        { purl: 'pkg:npm/own@1.0.0', components: [{ purl: 'pkg:npm/deep@2.0.0-rc.1%2Bb' }] },
        { purl: 'pkg:pypi/own@1.0.0' },
        {},
      ],
    };
    writeFileSync(file, JSON.stringify(bill));
    expect(await packagesIn(file)).toEqual([
      { name: 'own', version: '1.0.0' },
      lib('1.4.1'),
      { name: 'deep', version: '2.0.0-rc.1+b' },
    ]);
    writeFileSync(file, '{"bomFormat":"SPDX"}');
    await expect(packagesIn(file)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(npmPackageOf('pkg:npm/unversioned')).toBeUndefined();
  });
});

describe('the check', () => {
  const bill = join(directory, 'used.json');
  writeFileSync(bill, JSON.stringify({ bomFormat: 'CycloneDX', components: [{ purl: 'pkg:npm/%40scope/lib@1.4.1' }] }));
  const config = (change: object = {}) => ({
    directory,
    advisories: { failFrom: 'HIGH' as const, maxAgeDays: 7, accepted: [], ...change },
  });
  const accepted = [{ id: 'CVE-2026-0001', reason: 'only the parser, which is not used', until: '2026-12-01' }];
  const at = (day: string) => Date.parse(`${day}T10:00:00Z`);

  it.each<[string, object, string, readonly string[]]>([
    ['fails by what is at the bound', {}, '2026-11-21', ['1 at or above HIGH.']],
    ['passes what is below it', { failFrom: 'CRITICAL' }, '2026-11-21', []],
    ['passes what is accepted, by any of its names', { accepted }, '2026-11-21', []],
    ['fails once that has ended', { accepted, maxAgeDays: 99 }, '2026-12-02', ['1 at or above HIGH.']],
    [
      'fails where the mirror is old',
      { failFrom: 'CRITICAL' },
      '2026-11-28',
      [expect.stringMatching(/8 days old \(limit 7\)/)],
    ],
  ])('%s', async (_, change, day, failures) => {
    const judged = await judgeBills(config({ mirror: mirrorOf(record()), ...change }), [bill], undefined, at(day));
    expect(judged.failures).toEqual(failures);
    expect(judged).toMatchObject({ packages: 1, records: 1, findings: [{ advisory: 'GHSA-aaaa-bbbb-cccc' }] });
  });

  it('wants a mirror and a bill', async () => {
    await expect(judgeBills(config(), [bill])).rejects.toThrow('advisories.mirror');
    await expect(judgeBills(config({ mirror: 'x' }), [])).rejects.toThrow(/dist\/falaj\.cdx\.json is no CycloneDX/);
  });
});
