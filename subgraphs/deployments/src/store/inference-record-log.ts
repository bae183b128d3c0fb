// The inference log of this process: a bounded buffer that never stands in the way of an answer, written in bulk.
import { clientOf, type Database, type Tx } from '@falaj/database';
import { counter, gauge, type Logger } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { cellsOf, type InferenceRecord, recordOf } from '../domain/inference-log/record.js';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import type { InferenceLogSettings, LogSettings } from './inference-record-settings.js';

/** Records and values that wait to be written at most; what comes beyond is dropped and counted. */
const MOST_WAITING = 20_000;
const MOST_CELLS = 8_000_000;
/** Records written by one statement. */
const BATCH = 500;
/** Attempts at an orderly stop, each after another pause. */
const LAST_ATTEMPTS = 8;
const LAST_PAUSE_MS = 500;

const written = counter('falaj_inference_records_written_total', 'Inferences written to the log.', []);
const dropped = counter(
  'falaj_inference_records_dropped_total',
  'Inferences not logged because the buffer was full.',
  [],
);
const waiting = gauge('falaj_inference_records_waiting', 'Inferences that wait to be written to the log.', []);

interface Count {
  readonly settings: LogSettings;
  dropped: number;
  sampledOut: number;
}

type RecordSettings = Pick<InferenceLogSettings, 'active' | 'digestFor' | 'layout' | 'readKeys'>;

export interface InferenceLogLimits {
  readonly records: number;
  readonly cells: number;
}

