// The archival of old audit records, killed at random: whatever it had dropped lies in an export that verifies, the log verifies
// all the time, what it did not come to drop the next one drops, and no role is left with the right to delete.
import { fork } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { archiveAuditLog, auditMigrations, sequenceAudit, verifyAuditLog, verifyBundle } from '@falaj/audit';
import { clientOf, type Database, migrate, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import { randomFrom } from '../random.js';

const CHILD = 'archive-child';
const AGES = [400, 300, 200, 150];
const RECORDS = 10_000;
const KILLS = 24;
/** Every other archival is killed within this of its start, the others within this of the moment they are on record. */
const AFTER_START_MS = 1_500;
const AFTER_RECORD_MS = 60;
const workspaceId = 'w1';

export async function run(seed: number): Promise<{ passed: number; failed: number }> {
  const base = mkdtempSync(join(tmpdir(), 'falaj-faults-archive-'));
  // Run by root, the server runs as another user, who must be able to enter.
  chmodSync(base, 0o711);
  const server = await startEmbeddedPostgres({ dataDirectory: join(base, 'database') });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  try {
    await migrate(server, [auditMigrations]);
    const database = await openDatabase({ url: server.url });
    for (const days of AGES) await fill(database, days, () => sequenceAudit(database, privateKey));
    const random = randomFrom(seed);
    let cutOff = 0;
    let faults = 0;
    let halfDropped = 0;
    const one = async (text: string) =>
      Number((await database.asSystem((tx) => clientOf(tx).query(text))).rows[0]?.n ?? Number.NaN);
    const archives = () => one('select count(*) as n from audit.archive');
    const onRecord = async (ended: () => boolean) => {
      for (const before = await archives(); !ended() && (await archives()) === before; ) await sleep(2);
    };
    const late = () =>
      one(`select count(*) as n from audit.leaf l join audit.record r on r.record_id = l.record_id
        where r.action = 'createThing' and l.seq < (select max(until_seq) from audit.archive)`);
    for (let n = 0; n <= KILLS; n++) {
      const days = AGES[Math.floor((n * AGES.length) / (KILLS + 1))] ?? 0;
      const last = n === KILLS;
      const folder = join(base, `archive-${n}`);
      const moment = async (ended: () => boolean) => {
        if (n % 2 === 1) await onRecord(ended);
        await sleep(random() * (n % 2 === 1 ? AFTER_RECORD_MS : AFTER_START_MS));
      };
      if (await archiveAndKill(server.url, key, folder, days - 10, last ? null : moment)) cutOff += 1;
      if ((await late()) > 0) halfDropped += 1;
      const log = await database.inWorkspace({ workspaceId, zones: ['AE'], principalId: 'p1' }, (tx) =>
        verifyAuditLog(tx, workspaceId, privateKey),
      );
      faults += log.faults.length + (log.intact ? 0 : 1);
    }
    const checks = {
      'trials without an archival cut off while it deleted': halfDropped === 0 ? 1 : 0,
      'faults in the log': faults,
      'archives without a verified export': await unproved(database, base, publicKey),
      'archives without a record of the act': await one(
        `select (select count(*) from audit.archive) - (select count(*) from audit.record
         where action = 'archiveAuditLog' and outcome = 'SUCCEEDED') as n`,
      ),
      'old records left': await one(`select count(*) as n from audit.record where at < now() - interval '100 days'`),
      'rights to delete left': await one(
        `select has_table_privilege('falaj_system', 'audit.record', 'DELETE')::int as n`,
      ),
    };
    const made = await archives();
    await database.close();
    const failed = Object.values(checks).filter((found) => found !== 0).length;
    console.log(
      `${failed === 0 ? 'ok  ' : 'FAIL'} audit-archive: ${cutOff} of ${KILLS} archivals killed before their end, ${halfDropped} while they deleted, ${made} archives; ` +
        Object.entries(checks)
          .map(([what, found]) => `${what} ${found}`)
          .join(', '),
    );
    return { passed: Object.keys(checks).length - failed, failed };
  } finally {
    await server.stop();
    rmSync(base, { recursive: true, force: true });
  }
}

async function fill(database: Database, days: number, sequence: () => Promise<number>): Promise<void> {
  await database.asSystem((tx) =>
    clientOf(tx).query(
      `insert into audit.record (at, workspace_id, actor_id, actor_kind, action, subject_type, subject_id, outcome, request_id, details)
       select now() - make_interval(days => ${days}), '${workspaceId}', 'p1', 'USER', 'createThing', 'Thing', 'th_' || n, 'SUCCEEDED', 'r' || n, '{}'
       from generate_series(1, ${RECORDS}) as n`,
    ),
  );
  for (let sequenced = 0; sequenced < RECORDS; ) sequenced += await sequence();
}

/** Whether it was killed before it was done: at the moment that the promise waits for, or never. */
async function archiveAndKill(
  url: string,
  key: string,
  folder: string,
  days: number,
  moment: ((ended: () => boolean) => Promise<void>) | null,
): Promise<boolean> {
  const child = fork(fileURLToPath(import.meta.url), [CHILD, url, folder, String(days)], {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, FALAJ_LOG_LEVEL: 'fatal' },
  });
  const exited = once(child, 'exit');
  const ready = once(child, 'message');
  child.send(key);
  await Promise.race([ready, exited]);
  if (moment !== null) {
    await Promise.race([moment(() => child.exitCode !== null), exited]);
    child.kill('SIGKILL');
  }
  const [code] = await exited;
  if (code !== null && code !== 0) throw new Error(`The archival ended with ${code}.`);
  return code === null;
}

/** Archives of which no folder verifies and has their size and digest. */
async function unproved(database: Database, base: string, key: ReturnType<typeof createPublicKey>): Promise<number> {
  const { rows } = await database.asSystem((tx) =>
    clientOf(tx).query('select until_seq::int as until, records_digest as digest from audit.archive'),
  );
  const proved = new Set<string>();
  for (const name of readdirSync(base).filter((each) => each.startsWith('archive-'))) {
    const manifest = join(base, name, 'manifest.json');
    if (!existsSync(manifest)) continue;
    const { size } = JSON.parse(await readFile(manifest, 'utf8')) as { size: number };
    const { intact, recordsDigest } = await verifyBundle(join(base, name), key);
    if (intact) proved.add(`${size} ${recordsDigest}`);
  }
  return rows.filter(({ until, digest }) => !proved.has(`${until} ${digest}`)).length;
}

const [, , isChild, ownerUrl = '', folder = '', days] = process.argv;
if (isChild === CHILD) {
  process.on('disconnect', () => process.exit(1));
  const [pem] = (await once(process, 'message')) as [string];
  const database = await openDatabase({ url: ownerUrl, maxConnections: 1, applicationName: 'falaj fault archivist' });
  process.send?.('ready');
  const privateKey = createPrivateKey(pem);
  const olderThanDays = Number(days);
  await archiveAuditLog(database, { workspaceId, olderThanDays, folder, privateKey, ownerUrl, actorId: 'p1' });
  process.exit(0);
}
