import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@falaj/runtime';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-table.js';

const WAIT_MS = 120_000;
let ticket = 0;

/** Runs `work` alone among all processes that lock this file. A lock whose owner died is taken over. */
export async function withDirectoryLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + WAIT_MS;
  while (!acquire(file)) {
    if (Date.now() > deadline)
      throw new PlatformError(
        'DATABASE_UNAVAILABLE',
        `Another process holds ${file} for more than ${WAIT_MS / 1000} s.`,
      );
    removeIfOwnerDied(file);
    await sleep(20);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A hard link appears at once and with its content, so nobody ever reads a half-written owner. */
function acquire(file: string): boolean {
  const mine = `${file}.${process.pid}.${++ticket}`;
  writeFileSync(mine, JSON.stringify(ownIdentity()), { mode: 0o600 });
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function owner(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/**
 * Only the holder of the guard may remove a dead owner's lock, and looks again while holding it: two starters that
 * both saw the dead owner would else remove each other's fresh locks.
 */
function removeIfOwnerDied(file: string): void {
  const seen = owner(file);
  if (seen === undefined || isRunning(seen)) return;
  const guard = `${file}.guard`;
  if (!acquire(guard)) {
    const keeper = owner(guard);
    if (keeper !== undefined && !isRunning(keeper) && ageMs(guard) > 1_000) rmSync(guard, { force: true });
    return;
  }
  const now = owner(file);
  if (now !== undefined && !isRunning(now)) rmSync(file, { force: true });
  rmSync(guard, { force: true });
}

function ageMs(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
