// Sixteen writers of audited changes and two sequencers, killed at random for a while on an embedded PostgreSQL with durable
// writes: every committed change has exactly one record, the log has no gap and verifies, and one byte flipped behind its
// back is named by its place. Then the rate at which committed records enter the signed log.
import { type ChildProcess, fork } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { auditMigrations, recordAudit, sequenceAudit, verifyAuditLog } from '@falaj/audit';
import { clientOf, type Database, migrate, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import pg from 'pg';
import { randomFrom } from '../random.js';

const CHILD = 'audit-child';
const WRITERS = 16;
const SEQUENCERS = 2;
const KILLS = 40;
const BULK = 60_000;
const scope = { workspaceId: 'w1', zones: ['AE'], principalId: 'p1' };

interface Worker {
  readonly role: 'writer' | 'sequencer';
  readonly child: ChildProcess;
}

function startWorker(role: Worker['role'], url: string, key: string, acknowledged: Set<string>): Worker {
  const child = fork(fileURLToPath(import.meta.url), [CHILD, role, url], {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, FALAJ_LOG_LEVEL: 'fatal' },
  });
  child.send(key);
  child.on('message', (id) => acknowledged.add(String(id)));
  return { role, child };
}

async function kill({ child }: Worker): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

export async function run(seed: number): Promise<{ passed: number; failed: number }> {
  const base = mkdtempSync(join(tmpdir(), 'falaj-faults-audit-'));
  // Run by root, the server runs as another user, who must be able to enter.
  chmodSync(base, 0o711);
  const server = await startEmbeddedPostgres({ dataDirectory: join(base, 'database') });
  const workers: Worker[] = [];
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const acknowledged = new Set<string>();
  try {
    await migrate(server, [auditMigrations]);
    await asOwner(
      server.url,
      "create schema work; create table work.change (workspace_id text not null, zone text not null, id text not null); select falaj.protect('work.change')",
    );
    const database = await openDatabase({ url: server.url });
    const begin = (role: Worker['role']) => workers.push(startWorker(role, server.url, key, acknowledged));
    for (let n = 0; n < WRITERS; n++) begin('writer');
    for (let n = 0; n < SEQUENCERS; n++) begin('sequencer');
    const random = randomFrom(seed);
    while (acknowledged.size < 100) await sleep(50);
    for (let n = 0; n < KILLS; n++) {
      await sleep(50 + random() * 300);
      const place = Math.floor(random() * workers.length);
      const [victim] = workers.splice(place, 1);
      if (!victim) continue;
      await kill(victim);
      begin(victim.role);
    }
    await Promise.all(workers.map(kill));
    const faults = await judge(server.url, database, privateKey, acknowledged);
    const rate = await sequencingRate(database, privateKey);
    await database.close();
    for (const { what, found } of faults.filter(({ holds }) => !holds))
      console.log(`     seed ${seed}: ${what}: ${found}`);
    const failed = faults.filter(({ holds }) => !holds).length;
    console.log(
      `${failed === 0 ? 'ok  ' : 'FAIL'} audit: ${WRITERS} writers and ${SEQUENCERS} sequencers, ${KILLS} killed; ` +
        faults.map(({ what, found }) => `${what} ${found}`).join(', '),
    );
    console.log(`     sequenced ${BULK} records at ${Math.round(rate)} a second`);
    return { passed: faults.length - failed, failed };
  } finally {
    await Promise.all(workers.map(kill));
    await server.stop();
    rmSync(base, { recursive: true, force: true });
  }
}

async function asOwner(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const results = await client.query(text);
    return (Array.isArray(results) ? results.at(-1) : results).rows;
  } finally {
    await client.end();
  }
}

interface Finding {
  readonly what: string;
  readonly found: number | string;
  readonly holds: boolean;
}

