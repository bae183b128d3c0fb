// The snapshot that the tests vary.
import type { Call, CheckResult, ComplianceV1, PluginHost } from '@falaj/contracts';
import uae from './index.js';
import type { DeploymentSnapshot } from './snapshot.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const host: PluginHost = { clock: () => 0, log: quiet, directory: '/nowhere', secret: () => '' };
export const call: Call = {
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
export const good = (): DeploymentSnapshot => ({
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

export type Deep<T> = T extends readonly (infer U)[]
  ? Deep<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Deep<T[K]> }
    : T;
/** The good snapshot with one thing changed. */
export const but = (change: (snapshot: Deep<DeploymentSnapshot>) => void): DeploymentSnapshot => {
  const snapshot = good() as Deep<DeploymentSnapshot>;
  change(snapshot);
  return snapshot as DeploymentSnapshot;
};
/** The good snapshot without the member at the path. */
export const without = (path: string): Record<string, unknown> => {
  const snapshot = good() as unknown as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() as string;
  const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, snapshot);
  Reflect.deleteProperty(holder, last);
  return snapshot;
};

export const open = (config: unknown = {}): Promise<ComplianceV1> => uae.open(config, host);

export async function evaluate(snapshot: object): Promise<readonly CheckResult[]> {
  return (await open()).evaluate({ subject: 'deployment', snapshot: snapshot as Record<string, unknown> }, call);
}

export async function verdict(id: string, snapshot: object): Promise<CheckResult> {
  const found = (await evaluate(snapshot)).find(({ checkId }) => checkId === id);
  if (!found) throw new Error(`There is no verdict of ${id}.`);
  return found;
}

/** What a check is tried with; the good snapshot stands for the plain pass. */
export interface CheckCases {
  readonly id: string;
  readonly pass?: readonly [string, DeploymentSnapshot][];
  readonly fail?: readonly [string, DeploymentSnapshot][];
  readonly error?: readonly [string, DeploymentSnapshot][];
  /** Paths without which the check fails and says so. */
  readonly needs: readonly string[];
}