export class InferenceLog implements InferenceObserver {
  readonly #database: Database;
  readonly #settings: RecordSettings;
  readonly #log: Pick<Logger, 'error'>;
  readonly #process: string;
  readonly #limits: InferenceLogLimits;
  #waiting: Inference[] = [];
  #cells = 0;
  #counts = new Map<string, Count>();
  readonly #days = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    database: Database,
    settings: RecordSettings,
    log: Pick<Logger, 'error'>,
    process: string,
    limits: InferenceLogLimits = { records: MOST_WAITING, cells: MOST_CELLS },
  ) {
    this.#database = database;
    this.#settings = settings;
    this.#log = log;
    this.#process = process;
    this.#limits = limits;
  }

  /** Only takes the inference into the buffer; everything else is work of the next flush. A shadow's answer is no record. */
  observe(inference: Inference): void {
    if (inference.role !== 'ANSWER') return;
    const settings = this.#settings.active(inference.endpoint.id);
    if (!settings) return;
    if (settings.sampleRate < 10_000 && Math.random() * 10_000 >= settings.sampleRate) {
      this.#count(settings).sampledOut++;
      return;
    }
    const cells = cellsOf(inference);
    if (this.#waiting.length >= this.#limits.records || this.#cells + cells > this.#limits.cells) {
      this.#count(settings).dropped++;
      dropped.inc();
      return;
    }
    this.#waiting.push(inference);
    this.#cells += cells;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Writes what waits, in order; never twice at once. What could not be written waits for the next time. */
  flush(): Promise<void> {
    const next = this.#flushing.then(() => this.#flushAll());
    this.#flushing = next.catch(() => undefined);
    return next;
  }

  /** Writes everything down, also over short faults of the database; says what is lost after that. */
  async stop(): Promise<void> {
    for (let attempt = 1; attempt <= LAST_ATTEMPTS; attempt++) {
      const failed = await this.flush().then(
        () => null,
        (error: unknown) => error,
      );
      if (failed === null) return;
      if (attempt === LAST_ATTEMPTS) {
        this.#log.error('inference records were lost at the stop', {
          lost: this.#waiting.length,
          error: String(failed),
        });
      } else await new Promise((resolve) => setTimeout(resolve, LAST_PAUSE_MS));
    }
  }

  async #flushAll(): Promise<void> {
    waiting.set(this.#waiting.length);
    do {
      const batch = this.#waiting.splice(0, BATCH);
      const counts = this.#counts;
      this.#counts = new Map();
      if (batch.length === 0 && counts.size === 0) return;
      try {
        const records = await this.#records(batch);
        const inserted = await this.#database.asSystem(async (tx) => {
          await this.#ensureDays(tx, records);
          const rows = await insertRecords(tx, records);
          await this.#addCounts(tx, batch, counts);
          return rows;
        });
        for (const { at } of records) this.#days.add(at.slice(0, 10));
        for (const inference of batch) this.#cells -= cellsOf(inference);
        written.inc(inserted);
      } catch (error) {
        this.#waiting.unshift(...batch);
        this.#takeBack(counts);
        throw error;
      }
      // Answers go first.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#waiting.length > 0);
    waiting.set(0);
  }

  async #records(batch: readonly Inference[]): Promise<InferenceRecord[]> {
    const records: InferenceRecord[] = [];
    await this.#settings.readKeys(batch);
    for (const inference of batch) {
      const { id } = inference.endpoint;
      const layout = await this.#settings.layout(id, inference.revision);
      records.push(recordOf(inference, layout, await this.#settings.digestFor(id, inference.subject)));
    }
    return records;
  }

  async #ensureDays(tx: Tx, records: readonly InferenceRecord[]): Promise<void> {
    for (const day of new Set(records.map(({ at }) => at.slice(0, 10)))) {
      if (!this.#days.has(day)) await tx.execute(sql`select deployments.ensure_inference_partition(${day}::date)`);
    }
  }

  async #addCounts(tx: Tx, batch: readonly Inference[], counts: ReadonlyMap<string, Count>): Promise<void> {
    const sums = new Map<string, Record<string, unknown>>();
    const of = (id: string, workspaceId: string, zone: string) => {
      let sum = sums.get(id);
      if (!sum) {
        sum = {
          endpoint_id: id,
          process: this.#process,
          workspace_id: workspaceId,
          zone,
          written: 0,
          dropped: 0,
          sampled_out: 0,
        };
        sums.set(id, sum);
      }
      return sum;
    };
    for (const { endpoint } of batch) {
      const sum = of(endpoint.id, endpoint.workspaceId, endpoint.zone);
      sum.written = (sum.written as number) + 1;
    }
    for (const { settings, ...count } of counts.values()) {
      const sum = of(settings.endpointId, settings.workspaceId, settings.zone);
      sum.dropped = count.dropped;
      sum.sampled_out = count.sampledOut;
    }
    // In one order everywhere, so that no two processes wait for each other.
    const rows = [...sums.values()].sort((a, b) => String(a.endpoint_id).localeCompare(String(b.endpoint_id)));
    await tx.execute(sql`
      insert into deployments.inference_log_count as own
        (endpoint_id, process, workspace_id, zone, written, dropped, sampled_out)
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as given (endpoint_id text, process text,
        workspace_id text, zone text, written bigint, dropped bigint, sampled_out bigint)
      on conflict (endpoint_id, process) do update set written = own.written + excluded.written,
        dropped = own.dropped + excluded.dropped, sampled_out = own.sampled_out + excluded.sampled_out,
        updated_at = clock_timestamp()`);
  }

  #count(settings: LogSettings): Count {
    let count = this.#counts.get(settings.endpointId);
    if (!count) {
      count = { settings, dropped: 0, sampledOut: 0 };
      this.#counts.set(settings.endpointId, count);
    }
    return count;
  }

  #takeBack(counts: ReadonlyMap<string, Count>): void {
    for (const { settings, ...count } of counts.values()) {
      const own = this.#count(settings);
      own.dropped += count.dropped;
      own.sampledOut += count.sampledOut;
    }
  }
}

const INSERT = `
  insert into deployments.inference_record (id, workspace_id, zone, endpoint_id, revision, model_version_id,
    model_version, variant, subject, principal_id, request_id, trace_id, at, latency_ms, row_count, inputs, features,
    outputs, scores, redacted, error_code, error_message)
  select * from json_to_recordset($1::json) as given (id text, workspace_id text, zone text, endpoint_id text,
    revision int, model_version_id text, model_version int, variant text, subject text, principal_id text,
    request_id text, trace_id text, at timestamptz, latency_ms double precision, row_count int, inputs jsonb,
    features jsonb, outputs jsonb, scores double precision[], redacted text[], error_code text, error_message text)
  on conflict do nothing`;

/** One text for all rows is cheaper to make here than an array per column. What was sent twice is written once. */
async function insertRecords(tx: Tx, records: readonly InferenceRecord[]): Promise<number> {
  if (records.length === 0) return 0;
  const { rowCount } = await clientOf(tx).query(INSERT, [JSON.stringify(records)]);
  return rowCount ?? 0;
}
