import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, openCluster } from './cluster.js';
import { withDirectoryLock } from './directory-lock.js';
import { stopIfUnused } from './server.js';
import { watchUsers } from './users.js';

// The program that outlives the users of one embedded server and stops it after the last one, however that one ended.
// Arguments: data directory, milliseconds that the server stays up without a user.

const [, , directory = '', linger = '1000'] = process.argv;
const POLL_MS = 250;

async function watchUntilUnused(at: Cluster): Promise<void> {
  const watch = watchUsers(at.users);
  let lonelySince: number | undefined;
  for (;;) {
    await sleep(POLL_MS);
    if (!existsSync(at.users)) return;
    if (watch.anyUser()) {
      lonelySince = undefined;
      continue;
    }
    lonelySince ??= performance.now();
    if (performance.now() - lonelySince < Number(linger)) continue;
    // The read end stays open until the lock is held: a user who joins meanwhile is seen, one who comes later waits.
    const done = await withDirectoryLock(at.lock, async () => {
      if (!(await stopIfUnused(at, watch))) return false;
      watch.close();
      if (!at.sockets.startsWith(at.root)) rmSync(at.sockets, { recursive: true, force: true });
      return true;
      // Whatever went wrong, the duty stays: try again after another lonely while.
    }).catch(() => false);
    if (done) return;
    lonelySince = undefined;
  }
}

await watchUntilUnused(openCluster(directory));
