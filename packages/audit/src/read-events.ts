// Read events in the safe order of (xid, id), and the seals by which the audit log proves them.
import type { KeyObject } from 'node:crypto';
import type { Database, Tx } from '@falaj/database';
import { counter, createLogger, periodically } from '@falaj/runtime';
import { type SQL, sql } from 'drizzle-orm';
import { leafHash } from './leaf.js';
import { MerkleFrontier } from './merkle-tree.js';
import { readsArchivedUntil } from './read-archives.js';
import { recordAudit } from './record.js';

/** Name of the audit record that seals read events. */
export const SEAL_READS = 'sealReadLog';
const BATCH = 5000;

const log = createLogger('audit');
const sealed = counter('falaj_audit_reads_sealed_total', 'Read events put under a seal of the audit log.', [] as const);

/** What is hashed of an event: all of it, its fields by name. */
interface ReadLeaf {
  readonly workspaceId: string;
  readonly position: string;
}

export const leafColumns: SQL = sql`e.event_id as "id", e.xid::text || '.' || e.id::text as "position",
  e.workspace_id as "workspaceId", to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "at",
  e.principal_id as "readerId", e.principal_kind as "readerKind", e.on_behalf_of as "onBehalfOf", e.reader_zone as "readerZone", e.purpose as "purpose",
  e.operation_hash as "operationHash", e.policy_version as "policyVersion", e.subject_type as "subjectType",
  e.subject_ids as "subjectIds", s.fields as "fields", e.request_id as "requestId", e.trace_id as "traceId"`;

/** What a seal says in the details of its audit record. */
export interface Seal {
  /** Positions of its first and last event. */
  readonly first: string;
  readonly last: string;
  readonly events: number;
  /** Of the Merkle tree (RFC 6962) over its events in order, in hex. */
  readonly root: string;
}

/**
 * Seals what was committed since the last call: one audit record for each workspace that read something, which holds
 * range, number and Merkle root of its events. The audit log proves the record, the record proves the events. One process
 * at a time does it. Answers how many events were sealed.
 */
export async function sealReads(database: Pick<Database, 'asSystem'>): Promise<number> {
  let count = 0;
  for (;;) {
    const batch = await database.asSystem(sealBatch);
    count += batch;
    if (batch < BATCH) return count;
  }
}

async function sealBatch(tx: Tx): Promise<number> {
  const { rows: cursor } = await tx.execute<{ xid: string; event: string }>(
    sql`select xid::text, event::text from audit.read_cursor for update skip locked`,
  );
  const [after] = cursor;
  if (!after) return 0;
  const { rows } = await tx.execute<Record<string, unknown> & ReadLeaf>(sql`
    select ${leafColumns} from audit.read_event e join audit.field_set s on s.id = e.field_set
    where (e.xid, e.id) > (${after.xid}::xid8, ${after.event}::bigint) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by e.xid, e.id limit ${BATCH}`);
  const last = rows.at(-1);
  if (!last) return 0;
  for (const [workspaceId, own] of Map.groupBy(rows, (row) => row.workspaceId)) {
    const seal: Seal = {
      first: own[0]?.position ?? '',
      last: own.at(-1)?.position ?? '',
      events: own.length,
      root: rootOf(own),
    };
    await recordAudit(tx, {
      workspaceId,
      actorId: 'falaj',
      actorKind: 'SERVICE',
      action: SEAL_READS,
      subjectType: 'DataAccess',
      subjectId: null,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: '',
      traceId: null,
      policyVersion: null,
      details: { ...seal },
    });
  }
  const [xid, event] = last.position.split('.');
  await tx.execute(sql`update audit.read_cursor set xid = ${xid}::xid8, event = ${event}::bigint`);
  return rows.length;
}

function rootOf(leaves: readonly object[]): string {
  const frontier = new MerkleFrontier();
  for (const leaf of leaves) frontier.append(leafHash(leaf));
  return frontier.root().toString('hex');
}

