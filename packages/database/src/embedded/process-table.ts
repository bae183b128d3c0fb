import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process number alone is not an identity, for the system uses it again: the start time makes it one. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

const linux = process.platform === 'linux';

function ps(pid: number, column: string): string {
  return spawnSync('ps', ['-o', `${column}=`, '-ww', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

/** Fields of /proc/<pid>/stat from the third on; the second, the name, may itself hold blanks and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** When the process started, or undefined where it is gone or a zombie. */
function startTime(pid: number): string | undefined {
  if (!linux) {
    const state = ps(pid, 'stat');
    return state === '' || state.startsWith('Z') ? undefined : ps(pid, 'lstart');
  }
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

export const ownIdentity = (): ProcessIdentity => ({ pid: process.pid, startedAt: startTime(process.pid) ?? '' });

export const isRunning = (identity: ProcessIdentity): boolean => startTime(identity.pid) === identity.startedAt;

function commandLine(pid: number): string[] {
  if (!linux) return ps(pid, 'command').split(' ');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

const programs = /(^|\/)(postgres|pg_ctl)$/;

/** True for a live postmaster, or pg_ctl starting one, of this cluster; false for a recycled number or a zombie. */
export function servesCluster(pid: number, cluster: string): boolean {
  if (startTime(pid) === undefined) return false;
  const [program = '', ...args] = commandLine(pid);
  if (!programs.test(program)) return false;
  return linux ? args.includes(cluster) : args.join(' ').includes(cluster);
}

export function processesOfCluster(cluster: string): number[] {
  const pids = linux
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    : spawnSync('ps', ['-axo', 'pid='], { encoding: 'utf8' }).stdout.split('\n');
  return pids.map(Number).filter((pid) => pid > 0 && servesCluster(pid, cluster));
}
