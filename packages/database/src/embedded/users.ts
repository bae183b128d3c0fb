import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { PlatformError } from '@falaj/runtime';

// Every process that uses the server holds the write end of one named pipe. The kernel closes it however the process
// ends, so "is anybody left?" needs neither process numbers nor heartbeats and survives kill -9.

const { O_WRONLY, O_RDONLY, O_NONBLOCK } = constants;

export function ensureUserPipe(path: string): void {
  if (existsSync(path)) return;
  const { status, stderr, error } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (status !== 0 && !existsSync(path))
    throw new PlatformError('CONFIG_INVALID', `No named pipe can be made at ${path}: ${error?.message ?? stderr}`);
}

/** Joins the users, or answers undefined while no watchdog holds the read end. */
export function joinUsers(path: string): { leave(): void } | undefined {
  try {
    const descriptor = openSync(path, O_WRONLY | O_NONBLOCK);
    let joined = true;
    return {
      leave() {
        if (joined) closeSync(descriptor);
        joined = false;
      },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}

export interface UserWatch {
  anyUser(): boolean;
  close(): void;
}

export function watchUsers(path: string): UserWatch {
  const descriptor = openSync(path, O_RDONLY | O_NONBLOCK);
  const buffer = Buffer.alloc(1);
  return {
    anyUser() {
      try {
        // End of file means that no write end is open; users never write.
        return readSync(descriptor, buffer) > 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return true;
        throw error;
      }
    },
    close: () => closeSync(descriptor),
  };
}
