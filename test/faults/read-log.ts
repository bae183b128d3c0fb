// Sensitive reads under kill -9: whatever was answered stands in the read log, with exactly the records and fields that
// the answer showed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Processes, programsOn, startSplit, startWhole } from '../platform-processes.js';
import { type Journey, journeyOn, rowsOf, until } from '../platform-requests.js';
import { randomFrom } from '../random.js';
import type { Outcome } from './run.js';

const READERS = 16;
const CUTS = 4;
const LONGEST_MS = 1_500;

interface Answered {
  readonly requestId: string;
  /** Ids whose digest was shown. */
  readonly ids: readonly string[];
}

interface Reading {
  readonly answered: readonly Answered[];
  /** Ends the readers; what they hold then came whole. */
  stop(): Promise<void>;
}

/** Readers that ask for digests of data sources, again and again, each time under another request id. */
function startReading({ url }: Processes, { actors, ids }: Journey, cut: string): Reading {
  const answered: Answered[] = [];
  let stopped = false;
  let next = 0;
  const read = async () => {
    while (!stopped) {
      const requestId = `${cut}-${next++}`;
      const first = 1 + (next % 3);
      try {
        const response = await fetch(new URL('/graphql', url), {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${actors.scientist?.token}`,
            'x-falaj-workspace': ids.workspaceId ?? '',
            'x-request-id': requestId,
            'x-falaj-purpose': cut,
          },
          body: JSON.stringify({ query: `{ dataSources(first: ${first}) { edges { node { id digest } } } }` }),
        });
        const { data } = (await response.json()) as {
          data?: { dataSources: { edges: { node: { id: string; digest: string | null } }[] } | null };
        };
        const shown = data?.dataSources?.edges.filter(({ node }) => node.digest !== null).map(({ node }) => node.id);
        if (shown && shown.length > 0) answered.push({ requestId, ids: shown });
      } catch {
        // No answer, or half of one.
        await sleep(5);
      }
    }
  };
  const readers = Array.from({ length: READERS }, read);
  return {
    answered,
    async stop() {
      stopped = true;
      await Promise.all(readers);
    },
  };
}

/** Throws where an answer has no event, or another than what it showed. Answers how many events nobody saw the answer of. */
async function holdToLog(directory: string, cut: string, answered: readonly Answered[]): Promise<number> {
  const rows = await rowsOf(
    directory,
    `select e.request_id, e.subject_ids, s.fields from audit.read_event e join audit.field_set s on s.id = e.field_set
     where e.purpose = $1 and e.subject_type = 'DataSource'`,
    [cut],
  );
  const logged = new Map<string, Record<string, unknown>>();
  for (const row of rows) {
    const requestId = String(row.request_id);
    if (logged.has(requestId)) throw new Error(`${requestId} stands twice in the read log`);
    logged.set(requestId, row);
  }
  for (const { requestId, ids } of answered) {
    const event = logged.get(requestId);
    if (!event) throw new Error(`${requestId} was answered and does not stand in the read log`);
    const found = JSON.stringify([(event.subject_ids as string[]).toSorted(), event.fields]);
    const expected = JSON.stringify([ids.toSorted(), ['digest']]);
    if (found !== expected) throw new Error(`${requestId}: shown ${expected}, on record ${found}`);
  }
  return logged.size - answered.length;
}

type Keep = <P extends Processes>(platform: P) => P;

async function wholePlatform(directory: string, random: () => number, keep: Keep): Promise<string> {
  let platform = keep(await startWhole(directory));
  const journey = await journeyOn(platform, 'sources');
  let answers = 0;
  let unseen = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    const name = `whole-${cut}`;
    const reading = startReading(platform, journey, name);
    await until(async () => reading.answered.length > READERS, 30_000, 'readers are answered');
    await sleep(random() * LONGEST_MS);
    await platform.kill();
    await reading.stop();
    await until(async () => programsOn(directory).length === 0, 15_000, 'no server of it runs');
    platform = keep(await startWhole(directory));
    unseen += await holdToLog(directory, name, reading.answered);
    answers += reading.answered.length;
  }
  return `${CUTS} cuts; ${answers} answers on record, ${unseen} more whose answer nobody saw`;
}

async function splitPlatform(directory: string, random: () => number, keep: Keep): Promise<string> {
  const platform = keep(await startSplit(directory));
  const journey = await journeyOn(platform, 'sources');
  let answers = 0;
  let unseen = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    const name = `split-${cut}`;
    const reading = startReading(platform, journey, name);
    await until(async () => reading.answered.length > READERS, 30_000, 'readers are answered');
    await sleep(random() * LONGEST_MS);
    await platform.process('features').kill();
    await reading.stop();
    unseen += await holdToLog(directory, name, reading.answered);
    answers += reading.answered.length;
    await platform.launch('features', 'in place');
  }
  return `${CUTS} cuts; ${answers} answers on record, ${unseen} more whose answer nobody saw`;
}

const cases: readonly (readonly [string, typeof wholePlatform])[] = [
  [`kill -9 of the platform under ${READERS} readers: no answer without its event`, wholePlatform],
  [`kill -9 of the subgraph under ${READERS} readers: no answer without its event`, splitPlatform],
];

/** Prints a line per case. */
export async function run(seed: number): Promise<Outcome> {
  let failed = 0;
  for (const [place, [name, test]] of cases.entries()) {
    const base = mkdtempSync(join(tmpdir(), 'falaj-read-log-'));
    const started: Processes[] = [];
    const keep: Keep = (platform) => {
      started.push(platform);
      return platform;
    };
    try {
      process.stdout.write(`✓ ${name}: ${await test(join(base, 'data'), randomFrom(seed + place), keep)}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    } finally {
      for (const platform of started) await platform.kill().catch(() => undefined);
      await until(async () => programsOn(base).length === 0, 15_000, 'the case leaves nothing').catch(() => undefined);
      rmSync(base, { recursive: true, force: true });
    }
  }
  return { passed: cases.length - failed, failed };
}
