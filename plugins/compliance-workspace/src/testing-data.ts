// The snapshot that the tests vary: a workspace with nothing against it.
import type { Call, CheckResult, ComplianceV1, PluginHost } from '@falaj/contracts';
import workspace from './index.js';
import type { WorkspaceSnapshot } from './snapshot.js';

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

export const good = (): Required<Omit<WorkspaceSnapshot, 'subject'>> => ({
  at: '2026-11-23T08:00:00Z',
  workspaceZones: ['AE', 'AE-DIFC'],
  sources: [
    { id: 'ds_1', name: 'flights', zone: 'AE', categories: ['personal'] },
    { id: 'ds_2', name: 'clinics', zone: 'AE-DIFC', categories: ['health'] },
    { id: 'ds_3', name: 'cards', zone: 'AE', categories: ['banking'] },
  ],
  placements: [
    {
      what: 'source flights',
      from: 'AE',
      to: 'AE',
      categories: ['personal'],
      allowed: true,
      ruleId: 'R',
      reason: '',
      reliesOn: [],
    },
    {
      what: 'endpoint delays',
      from: 'AE',
      to: 'AE',
      categories: ['personal'],
      allowed: true,
      ruleId: 'R',
      reason: '',
      reliesOn: [],
    },
  ],
  instruments: [
    { id: 'ins_1', type: 'SCC', dataZone: 'AE-DIFC', targetZones: ['GB'], validTo: '2027-01-01T00:00:00Z' },
  ],
  runs: [{ id: 'run_1', name: 'first', zone: 'AE', allowedZones: ['AE'] }],
  trainingSets: [
    { id: 'ts_1', name: 'january', zone: 'AE', digest: 'sha256:1', labelSource: 'flights', featureViews: ['delays'] },
  ],
  modelVersions: [
    {
      id: 'mv_1',
      name: 'delays',
      version: 1,
      zone: 'AE',
      categories: ['personal'],
      allowedZones: ['AE'],
      format: 'onnx',
      digest: 'sha256:2',
      runId: 'run_1',
      trainingSetDigest: 'sha256:1',
      codeReference: 'trainer@1.0.0',
      environment: { node: 'v24' },
      aliases: ['champion'],
      cardId: 'mcd_1',
      owner: 'amal',
      evaluation: [
        { metric: 'auc', value: 0.66, baseline: 0.54 },
        { metric: 'logLoss', value: 0.4, baseline: 0.5 },
      ],
    },
  ],
  models: [{ id: 'mod_1', name: 'delays', description: 'Tells late flights.', owner: 'amal' }],
  promotions: [{ what: 'promotion prm_1', requestedBy: 'amal', approvedBy: 'badr' }],
  endpoints: [
    {
      id: 'ep_1',
      name: 'delays',
      zone: 'AE',
      modelVersionId: 'mv_1',
      allowedZones: ['AE'],
      categories: ['personal'],
      dataZone: 'AE',
      revision: 2,
      owner: 'badr',
      purpose: 'Tells late flights.',
    },
  ],
  monitors: [{ id: 'mon_1', endpointId: 'ep_1', active: true }],
  changes: [{ endpoint: 'delays', revision: 2, auditRecordId: 'aud_1' }],
  principals: [
    {
      id: 'pr_1',
      zone: 'AE',
      roles: ['approver'],
      disabled: false,
      createdAt: '2026-01-01T00:00:00Z',
      lastActiveAt: '2026-11-20T00:00:00Z',
    },
  ],
  grants: [{ principalId: 'pr_1', role: 'approver', grantedAt: '2026-01-01T00:00:00Z' }],
  emergencies: [
    {
      id: 'acr_1',
      principalId: 'pr_1',
      role: 'approver',
      reason: 'the endpoint answers nonsense',
      incidentId: 'inc_1',
      seconds: 1_800,
      endsAt: '2026-11-20T08:30:00Z',
      reviewedAt: '2026-11-21T08:00:00Z',
    },
  ],
  coverage: [{ subgraph: 'models', fields: 40, holes: [], nonNull: [] }],
  canary: { asked: 12, exposed: [] },
  tokens: { issued: 3, longestSeconds: 900 },
  rowSecurity: { tables: 30, problem: null },
  rules: { count: 1, invalid: [], sweeping: [] },
  decisions: [{ what: 'waiver wav_1', requestedBy: 'pr_1', approvedBy: 'pr_2' }],
  log: { oldestWriterSeconds: 0, clockSkewSeconds: 0.01, changeableBy: [], records: 100, archived: 0, lost: 0 },
  artifacts: [{ key: 'mv_1', zone: 'AE', opened: true, elsewhereRefused: true, detail: 'opened' }],
  keys: [{ keyId: 'ws_1/AE#1', createdAt: '2026-06-01T00:00:00Z', protection: 'local file' }],
  profile: 'development',
  database: { loopback: true, protocol: null },
  plaintext: [{ what: 'listen.host is 0.0.0.0 without tls', reason: 'a proxy ends TLS' }],
  sinks: [{ name: 'logs', zone: 'AE', reason: null as string | null }],
  secretScan: { texts: 100, hits: [] },
  plugins: [{ kind: 'trainer', name: 'gbdt', egress: [], state: 'READY' }],
  incidents: { open: 0, overdue: [], unattended: [] },
});

export const open = (): Promise<ComplianceV1> => workspace.open({}, host);

export async function evaluate(snapshot: object): Promise<readonly CheckResult[]> {
  return (await open()).evaluate({ subject: 'workspace', snapshot: snapshot as Record<string, unknown> }, call);
}
