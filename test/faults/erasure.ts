// Erasures under kill -9, while others build training sets and write online: each ends by itself, once, and whatever was
// built meanwhile holds nothing of whoever was erased.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rowsOf } from '../platform-requests.js';
import { randomFrom } from '../random.js';
import { GuestHouse } from '../security/guest-house.js';
import { sealedFiles } from '../security/sealed-files.js';
import type { Outcome } from './run.js';

const ROUNDS = 4;
const GUESTS = 301;
const LONGEST_MS = 900;

/** Builds and writes until it is stopped; what a kill or an erasure refuses is tried again. */
function startWriting(house: GuestHouse, round: number): () => Promise<void> {
  let stopped = false;
  const again = async (work: (attempt: number) => Promise<unknown>) => {
    // Each set that was ever built has to be gone through by each erasure: not too many.
    for (let attempt = 0; !stopped; attempt++) {
      await work(attempt).catch(() => undefined);
      await sleep(400);
    }
  };
  const writers = [
    again((attempt) => house.trainingSet(`r${round}-a${attempt}`)),
    again((attempt) => house.trainingSet(`r${round}-b${attempt}`)),
    again(() => house.materialise()),
  ];
  return async () => {
    stopped = true;
    await Promise.all(writers);
  };
}

/** What is wrong after a round; empty where nothing is. */
async function faultsOf(house: GuestHouse, id: string, guest: string, erased: number): Promise<string[]> {
  const faults: string[] = [];
  const check = (holds: boolean, what: string) => holds || faults.push(what);
  const { dataDirectory } = house.processes;
  const report = await house.erasureEnded(id);
  check(report.state === 'SUCCEEDED', `the erasure is ${report.state}: ${report.error}`);
  check((await house.incomeOf(guest)).status === 'NOT_FOUND', 'an online row stands');
  const sets = await rowsOf(
    dataDirectory,
    'select id, rows::int as rows, artifact_key as key from features.training_set',
  );
  const left = sets.filter(({ rows }) => rows !== GUESTS - erased);
  check(left.length === 0, `${left.length} of ${sets.length} training sets have other than ${GUESTS - erased} rows`);
  const objects = [...sealedFiles(dataDirectory).keys()].filter((key) => key.startsWith('training-sets/'));
  const former = objects.filter((key) => sets.some((set) => key.includes(String(set.id)) && key !== set.key));
  check(former.length === 0, `${former.length} former training sets stand in the store`);
  const named = await rowsOf(
    dataDirectory,
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
       and position($1 in query_to_xml(format('select * from %I.%I', table_schema, table_name), true, false, '')::text) > 0`,
    [`"${guest}"`],
  );
  check(named.length === 0, `named in ${named.map(({ name }) => name).join(', ')}`);
  const records = await rowsOf(
    dataDirectory,
    `select action from audit.record where subject_id = $1 and action = 'completeSubjectErasure'`,
    [id],
  );
  check(records.length === 1, `${records.length} records of its end`);
  return faults;
}

export async function run(seed: number): Promise<Outcome> {
  const random = randomFrom(seed);
  const directory = mkdtempSync(join(tmpdir(), 'falaj-faults-erasure-'));
  const outcome = { passed: 0, failed: 0 };
  const house = await GuestHouse.open(join(directory, 'data'));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const guest = `guest-${round}`;
      const stopWriting = startWriting(house, round);
      await sleep(200);
      const asked = await house.erase('administrator', guest);
      const id = asked.data?.eraseSubject.erasure.id as string;
      const after = Math.floor(random() * LONGEST_MS);
      await sleep(after);
      await house.processes.kill();
      await house.restart();
      await house.erasureEnded(id);
      await stopWriting();
      const faults = await faultsOf(house, id, guest, round + 1);
      process.stdout.write(`faults erasure: killed after ${after} ms: ${faults.join('; ') || 'whole'}\n`);
      if (faults.length === 0) outcome.passed += 1;
      else outcome.failed += 1;
    }
    const { verifyAuditLog } = await house.done('auditor', '{ verifyAuditLog { intact } }');
    if (verifyAuditLog.intact) outcome.passed += 1;
    else outcome.failed += 1;
  } finally {
    await house.processes.kill();
    rmSync(directory, { recursive: true, force: true });
  }
  return outcome;
}
