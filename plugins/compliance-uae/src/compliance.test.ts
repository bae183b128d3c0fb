import type { Call, CheckResult, ComplianceV1, PluginHost } from '@falaj/plugin-sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import uae, { type DeploymentSnapshot, deploymentSnapshot } from './index.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const host: PluginHost = { clock: () => 0, log: quiet, directory: '/nowhere', secret: () => '' };
const call: Call = {
  signal: new AbortController().signal,
  log: quiet,
  principal: 'pr_1',
  workspace: 'ws_1',
  zone: 'AE',
  traceparent: '',
  idempotencyKey: '',
};
const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** A deployment with nothing against it. */
const good = (): DeploymentSnapshot => ({
  at: '2026-11-23T08:00:00Z',
  targetZone: 'AE',
  workspaceZones: ['AE', 'AE-DIFC'],
  model: {
    name: 'delays',
    version: 3,
    digest: DIGEST,
    registeredDigest: DIGEST,
    allowedZones: ['AE', 'AE-DIFC'],
    categories: ['personal'],
    dataZones: ['AE'],
    evaluation: [
      { metric: 'auc', value: 0.66, baseline: 0.54 },
      { metric: 'brier', value: 0.16, baseline: 0.17 },
    ],
    lineage: { runId: 'run_1', trainingSetDigest: 'sha256:1', codeRef: 'trainer@1.0.0', environment: { node: 'v24' } },
  },
  sources: [{ name: 'flights', zone: 'AE', categories: ['personal'] }],
  instruments: [],
});

type Deep<T> = T extends readonly (infer U)[]
  ? Deep<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Deep<T[K]> }
    : T;
/** The good snapshot with one thing changed. */
const but = (change: (snapshot: Deep<DeploymentSnapshot>) => void): DeploymentSnapshot => {
  const snapshot = good() as Deep<DeploymentSnapshot>;
  change(snapshot);
  return snapshot as DeploymentSnapshot;
};
/** The good snapshot without the member at the path. */
const without = (path: string): Record<string, unknown> => {
  const snapshot = good() as unknown as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() as string;
  const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, snapshot);
  Reflect.deleteProperty(holder, last);
  return snapshot;
};

let plugin: ComplianceV1;
beforeAll(async () => {
  plugin = await uae.open({}, host);
});
const all = (snapshot: object) =>
  plugin.evaluate({ subject: 'deployment', snapshot: snapshot as Record<string, unknown> }, call);
const verdict = async (id: string, snapshot: object): Promise<CheckResult> => {
  const found = (await all(snapshot)).find(({ checkId }) => checkId === id);
  if (!found) throw new Error(`no verdict of ${id}`);
  return found;
};

describe('the good snapshot', () => {
  it('is of the documented shape, and every check passes or does not apply', async () => {
    expect(deploymentSnapshot.safeParse(good()).success).toBe(true);
    const results = await all(good());
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
    expect(await all(turned)).toEqual(await all(good()));
    const digest = (results: readonly CheckResult[]) =>
      results[0]?.evidence.find(({ name }) => name === 'snapshotDigest')?.value;
    expect(digest(await all(good()))).toMatch(/^sha256:[0-9a-f]{64}$/);
    const renamed = { ...good(), model: { ...good().model, name: 'other' } };
    expect(digest(await all(renamed))).not.toBe(digest(await all(good())));
  });
});

/** All member names at every depth, which JSON.stringify takes as its order. */
function flat(value: unknown, names: Record<string, true> = {}): Record<string, true> {
  if (Array.isArray(value)) for (const item of value) flat(item, names);
  else if (value !== null && typeof value === 'object')
    for (const [key, item] of Object.entries(value)) flat(item, Object.assign(names, { [key]: true }));
  return names;
}

const instrument = (type: string, validTo = '2027-06-30') => ({ type, validTo });

