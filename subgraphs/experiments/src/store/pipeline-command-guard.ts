// Stands between the platform and the command of a stage, as leader of the command's process group: when the platform
// dies, however suddenly, the lifeline on stdin closes and the whole group with it; when the platform stands still for so
// long that another process may take its run over, no beat comes on it and the group ends too. So no orphan works on beside
// the next attempt. Says on descriptor 3 how the command ended. Knows nothing but node.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error: string | null;
}

const endGroup = (): void => {
  process.kill(-process.pid, 'SIGKILL');
};
const report = (end: CommandEnd): void => {
  try {
    writeSync(3, JSON.stringify(end));
  } finally {
    endGroup();
  }
};

// The group's signals are for the command: this process waits for its end.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

const [silence, program = '', ...args] = process.argv.slice(2);
const stoodStill = () =>
  report({ code: null, signal: null, error: `the platform standing still for ${Number(silence) / 1000} s` });
let watch = setTimeout(stoodStill, Number(silence));
process.stdin
  .on('data', () => {
    clearTimeout(watch);
    watch = setTimeout(stoodStill, Number(silence));
  })
  .on('end', endGroup)
  .on('error', endGroup);

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.on('error', (error) => report({ code: null, signal: null, error: error.message }));
child.on('exit', (code, signal) => report({ code, signal, error: null }));