async function judge(
  url: string,
  database: Database,
  key: KeyObject,
  acknowledged: ReadonlySet<string>,
): Promise<Finding[]> {
  const one = async (text: string) => Number((await asOwner(url, text))[0]?.n);
  const verified = () => database.inWorkspace(scope, (tx) => verifyAuditLog(tx, scope.workspaceId, key));
  // Sessions of the killed may still be ending, and hold back what is settled.
  while ((await one('select count(*) - (select count(*) from audit.leaf) as n from audit.record')) > 0) {
    await sequenceAudit(database, key);
    await sleep(20);
  }
  const there = new Set((await asOwner(url, 'select id from work.change')).map(({ id }) => String(id)));
  const lost = [...acknowledged].filter((id) => !there.has(id)).length;
  const zero = (what: string, found: number): Finding => ({ what, found, holds: found === 0 });
  const intact = await verified();
  const findings: Finding[] = [
    { what: 'changes', found: there.size, holds: there.size > 1_000 },
    zero('acknowledged and lost', lost),
    zero(
      'changes without exactly one record',
      await one(
        `select count(*) as n from (select c.id from work.change c left join audit.record r on r.subject_id = c.id
       group by c.id having count(r.id) <> 1) as wrong`,
      ),
    ),
    zero(
      'records without their change',
      await one(
        'select count(*) as n from audit.record r where not exists (select from work.change c where c.id = r.subject_id)',
      ),
    ),
    zero('gaps', await one('select max(seq) + 1 - count(*) as n from audit.leaf')),
    zero('faults in the intact log', intact.faults.length + (intact.intact ? 0 : 1)),
  ];
  const seq = Math.floor(there.size / 2);
  await asOwner(
    url,
    `alter table audit.record disable trigger user;
     update audit.record r set request_id = overlay(request_id placing chr(ascii(request_id) # 1) from 1 for 1)
       from audit.leaf l where l.record_id = r.record_id and l.seq = ${seq};
     alter table audit.record enable trigger user`,
  );
  const [fault, ...others] = (await verified()).faults;
  const named = fault?.kind === 'CHANGED' && fault.seq === seq && others.length === 0;
  findings.push({
    what: `one flipped bit at ${seq}`,
    found: named ? 'named' : JSON.stringify(fault ?? null),
    holds: named,
  });
  return findings;
}

/** Records a second, of a log of its own that was written before. */
async function sequencingRate(database: Database, key: KeyObject): Promise<number> {
  await database.asSystem((tx) =>
    clientOf(tx).query(
      `insert into audit.record (workspace_id, actor_id, actor_kind, action, subject_type, subject_id, outcome, request_id, details)
       select 'w' || n % 4, 'p1', 'USER', 'createThing', 'Thing', 'bulk_' || n, 'SUCCEEDED', 'r' || n, '{"zone": "AE", "rows": 2}'
       from generate_series(1, ${BULK}) as n`,
    ),
  );
  const started = performance.now();
  let sequenced = 0;
  while (sequenced < BULK) sequenced += await sequenceAudit(database, key);
  return sequenced / ((performance.now() - started) / 1_000);
}

async function beWriter(database: Database): Promise<never> {
  for (let n = 0; ; n++) {
    const id = `${process.pid}-${Date.now()}-${n}`;
    await database.inWorkspace(scope, async (tx) => {
      await clientOf(tx).query('insert into work.change values ($1, $2, $3)', ['w1', 'AE', id]);
      await recordAudit(tx, {
        workspaceId: 'w1',
        actorId: 'p1',
        actorKind: 'USER',
        action: 'change',
        subjectType: 'Change',
        subjectId: id,
        outcome: 'SUCCEEDED',
        reason: null,
        requestId: id,
        traceId: null,
        policyVersion: 1,
        details: { n },
      });
    });
    process.send?.(id);
  }
}

async function beSequencer(database: Database, key: KeyObject): Promise<never> {
  for (;;) {
    await sequenceAudit(database, key);
    await sleep(10);
  }
}

const [, , isChild, role, url = ''] = process.argv;
if (isChild === CHILD) {
  process.on('disconnect', () => process.exit(1));
  const [pem] = (await once(process, 'message')) as [string];
  const database = await openDatabase({ url, maxConnections: 1, applicationName: `falaj fault ${role}` });
  await (role === 'writer' ? beWriter(database) : beSequencer(database, createPrivateKey(pem)));
}
