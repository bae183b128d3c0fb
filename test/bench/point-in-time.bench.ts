/**
 * The point-in-time join of a training set over a feature view that is already built, beside two others on the same data
 * in the same engine, each into a table of its own:
 * - a plain scan of the events' Parquet file (every column into a table): what reading the data once costs;
 * - the join as Feast writes it (sdk/python/feast/infra/offline_stores/ibis.py): inequality join, then row_number per
 *   entity row. It gets the known-time filter too, so that both answer the same question; the answers are compared.
 *
 * 1,000,000 events x 8 features over 10,000 keys and 90 days, half of them known up to 2 days late; 100,000 entity rows;
 * TTL 7 days; one thread. CPU time of the process per statement, interleaved, median of the repetitions' ratios after a
 * warm-up; each repetition asks other entity rows.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call, TrainingView } from '@falaj/contracts';
import {
  openDuckDatabase,
  pointInTimeSql,
  type Session,
  Sources,
  ViewCache,
} from '@falaj/plugin-offline-store-duckdb/testing';
import type { Figure } from './figure.js';

const EVENTS = 1_000_000;
const KEYS = 10_000;
const ENTITY_ROWS = 100_000;
const FEATURES = Array.from({ length: 8 }, (_, index) => `f${index}`);
const REPETITIONS = 7;
const DAY_US = 86_400_000_000;
const SPAN_US = 90 * DAY_US;
const START_US = Date.UTC(2026, 0, 1) * 1000;
const TTL_SECONDS = 7 * 86_400;

export async function run(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'falaj-bench-point-in-time-'));
  const views = join(folder, 'views');
  await mkdir(views);
  const database = await openDuckDatabase({
    folders: [folder],
    memoryLimit: '4GB',
    threads: 1,
    spill: join(folder, 'spill'),
  });
  try {
    return await database.use(call, async (session) => {
      const events = join(folder, 'events.parquet');
      await writeEvents(session, events);
      const { path } = await new ViewCache(views, new Sources([folder], Number.MAX_SAFE_INTEGER)).open(
        session,
        view.spec,
      );
      return compare(session, events, path);
    });
  } finally {
    database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(session: Session, events: string, built: string): Promise<Figure[]> {
  const contestants: Readonly<Record<'scan' | 'ours' | 'feast', string>> = {
    scan: `create or replace temp table scanned as from read_parquet('${events}')`,
    ours: `create or replace temp table ours as
      select asked."#rid", found.* exclude ("#rid") from asked
      left join (${pointInTimeSql(view, built, 'asked')}) found on found."#rid" = asked."#rid"`,
    feast: feastSql(`'${events}'`),
  };
  const cpu = { scan: [] as number[], ours: [] as number[], feast: [] as number[] };
  for (let repetition = -1; repetition < REPETITIONS; repetition++) {
    await askEntityRows(session, repetition);
    for (const name of ['scan', 'ours', 'feast'] as const) {
      const before = process.cpuUsage();
      await session.run(contestants[name]);
      const used = process.cpuUsage(before);
      if (repetition >= 0) cpu[name].push((used.user + used.system) / 1000);
    }
    await assertSameAnswers(session);
  }
  const [scan, ours, feast] = [median(cpu.scan), median(cpu.ours), median(cpu.feast)];
  console.log(
    `point-in-time: cpu ms, median of ${REPETITIONS}: scan ${scan.toFixed(0)}, ours ${ours.toFixed(0)}, Feast's shape ${feast.toFixed(0)}`,
  );
  return [
    { name: 'point-in-time.join-vs-scan', value: ratio(cpu.ours, cpu.scan), unit: 'x', op: '<=', bar: 3 },
    { name: 'point-in-time.join-vs-feast-shape', value: ratio(cpu.ours, cpu.feast), unit: 'x', op: '<=', bar: 0.5 },
  ];
}

const nothing = () => {};
const call: Call = {
  signal: new AbortController().signal,
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  principal: 'bench',
  workspace: 'bench',
  zone: 'AE',
  traceparent: '',
  idempotencyKey: '',
};

const view: TrainingView = {
  spec: {
    name: 'bench',
    version: 1,
    source: { format: 'PARQUET', path: 'events.parquet' },
    keys: [{ name: 'key', column: 'key' }],
    eventTime: { column: 'event_time' },
    knownTime: { column: 'known_time' },
    ttlSeconds: TTL_SECONDS,
    features: FEATURES.map((name) => ({ name, kind: 'COLUMN', column: name, type: 'FLOAT64' })),
  },
  keys: [{ name: 'key', column: 'customer' }],
  features: FEATURES.map((name) => ({ feature: name, column: name })),
};

/** Numbers from the engine's own hash: the same on every machine. `salt` tells the columns apart. */
const random = (row: string, salt: number, below: number | bigint): string =>
  `(hash(${row} * 64 + ${salt}) % ${below})::bigint`;