describe.each<{
  id: string;
  pass?: [string, DeploymentSnapshot][];
  fail?: [string, DeploymentSnapshot][];
  error?: [string, DeploymentSnapshot][];
  needs: string[];
}>([
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
        "a zone outside the model's, whatever the instrument",
        but((s) => {
          s.targetZone = 'US';
          s.workspaceZones = ['US', 'AE'];
          s.instruments = [instrument('EXPRESS_CONSENT')];
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
  {
    id: 'MDL-001',
    pass: [
      [
        'names of metrics in other spellings',
        but((s) => {
          s.model.evaluation = [
            { metric: 'Log-Loss', value: 0.4, baseline: 0.5 },
            { metric: 'ROC_AUC', value: 0.7, baseline: 0.5 },
          ];
        }),
      ],
    ],
    fail: [
      [
        'a metric no better than the baseline',
        but((s) => {
          s.model.evaluation = [{ metric: 'auc', value: 0.5, baseline: 0.5 }];
        }),
      ],
      [
        'a loss that is higher',
        but((s) => {
          s.model.evaluation.push({ metric: 'logLoss', value: 0.6, baseline: 0.5 });
        }),
      ],
    ],
    error: [
      [
        'a metric of unknown direction',
        but((s) => {
          s.model.evaluation.push({ metric: 'happiness', value: 1, baseline: 0 });
        }),
      ],
      [
        'a metric named like a member of every object',
        but((s) => {
          s.model.evaluation.push({ metric: 'constructor', value: 1, baseline: 0 });
        }),
      ],
      [
        'not a number',
        but((s) => {
          s.model.evaluation = [{ metric: 'auc', value: Number.NaN, baseline: 0.5 }];
        }),
      ],
    ],
    needs: ['model.evaluation', 'model.evaluation.0.value', 'model.evaluation.0.baseline', 'model.evaluation.1.metric'],
  },
  {
    id: 'SUP-005',
    pass: [
      [
        'the same digest without its prefix',
        but((s) => {
          s.model.digest = 'ab'.repeat(32);
        }),
      ],
    ],
    fail: [
      [
        'another digest',
        but((s) => {
          s.model.digest = `sha256:${'cd'.repeat(32)}`;
        }),
      ],
    ],
    error: [
      [
        'the same text that is no digest',
        but((s) => {
          s.model.digest = s.model.registeredDigest = 'latest';
        }),
      ],
    ],
    needs: ['model', 'model.digest', 'model.registeredDigest'],
  },
  {
    id: 'SUP-006',
    pass: [
      [
        'an environment as text',
        but((s) => {
          s.model.lineage.environment = 'node v24';
        }),
      ],
    ],
    error: [
      [
        'an environment without facts',
        but((s) => {
          s.model.lineage.environment = {};
        }),
      ],
    ],
    needs: [
      'model.lineage',
      'model.lineage.runId',
      'model.lineage.trainingSetDigest',
      'model.lineage.codeRef',
      'model.lineage.environment',
    ],
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

it('passes nothing of an empty snapshot', async () => {
  for (const { checkId, status } of await all({})) expect(status, checkId).toBe('FAIL');
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
  const own = await uae.open({ residency }, host);
  const snapshot = but((s) => {
    s.targetZone = 'AE-DIFC';
  }) as unknown as Record<string, unknown>;
  const status = async (of: ComplianceV1) =>
    (await of.evaluate({ subject: 'deployment', snapshot }, call)).find(({ checkId }) => checkId === 'RES-001')?.status;
  expect([await status(plugin), await status(own)]).toEqual(['FAIL', 'PASS']);
  await expect(uae.open({ residency: [{ ...residency[0], category: 'gossip' }] }, host)).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
  await expect(uae.open({ residency: [] }, host)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

it('lists each check once, with references and a gate that blocks', async () => {
  const list = await plugin.list({}, call);
  expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
  for (const info of list) {
    expect(info).toMatchObject({ subject: 'deployment', version: 1, gate: 'BLOCK_DEPLOYMENT' });
    expect(info.references.length).toBeGreaterThan(0);
  }
  expect((await all(good())).map(({ checkId }) => checkId)).toEqual(list.map(({ id }) => id));
  expect(structuredClone(list)).toEqual(list);
});

it('refuses a subject without checks, and a cancelled call', async () => {
  await expect(plugin.evaluate({ subject: 'kitchen', snapshot: {} }, call)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  });
  const cancelled = { ...call, signal: AbortSignal.abort() };
  await expect(plugin.evaluate({ subject: 'deployment', snapshot: {} }, cancelled)).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});