/** Seals are for people to read among audit records: few of them. */
const SEAL_MS = 300_000;

/** Seals every so often; every process may run one, for only one at a time does the work. `stop` waits for it. */
export function startReadSealer(database: Pick<Database, 'asSystem'>, intervalMs = SEAL_MS): { stop(): Promise<void> } {
  const seal = async () => sealed.inc({}, await sealReads(database));
  return periodically('sealing the read log', intervalMs, seal, log, { lastTime: false });
}

export interface ReadLogVerification {
  /** Every seal fits its events, and no event stands outside of seals that should be under one. */
  readonly intact: boolean;
  /** Events that were hashed again. */
  readonly verified: number;
  /** Seals whose events are in a verified export only. */
  readonly archivedSeals: number;
  /** Events read since the last seal. */
  readonly pending: number;
  /** Ids of the audit records whose seal is broken; the first hundred. */
  readonly brokenSeals: readonly string[];
  /** Events that no seal counts although later ones are sealed: put in behind the log's back. */
  readonly unsealed: number;
}

const MAX_BROKEN = 100;

/**
 * Hashes every sealed event of the workspace again and holds it to its seal. That the seals themselves are untouched says
 * `verifyAuditLog`, for they are audit records.
 */
export async function verifyReadLog(tx: Tx, workspaceId: string, key: KeyObject): Promise<ReadLogVerification> {
  const { rows: seals } = await tx.execute<{ id: string; details: Seal }>(sql`
    select r.record_id as id, r.details from audit.record r
    where r.workspace_id = ${workspaceId} and r.action = ${SEAL_READS} order by r.xid, r.id`);
  const brokenSeals: string[] = [];
  let verified = 0;
  let archivedSeals = 0;
  const archived = await readsArchivedUntil(tx, workspaceId, key);
  // Archived events may stand for a while: they are neither under a seal that is looked at nor put in behind the log.
  const { rows: leftovers } = await tx.execute<{ n: number }>(sql`
    select count(*)::int as n from audit.read_event e
    where e.workspace_id = ${workspaceId} and not ${comparedTo('>', archived)}`);
  for (const { id, details } of seals) {
    if (!isAfter(details.last, archived)) {
      archivedSeals += 1;
      continue;
    }
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select ${leafColumns} from audit.read_event e join audit.field_set s on s.id = e.field_set
      where e.workspace_id = ${workspaceId} and ${atOrAfter(details.first)} and not ${after(details.last)}
      order by e.xid, e.id`);
    verified += rows.length;
    if (rows.length !== details.events || rootOf(rows) !== details.root) brokenSeals.push(id);
  }
  const last = seals.at(-1)?.details.last;
  const { rows: counted } = await tx.execute<{ standing: number; pending: number }>(sql`
    select count(*)::int as standing, (count(*) filter (where ${last === undefined ? sql`true` : after(last)}))::int as pending
    from audit.read_event e where e.workspace_id = ${workspaceId}`);
  const { standing = 0, pending = 0 } = counted[0] ?? {};
  const unsealed = standing - pending - verified - (leftovers[0]?.n ?? 0);
  return {
    intact: brokenSeals.length === 0 && unsealed === 0,
    verified,
    archivedSeals,
    pending,
    brokenSeals: brokenSeals.slice(0, MAX_BROKEN),
    unsealed,
  };
}

/** In the order of (xid, id). */
export function isAfter(position: string, other: string): boolean {
  const [xid = 0n, id = 0n] = position.split('.').map(BigInt);
  const [otherXid = 0n, otherId = 0n] = other.split('.').map(BigInt);
  return xid > otherXid || (xid === otherXid && id > otherId);
}

const atOrAfter = (position: string): SQL => comparedTo('>=', position);
const after = (position: string): SQL => comparedTo('>', position);

export function comparedTo(operator: '>' | '>=', position: string): SQL {
  const [xid, event] = position.split('.');
  return sql`(e.xid, e.id) ${sql.raw(operator)} (${xid}::xid8, ${event}::bigint)`;
}
