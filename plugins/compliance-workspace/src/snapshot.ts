// What is judged: the state of one workspace, as the platform read it at one moment. A part that could not be read is
// absent, and every check that needs it answers that it does not know.
import { z } from 'zod';

const text = z.string().min(1);
const zones = z.array(text);
const instant = z.iso.datetime({ offset: true });

const modelVersion = z.object({
  id: text,
  name: text,
  version: z.number().int(),
  zone: text,
  categories: z.array(z.string()),
  allowedZones: zones,
  format: text.nullish(),
  digest: text.nullish(),
  runId: text.nullish(),
  trainingSetDigest: text.nullish(),
  codeReference: text.nullish(),
  environment: z.record(z.string(), z.unknown()).nullish(),
  aliases: z.array(z.string()),
  /** Its newest model card; null where nobody wrote one. */
  cardId: text.nullable(),
  owner: text.nullish(),
  /** Metrics on held-out data beside the best baseline's. */
  evaluation: z.array(z.object({ metric: text, value: z.number(), baseline: z.number() })),
});

const endpoint = z.object({
  id: text,
  name: text,
  zone: text,
  modelVersionId: text,
  /** Of the model that it serves. */
  allowedZones: zones,
  categories: z.array(z.string()),
  dataZone: text,
  revision: z.number().int(),
  owner: text.nullish(),
  purpose: z.string().nullish(),
});

export const workspaceSnapshot = z.object({
  at: instant,
  /** One object to which all lists were narrowed; checks of the whole workspace are left out. */
  subject: z.object({ type: text, id: text }).optional(),
  workspaceZones: zones.min(1),
  /** `allowed` and `rule`: what the residency rules say of the source where it lies. */
  sources: z.array(z.object({ id: text, name: text, zone: text, categories: z.array(z.string()) })),
  /** Decisions of the residency engine: where data lies or would go, and whether it may. */
  placements: z.array(
    z.object({
      what: text,
      from: text,
      to: text,
      categories: z.array(z.string()),
      allowed: z.boolean(),
      ruleId: text,
      reason: z.string(),
      /** Ids of transfer instruments without which it would not be allowed. */
      reliesOn: z.array(text).default([]),
    }),
  ),
  /** Approved transfer instruments, those that have ended included. */
  instruments: z.array(z.object({ id: text, type: text, dataZone: text, targetZones: zones, validTo: instant })),
  runs: z.array(
    z.object({
      id: text,
      name: text,
      zone: text,
      allowedZones: zones,
      /** By which it began where its data alone does not allow the zone. */
      transferInstruments: z.array(text).default([]),
    }),
  ),
  trainingSets: z.array(
    z.object({
      id: text,
      name: text,
      zone: text,
      digest: text.nullish(),
      labelSource: text.nullish(),
      featureViews: z.array(text),
      /** Columns that were built as of the event time, never later. */
      pointInTime: z.boolean().nullish(),
    }),
  ),
  modelVersions: z.array(modelVersion),
  models: z.array(z.object({ id: text, name: text, description: z.string().nullish(), owner: text.nullish() })),
  /** Approvals of promotions: who asked for it or made the version, and who approved. */
  promotions: z.array(z.object({ what: text, requestedBy: text, approvedBy: text })),
  endpoints: z.array(endpoint),
  monitors: z.array(z.object({ id: text, endpointId: text, active: z.boolean() })),
  /** Does each live revision have an audit record of the mutation that made it? */
  changes: z.array(z.object({ endpoint: text, revision: z.number().int(), auditRecordId: text.nullish() })),
  principals: z.array(
    z.object({
      id: text,
      zone: text,
      roles: z.array(z.string()),
      disabled: z.boolean(),
      createdAt: instant,
      lastActiveAt: instant.nullish(),
    }),
  ),
  grants: z.array(z.object({ principalId: text, role: text, grantedAt: instant })),
  /** Roles that were taken in emergencies. */
  emergencies: z.array(
    z.object({
      id: text,
      principalId: text,
      role: text,
      reason: z.string(),
      incidentId: text.nullish(),
      seconds: z.number(),
      endsAt: instant,
      reviewedAt: instant.nullish(),
    }),
  ),
  coverage: z.array(
    z.object({ subgraph: text, fields: z.number().int(), holes: z.array(text), nonNull: z.array(text) }),
  ),
  canary: z.object({ asked: z.number().int(), exposed: z.array(text) }),
  tokens: z.object({ issued: z.number().int(), longestSeconds: z.number() }),
  rowSecurity: z.object({ tables: z.number().int(), problem: z.string().nullable() }),
  rules: z.object({ count: z.number().int(), invalid: z.array(text), sweeping: z.array(text) }),
  decisions: z.array(z.object({ what: text, requestedBy: text, approvedBy: text })),
  log: z.object({
    oldestWriterSeconds: z.number(),
    clockSkewSeconds: z.number(),
    /** Ways in which a role of the platform could change or drop audit records. */
    changeableBy: z.array(text),
    records: z.number().int(),
    /** Places of the log whose records were exported and verified, under signature, and may be dropped. */
    archived: z.number().int(),
    /** Places of the log whose record is gone without that. */
    lost: z.number().int(),
  }),
  artifacts: z.array(
    z.object({ key: text, zone: text, opened: z.boolean(), elsewhereRefused: z.boolean(), detail: z.string() }),
  ),
  keys: z.array(z.object({ keyId: text, createdAt: instant, protection: text })),
  profile: z.enum(['development', 'production']),
  database: z.object({ loopback: z.boolean(), protocol: z.string().nullable() }),
  /** Traffic that may leave the machine in the clear, and what is written to excuse it. */
  plaintext: z.array(z.object({ what: text, reason: text.nullable() })),
  /** Where logs and traces are kept; null where nobody said it, and what is written to excuse it. */
  sinks: z.array(z.object({ name: text, zone: text.nullable(), reason: text.nullable() })),
  secretScan: z.object({ texts: z.number().int(), hits: z.array(text) }),
  plugins: z.array(
    z.object({
      kind: text,
      name: text,
      egress: z.array(z.string()),
      /** Where those hosts are, by the operator's word. */
      egressZones: zones.optional(),
      state: text,
    }),
  ),
  incidents: z.object({
    open: z.number().int(),
    overdue: z.array(z.object({ id: text, priority: text, told: z.boolean() })),
    unattended: z.array(text),
  }),
});

/** For callers to type what they build; what could not be read is left out. */
export type WorkspaceSnapshot = Partial<z.input<typeof workspaceSnapshot>>;
export const parts = workspaceSnapshot.shape;
