// One command in a process group of its own: what it started ends with it, and with the platform's patience.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PluginError } from '@falaj/plugin-sdk';

export interface Command {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly maxMemoryBytes: number;
  readonly platformAccess: boolean;
}

const TAIL_BYTES = 4000;
const GRACE_MS = 2000;
const WATCH_MS = 500;

/**
 * Runs to the end; `onLine` gets each line of descriptor 3. Rejects with CANCELLED at an abort, BAD_INPUT for exit code 2, FAILED for
 * any other, with the end of what the command wrote to stderr.
 */
export async function runCommand(
  command: Command,
  folder: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onStart: (pid: number) => void,
  onLine: (line: string) => void,
): Promise<void> {
  const [program = '', ...rest] = command.argv;
  const child = spawn(program, rest, {
    cwd: folder,
    // Nothing of the platform's own environment: it may hold secrets.
    env: {
      PATH: process.env.PATH ?? '',
      LANG: 'C.UTF-8',
      HOME: folder,
      TMPDIR: folder,
      ...environment,
      ...command.environment,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let tail = Buffer.alloc(0);
  const [, , stderr, progress] = child.stdio as unknown as [null, null, Readable, Readable];
  stderr.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  createInterface({ input: progress }).on('line', onLine);

  let ended: PluginError | undefined;
  const end = (error: PluginError) => {
    if (ended) return;
    ended = error;
    killGroup(child.pid, 'SIGTERM');
    setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS).unref();
  };
  const cancel = () =>
    end(new PluginError('CANCELLED', 'The run was cancelled; its command was stopped.', { cause: signal.reason }));
  const timer = setTimeout(
    () =>
      end(
        new PluginError(
          'FAILED',
          `The command ran longer than its limit of ${command.timeoutSeconds} s and was stopped.`,
        ),
      ),
    command.timeoutSeconds * 1000,
  );
  const watch = setInterval(() => {
    const bytes = groupMemory(child.pid);
    if (bytes > command.maxMemoryBytes) {
      end(
        new PluginError(
          'FAILED',
          `The command used ${bytes} bytes of memory, its limit is ${command.maxMemoryBytes}; it was stopped.`,
        ),
      );
    }
  }, WATCH_MS);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('spawn', () => onStart(child.pid ?? 0));
      child.once('error', (cause) =>
        reject(
          new PluginError(
            'FAILED',
            `${program} could not be started: ${cause.message}. Is it installed where the platform runs?`,
            { cause },
          ),
        ),
      );
      child.once('close', (exit, killedBy) => resolve(exit ?? killedBy ?? 'unknown'));
    });
    if (ended) throw ended;
    if (code === 0) return;
    const said = tail.toString('utf8').trim();
    if (code === 2)
      throw new PluginError('BAD_INPUT', said.split('\n').at(-1) || 'The command refused its input without a word.');
    throw new PluginError('FAILED', `The command ended with ${code}. The end of its stderr:\n${said || '(nothing)'}`);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener('abort', cancel);
    // What it left behind in its group goes with it.
    killGroup(child.pid, 'SIGKILL');
  }
}

export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (!pid) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}

/** Resident bytes of a process group, 0 where /proc does not tell. */
function groupMemory(group: number | undefined): number {
  try {
    let pages = 0;
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const stat = statOf(Number(entry));
      if (stat && stat.group === group) pages += stat.residentPages;
    }
    return pages * 4096;
  } catch {
    return 0;
  }
}

/** Group, start and memory of a process; undefined if there is none. Fields of proc(5), after the name in parentheses. */
export function statOf(pid: number): { group: number; startTicks: number; residentPages: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { group: Number(fields[2]), startTicks: Number(fields[19]), residentPages: Number(fields[21]) };
  } catch {
    return undefined;
  }
}
