import { existsSync, readFileSync } from 'node:fs';
import pg from 'pg';

/** Milliseconds of CPU spent so far; differences mean something, values do not. */
export type CpuClock = () => number;

/**
 * CPU of this process, all threads, and of the connections that it has now to a PostgreSQL on this machine. What else runs
 * here then hardly counts. Where Linux keeps no schedstat it is the time on the wall.
 */
export async function cpuClock(url: string): Promise<CpuClock> {
  if (!existsSync('/proc/self/schedstat')) return () => performance.now();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  );
  await client.end();
  return () => {
    const { user, system } = process.cpuUsage();
    // Nanoseconds on a processor come first: kernel.org/doc/html/latest/scheduler/sched-stats.html.
    const ofBackends = rows.map(
      ({ pid }) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    );
    return (user + system) / 1e3 + ofBackends.reduce((a, b) => a + b, 0);
  };
}
