// Group commit of read events: whoever waits shares the next transaction, and hears of it once it is durable.
import { createHash } from 'node:crypto';
import type { Database, Tx } from '@falaj/database';
import type { Principal } from '@falaj/runtime';
import { duration, PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { NO_WORKSPACE } from './record.js';

/** What one answer shows of one type: these fields of each of these records. */
export interface ReadEntry {
  readonly workspaceId: string;
  readonly readerId: string;
  readonly readerKind: Principal['kind'];
  /** Who is answerable for the reader; null where that is the reader. */
  readonly onBehalfOf: string | null;
  /** Where the reader works from. */
  readonly readerZone: string;
  /** As the reader said it; null where nothing was said. */
  readonly purpose: string | null;
  /** SHA-256 of the document that the reader sent, in hex; null where the platform itself asked. */
  readonly operationHash: string | null;
  readonly policyVersion: number;
  readonly subjectType: string;
  /** Empty for values that belong to no record. */
  readonly subjectIds: readonly string[];
  /** Sorted; a field of a value inside the record as `Type.field`. */
  readonly fields: readonly string[];
  readonly requestId: string;
  readonly traceId: string | null;
}

export interface ReadLog {
  /** Returns when the entries are durable. Throws AUDIT_UNAVAILABLE when they are not: show nothing then. */
  append(entries: readonly ReadEntry[]): Promise<void>;
}

export interface ReadLogOptions {
  /** Milliseconds in which the first of a group waits for others; default 1. */
  readonly windowMs?: number;
}

/** More ids than this make several events, so that none is out of proportion and each id can be found. */
const MAX_IDS = 1000;
const MAX_GROUP = 2000;
/** Sets known to stand; beyond it they are written again, which changes nothing. */
const MAX_KNOWN_SETS = 10_000;

const commitSeconds = duration('falaj_audit_read_commit_seconds', 'Time to make a group of read events durable.', [
  'outcome',
] as const);

interface Waiting {
  readonly entries: readonly ReadEntry[];
  resolve(): void;
  reject(error: unknown): void;
}

/** The database should have connections of its own: reads must not wait for each other's. */
export function createReadLog(database: Pick<Database, 'asSystem'>, { windowMs = 1 }: ReadLogOptions = {}): ReadLog {
  const knownSets = new Set<string>();
  let waiting: Waiting[] = [];
  let writing = false;

  const commit = async (group: readonly Waiting[]): Promise<void> => {
    const end = commitSeconds.startTimer();
    try {
      const entries = group.flatMap((each) => each.entries).flatMap(inParts);
      const sets = new Map(entries.map((entry) => [fieldSetOf(entry), entry]));
      const fresh = [...sets].filter(([id]) => !knownSets.has(id));
      await database.asSystem(async (tx) => {
        if (fresh.length > 0) await insertFieldSets(tx, fresh);
        await insertEvents(tx, entries);
      });
      if (knownSets.size > MAX_KNOWN_SETS) knownSets.clear();
      for (const [id] of fresh) knownSets.add(id);
      end({ outcome: 'durable' });
      for (const each of group) each.resolve();
    } catch (cause) {
      end({ outcome: 'failed' });
      const refusal = auditUnavailable(cause);
      for (const each of group) each.reject(refusal);
    }
  };

  const write = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, windowMs));
      const group = waiting.slice(0, MAX_GROUP);
      waiting = waiting.slice(MAX_GROUP);
      await commit(group);
    }
    writing = false;
  };

  return {
    append: (entries) =>
      new Promise((resolve, reject) => {
        if (entries.length === 0) return resolve();
        waiting.push({ entries, resolve, reject });
        if (!writing) void write();
      }),
  };
}

export const auditUnavailable = (cause: unknown): PlatformError =>
  new PlatformError(
    'AUDIT_UNAVAILABLE',
    'What would be shown could not be recorded, so it is not shown. Try again; a change that was asked for may have been made.',
    { cause },
  );

function inParts(entry: ReadEntry): ReadEntry[] {
  if (entry.subjectIds.length <= MAX_IDS) return [entry];
  const parts = Math.ceil(entry.subjectIds.length / MAX_IDS);
  return Array.from({ length: parts }, (_, part) => ({
    ...entry,
    subjectIds: entry.subjectIds.slice(part * MAX_IDS, (part + 1) * MAX_IDS),
  }));
}

const setIds = new Map<string, string>();

function fieldSetOf({ subjectType, fields }: ReadEntry): string {
  const text = `${subjectType}\n${fields.join()}`;
  let id = setIds.get(text);
  if (id === undefined) {
    id = createHash('sha256').update(text).digest('hex');
    if (setIds.size > MAX_KNOWN_SETS) setIds.clear();
    setIds.set(text, id);
  }
  return id;
}

/** In one order, so that two processes that learn the same sets do not wait for each other in a circle. */
async function insertFieldSets(tx: Tx, sets: readonly (readonly [string, ReadEntry])[]): Promise<void> {
  const sorted = sets.toSorted(([a], [b]) => (a < b ? -1 : 1));
  await tx.execute(sql`
    insert into audit.field_set (id, subject_type, fields)
    select id, subject_type, fields::text[]
    from unnest(${sql.param(sorted.map(([id]) => id))}::text[], ${sql.param(sorted.map(([, { subjectType }]) => subjectType))}::text[],
      ${sql.param(sorted.map(([, { fields }]) => arrayLiteral(fields)))}::text[]) as given (id, subject_type, fields)
    on conflict do nothing`);
}

async function insertEvents(tx: Tx, entries: readonly ReadEntry[]): Promise<void> {
  const column = <T>(of: (entry: ReadEntry) => T) => sql.param(entries.map(of));
  await tx.execute(sql`
    insert into audit.read_event (workspace_id, principal_id, principal_kind, on_behalf_of, reader_zone, purpose, operation_hash,
      policy_version, subject_type, subject_ids, field_set, request_id, trace_id)
    select workspace_id, principal_id, principal_kind, on_behalf_of, reader_zone, purpose, operation_hash, policy_version,
      subject_type, subject_ids::text[], field_set, request_id, trace_id
    from unnest(${column((entry) => entry.workspaceId || NO_WORKSPACE)}::text[], ${column((entry) => entry.readerId)}::text[],
      ${column((entry) => entry.readerKind)}::text[], ${column((entry) => entry.onBehalfOf)}::text[], ${column((entry) => entry.readerZone)}::text[],
      ${column((entry) => entry.purpose)}::text[], ${column((entry) => entry.operationHash)}::text[],
      ${column((entry) => entry.policyVersion)}::bigint[], ${column((entry) => entry.subjectType)}::text[],
      ${column((entry) => arrayLiteral(entry.subjectIds))}::text[], ${column(fieldSetOf)}::text[],
      ${column((entry) => entry.requestId)}::text[], ${column((entry) => entry.traceId)}::text[])
      as given (workspace_id, principal_id, principal_kind, on_behalf_of, reader_zone, purpose, operation_hash, policy_version,
        subject_type, subject_ids, field_set, request_id, trace_id)`);
}

/** A text array as PostgreSQL writes it, for arrays of arrays must be rectangular. */
const arrayLiteral = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`).join()}}`;