async function writeEvents(session: Session, file: string): Promise<void> {
  const features = FEATURES.map((name, index) => `${random('i', 10 + index, 1_000_000)}::double / 7 as ${name}`);
  await session.run(
    `copy (
      with times as (select range as i, ${START_US} + ${random('range', 1, SPAN_US)} as e from range(${EVENTS}))
      select 'customer-' || ${random('i', 0, KEYS)} as key, make_timestamptz(e) as event_time,
        make_timestamptz(e + case when ${random('i', 2, 2)} = 0 then 0 else ${random('i', 3, 2 * DAY_US)} end) as known_time,
        ${features.join(', ')}
      from times) to '${file.replaceAll("'", "''")}' (format parquet)`,
  );
}

async function askEntityRows(session: Session, repetition: number): Promise<void> {
  const seed = `(range + ${(repetition + 2) * 10_000_000})`;
  await session.run(
    `create or replace temp table asked as
      select range as "#rid", 'customer-' || ${random(seed, 4, KEYS)} as customer,
        ${START_US} + ${random(seed, 5, SPAN_US)} as "#t"
      from range(${ENTITY_ROWS})`,
  );
}

const feastSql = (events: string): string => `
  create or replace temp table feast as
    with found as (
      select asked."#rid", e.* exclude (key), row_number() over (
          partition by asked."#rid" order by e.event_time desc nulls last, e.known_time desc nulls last,
          ${FEATURES.map((name) => `e.${name} desc`).join(', ')}) as place
      from asked join read_parquet(${events}) e on e.key = asked.customer
        and e.event_time <= make_timestamptz(asked."#t") and e.known_time <= make_timestamptz(asked."#t")
        and e.event_time >= make_timestamptz(asked."#t" - ${TTL_SECONDS * 1_000_000}))
    select asked."#rid", ${FEATURES.map((name) => `found.${name}`).join(', ')} from asked
    left join (select * from found where place = 1) found on found."#rid" = asked."#rid"`;

async function assertSameAnswers(session: Session): Promise<void> {
  const columns = ['"#rid"', ...FEATURES].join(', ');
  const [found] = await session.rows<{ differences: number; present: number }>(
    `select (select count(*) from (select ${columns} from ours except all select ${columns} from feast)) as differences,
      (select count(f0) from ours) as present`,
  );
  const { differences, present } = found ?? { differences: Number.NaN, present: 0 };
  if (differences !== 0) throw new Error(`point-in-time: ${differences} rows differ from Feast's shape.`);
  if (!(present > ENTITY_ROWS / 4)) throw new Error(`point-in-time: only ${present} rows have features.`);
}

/** The median of the repetitions' own ratios: what slows the machine for a while slows both sides of one. */
const ratio = (ours: readonly number[], theirs: readonly number[]): number =>
  median(ours.map((value, repetition) => value / (theirs[repetition] ?? Number.NaN)));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
