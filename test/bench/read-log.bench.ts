/**
 * What it costs that nobody is shown a sensitive field before that is on record, on disk. The same subgraph over the same
 * PostgreSQL, which syncs every commit, answers the same reads with a read log and without: 64 requests at once, each 20
 * random records of 5,000 with two logged fields each. Rounds interleave, and the median of their ratios counts. Every
 * answer of a logged round must stand in the log when the round is over.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReadLog } from '@falaj/audit';
import { migrate, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import { type Subgraph, startSubgraph } from '@falaj/subgraph-kit';
import { depotSubgraph, openDepot, person } from '@falaj/subgraph-kit/testing';
import { sql } from 'drizzle-orm';
import { parse } from 'graphql';
import type { Figure } from './figure.js';

const CONCURRENT = 64;
const RECORDS = 20;
const STOCK = 5_000;
const ROUNDS = 8;
const ROUND_MS = 2_000;
const WARM_MS = 2_000;

const document = parse(`query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Parcel { id label zone weight recipient } }
}`);

export async function run(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'falaj-bench-'));
  // The database runs as another user where this is root: it must be able to enter.
  chmodSync(directory, 0o755);
  const server = await startEmbeddedPostgres({ dataDirectory: join(directory, 'database') });
  const logDatabase = await openDatabase({ url: server.url, maxConnections: 1 });
  const depot = await openDepot(async ({ migrations }) => {
    await migrate({ url: server.url }, migrations);
    const database = await openDatabase({ url: server.url, maxConnections: 20 });
    return { database, url: server.url, close: () => database.close() };
  });
  try {
    await depot.stock(STOCK);
    const { platform } = depot;
    const unlogged = await startSubgraph(depotSubgraph, platform);
    const logged = await startSubgraph(depotSubgraph, { ...platform, readLog: createReadLog(logDatabase) });
    const ratios: number[] = [];
    const best = { unlogged: 0, logged: 0 };
    let answered = await load(logged, WARM_MS);
    await load(unlogged, WARM_MS);
    for (let round = 0; round < ROUNDS; round++) {
      const without = await load(unlogged, ROUND_MS);
      const within = await load(logged, ROUND_MS);
      answered += within;
      ratios.push(within / without);
      best.unlogged = Math.max(best.unlogged, without / (ROUND_MS / 1000));
      best.logged = Math.max(best.logged, within / (ROUND_MS / 1000));
    }
    const { rows } = await depot.test.database.asSystem((tx) =>
      tx.execute<{ events: number; ids: number; commits: number; bytes: number }>(sql`
        select count(*)::int as events, sum(cardinality(subject_ids))::int as ids, count(distinct xid)::int as commits,
          pg_total_relation_size('audit.read_event')::int as bytes from audit.read_event`),
    );
    const { events = 0, ids = 0, commits = 1, bytes = 0 } = rows[0] ?? {};
    if (events !== answered) throw new Error(`${answered} reads were answered, ${events} are on record`);
    process.stderr.write(
      `# read-log: ${best.unlogged.toFixed(0)} -> ${best.logged.toFixed(0)} reads/s; ${(events / commits).toFixed(1)} reads a commit, ${(ids / events).toFixed(1)} ids and ${(bytes / events).toFixed(0)} bytes an event\n`,
    );
    return [{ name: 'read-log.to-unlogged', value: median(ratios), unit: 'x', op: '>=', bar: 0.5 }];
  } finally {
    await depot.close();
    await logDatabase.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const reader = person('keeper');

/** So many readers that each ask again once they are answered; the number of answers. */
async function load(subgraph: Subgraph, forMs: number): Promise<number> {
  const until = performance.now() + forMs;
  let answers = 0;
  const read = async () => {
    while (performance.now() < until) {
      const result = await subgraph.execute({ document, variables: { representations: some() }, context: request() });
      const found = 'data' in result ? (result.data?._entities as { recipient?: string }[] | undefined) : undefined;
      if (found?.length !== RECORDS || !found[0]?.recipient)
        throw new Error(`The depot answered ${JSON.stringify(result)}`);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, read));
  return answers;
}

const some = () => {
  const ids = new Set<number>();
  while (ids.size < RECORDS) ids.add(1 + Math.floor(Math.random() * STOCK));
  return [...ids].map((id) => ({ __typename: 'Parcel', id: `stock-${id}` }));
};

let asked = 0;
const request = () => ({
  principal: reader,
  requestId: `r-${++asked}`,
  traceparent: '',
  signal: new AbortController().signal,
});
