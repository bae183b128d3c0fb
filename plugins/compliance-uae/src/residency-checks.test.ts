import { describe, expect, it } from 'vitest';
import { but, type CheckCases, good, verdict, without } from './testing-data.js';

const instrument = (type: string, validTo = '2027-06-30') => ({ type, validTo });

describe.each<CheckCases>([
  {
    id: 'RES-001',
    pass: [
      [
        'data without a category anywhere in the workspace',
        but((s) => {
          s.sources = [{ name: 'a', zone: 'AE-DIFC', categories: [] }];
        }),
      ],
      [
        'a transfer under a valid instrument',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.instruments = [instrument('SCC')];
        }),
      ],
      [
        'an instrument on its last day in the Emirates',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.instruments = [instrument('SCC', '2026-11-23')];
        }),
      ],
      [
        'health data between the State and its free zones',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.sources = [{ name: 'h', zone: 'AE', categories: ['health'] }];
        }),
      ],
      [
        'DIFC data in DIFC',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.sources = [{ name: 'd', zone: 'AE-DIFC', categories: ['personal'] }];
        }),
      ],
    ],
    fail: [
      [
        'a source outside the workspace',
        but((s) => {
          s.sources.push({ name: 'abroad', zone: 'US', categories: [] });
        }),
      ],
      [
        'personal data to a free zone',
        but((s) => {
          s.targetZone = 'AE-DIFC';
        }),
      ],
      [
        'personal data of a free zone to the mainland',
        but((s) => {
          s.sources = [{ name: 'd', zone: 'AE-DIFC', categories: ['sensitive'] }];
        }),
      ],
      [
        'an expired instrument',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.instruments = [instrument('SCC', '2026-11-22')];
        }),
      ],
      [
        'an instrument that ended a minute ago',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.instruments = [instrument('SCC', '2026-11-23T07:59:00Z')];
        }),
      ],
      [
        'an instrument of another law',
        but((s) => {
          s.targetZone = 'SA';
          s.sources = [{ name: 'h', zone: 'AE', categories: ['health'] }];
          s.instruments = [instrument('SCC')];
        }),
      ],
      [
        'one category of several',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.sources = [{ name: 'b', zone: 'AE', categories: ['health', 'banking'] }];
        }),
      ],
      [
        'an instrument whose validity nobody can tell',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.instruments = [instrument('SCC')];
          delete s.at;
        }),
      ],
    ],
    error: [
      [
        'an unknown category',
        but((s) => {
          s.sources = [{ name: 'x', zone: 'AE', categories: ['secret' as 'none'] }];
        }),
      ],
      [
        'a malformed zone',
        but((s) => {
          s.targetZone = 'Dubai';
        }),
      ],
    ],
    needs: ['targetZone', 'workspaceZones', 'sources', 'sources.0.zone', 'sources.0.categories', 'instruments'],
  },
  {
    id: 'RES-002',
    pass: [
      [
        'health data in a free zone',
        but((s) => {
          s.sources = [{ name: 'h', zone: 'AE-DHCC', categories: ['health'] }];
        }),
      ],
      [
        'an exception of the Ministry',
        but((s) => {
          s.sources = [{ name: 'h', zone: 'US', categories: ['health'] }];
          s.instruments = [instrument('MOH_EXCEPTION_05')];
        }),
      ],
    ],
    fail: [
      [
        'a source abroad',
        but((s) => {
          s.sources = [{ name: 'h', zone: 'US', categories: ['health'] }];
        }),
      ],
      [
        'a zone that only begins alike',
        but((s) => {
          s.sources = [{ name: 'h', zone: 'AS', categories: ['health'] }];
        }),
      ],
      [
        'training data abroad',
        but((s) => {
          s.model.categories = ['health'];
          s.model.dataZones = ['AE', 'US'];
        }),
      ],
      [
        'an expired exception',
        but((s) => {
          s.sources = [{ name: 'h', zone: 'US', categories: ['health'] }];
          s.instruments = [instrument('MOH_EXCEPTION_05', '2026-01-01')];
        }),
      ],
    ],
    needs: ['sources', 'model.categories', 'model.dataZones', 'instruments'],
  },
  {
    id: 'RES-003',
    pass: [
      [
        'banking data in AE',
        but((s) => {
          s.sources = [{ name: 'b', zone: 'AE', categories: ['banking'] }];
        }),
      ],
    ],
    fail: [
      [
        'banking data in DIFC',
        but((s) => {
          s.sources = [{ name: 'b', zone: 'AE-DIFC', categories: ['banking'] }];
        }),
      ],
      [
        'banking data trained on abroad',
        but((s) => {
          s.model.categories = ['banking'];
          s.model.dataZones = ['GB'];
        }),
      ],
    ],
    needs: ['sources', 'model.categories', 'model.dataZones'],
  },
  {
    id: 'RES-004',
    fail: [
      [
        'training outside the allowed zones',
        but((s) => {
          s.model.dataZones = ['AE', 'US'];
        }),
      ],
    ],
    needs: ['model', 'model.allowedZones', 'model.dataZones'],
  },
  {
    id: 'RES-005',
    pass: [
      [
        'a zone with the consent of the subjects',
        but((s) => {
          s.targetZone = 'AE-DIFC';
          s.instruments = [instrument('EXPRESS_CONSENT')];
        }),
      ],
      [
        "a zone outside the model's that an instrument for the data opens",
        but((s) => {
          s.targetZone = 'US';
          s.workspaceZones = ['US', 'AE'];
          s.instruments = [{ ...instrument('EXPRESS_CONSENT'), targetZones: ['US'] }];
        }),
      ],
    ],
    fail: [
      [
        "a zone outside the model's",
        but((s) => {
          s.model.allowedZones = ['AE-DIFC'];
        }),
      ],
      [
        "a zone outside the workspace's",
        but((s) => {
          s.workspaceZones = ['AE-DIFC'];
        }),
      ],
      [
        'a zone that the law of its data forbids',
        but((s) => {
          s.targetZone = 'AE-DIFC';
        }),
      ],
      [
        "a zone outside the model's that no instrument opens",
        but((s) => {
          s.targetZone = 'US';
          s.workspaceZones = ['US', 'AE'];
          s.instruments = [{ ...instrument('EXPRESS_CONSENT'), targetZones: ['GB'] }, instrument('ADEQUACY')];
        }),
      ],
    ],
    needs: ['targetZone', 'workspaceZones', 'model.allowedZones', 'model.categories', 'model.dataZones', 'instruments'],
  },
  {
    id: 'RES-007',
    pass: [
      [
        'a valid instrument',
        but((s) => {
          s.instruments = [instrument('SCC')];
        }),
      ],
      [
        'one that ends soon',
        but((s) => {
          s.instruments = [instrument('SCC', '2026-12-01')];
        }),
      ],
    ],
    fail: [
      [
        'one expired of two',
        but((s) => {
          s.instruments = [instrument('SCC'), instrument('ADEQUACY', '2025-01-01')];
        }),
      ],
      [
        'no time to judge by',
        but((s) => {
          s.instruments = [instrument('SCC')];
          delete s.at;
        }),
      ],
    ],
    error: [
      [
        'a validity that is no date',
        but((s) => {
          s.instruments = [instrument('SCC', 'for ever')];
        }),
      ],
    ],
    needs: ['instruments'],
  },
])('$id', ({ id, pass = [], fail = [], error = [], needs }) => {
  it.each(pass)('passes %s', async (_what, snapshot) => {
    const result = await verdict(id, snapshot);
    expect(result, result.reason).toMatchObject({ status: 'PASS' });
  });
  it.each(fail)('fails %s', async (_what, snapshot) => {
    const result = await verdict(id, snapshot);
    expect(result, result.reason).toMatchObject({ status: 'FAIL' });
    expect(result.reason.length).toBeGreaterThan(20);
  });
  it.each(error)('cannot judge %s', async (_what, snapshot) => {
    const result = await verdict(id, snapshot);
    expect(result, result.reason).toMatchObject({ status: 'ERROR' });
  });
  it.each(needs)('fails without %s and names it', async (path) => {
    const result = await verdict(id, without(path));
    expect(result).toMatchObject({ status: 'FAIL', reason: expect.stringContaining(path) });
    expect(result.evidence).toContainEqual({ name: 'missing', value: path });
  });
});

it.each(['targetZone', 'workspaceZones', 'sources'])('takes an empty %s for a missing one', async (path) => {
  const empty = { ...good(), [path]: path === 'targetZone' ? '' : [] };
  expect(await verdict('RES-001', empty)).toMatchObject({ status: 'FAIL', reason: expect.stringContaining(path) });
});
