import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@falaj/runtime';
import { runProgram } from './binaries.js';
import { type Cluster, own } from './cluster.js';
import { processesOfCluster, servesCluster } from './process-table.js';
import type { UserWatch } from './users.js';

const ATTEMPTS = 50;
/** Above every process number that Linux or macOS hands out, so never alive. */
const NEVER_A_PROCESS = '2147483646';

const pidFile = ({ cluster }: Cluster): string => join(cluster, 'postmaster.pid');

function recordedPid(at: Cluster): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile(at), 'utf8').split('\n')[0]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The postmaster's process number, or undefined where none of ours runs. */
export function runningServer(at: Cluster): number | undefined {
  const pid = recordedPid(at);
  return pid !== undefined && servesCluster(pid, at.cluster) ? pid : undefined;
}

/**
 * A recorded number that now belongs to a zombie or to a foreign program would make PostgreSQL refuse to start.
 * Only the number is replaced: the rest of the file lets PostgreSQL itself check that no orphaned backend still has
 * the shared memory, which deleting the file would skip at the price of the data.
 */
function retireRecordedPid(at: Cluster): void {
  const pid = recordedPid(at);
  if (pid === undefined || String(pid) === NEVER_A_PROCESS || servesCluster(pid, at.cluster)) return;
  const [, ...rest] = readFileSync(pidFile(at), 'utf8').split('\n');
  writeFileSync(pidFile(at), [NEVER_A_PROCESS, ...rest].join('\n'));
}

/** Starts the server, or adopts the one that runs. Call under the directory lock. */
export async function startServer(at: Cluster): Promise<{ pid: number; adopted: boolean }> {
  closeSync(openSync(at.log, 'a', 0o600));
  own(at.log, at.account);
  let last = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const adopted = runningServer(at) !== undefined;
    // pg_ctl waits until connections are accepted; on an adopted server its status file says so.
    if (adopted && (await isReady(at))) return { pid: runningServer(at) ?? 0, adopted };
    if (!adopted) {
      retireRecordedPid(at);
      const { code, output } = await runProgram(
        'pg_ctl',
        ['start', '-D', at.cluster, '-w', '-t', '60', '-s', '-l', at.log],
        at.account,
      );
      const pid = runningServer(at);
      if (code === 0 && pid !== undefined) return { pid, adopted: false };
      last = output;
    }
    await sleep(200);
  }
  const log = readFileSync(at.log, 'utf8').slice(-1_500);
  throw new PlatformError(
    'DATABASE_UNAVAILABLE',
    `The embedded PostgreSQL in ${at.root} does not start: ${last}\n${log}`,
  );
}

/** The eighth line of postmaster.pid is the server's own word on its state. */
async function isReady(at: Cluster): Promise<boolean> {
  try {
    return readFileSync(pidFile(at), 'utf8').split('\n')[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** Stops the server unless somebody uses it. Call under the directory lock. Answers whether nobody was left. */
export async function stopIfUnused(at: Cluster, watch: UserWatch): Promise<boolean> {
  if (watch.anyUser()) return false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (runningServer(at) !== undefined) {
      const mode = attempt < 2 ? 'fast' : 'immediate';
      await runProgram('pg_ctl', ['stop', '-D', at.cluster, '-m', mode, '-w', '-t', '20', '-s'], at.account);
      // A starter that was killed may have left a pg_ctl whose server is not recorded yet.
    } else if (processesOfCluster(at.cluster).length === 0) return true;
    await sleep(100);
  }
  throw new PlatformError(
    'DATABASE_UNAVAILABLE',
    `The embedded PostgreSQL in ${at.root} does not stop; see ${at.log}.`,
  );
}
