// A folder per training, 0700 and gone afterwards. What a killed platform left is cleared at the next start, its process too.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Matrix, TrainingParameter, TrainRequest } from '@falaj/contracts';
import { killGroup, statOf } from './command.js';
import { writeNpy } from './npy.js';

export interface RunFolder {
  readonly path: string;
  readonly output: string;
  started(pid: number): void;
  remove(): void;
}

export function createRunFolder(directory: string): RunFolder {
  const folder = path.join(directory, 'runs', randomUUID());
  const output = path.join(folder, 'output');
  mkdirSync(output, { recursive: true, mode: 0o700 });
  return {
    path: folder,
    output,
    started: (pid) => {
      const startTicks = statOf(pid)?.startTicks ?? 0;
      writeFileSync(path.join(folder, 'process.json'), JSON.stringify({ pid, startTicks }), { mode: 0o600 });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function clearLeftRuns(directory: string): void {
  const runs = path.join(directory, 'runs');
  mkdirSync(runs, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(runs)) {
    const folder = path.join(runs, name);
    try {
      const { pid, startTicks } = JSON.parse(readFileSync(path.join(folder, 'process.json'), 'utf8')) as {
        pid: number;
        startTicks: number;
      };
      // Another process may bear the number by now; only the same start is the same process.
      if (startTicks > 0 && statOf(pid)?.startTicks === startTicks) killGroup(pid, 'SIGKILL');
    } catch {
      // It never started.
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `request.json` and the arrays that it names. */
export async function writeRequest(
  { path: folder }: RunFolder,
  request: TrainRequest,
  parameters: Readonly<Record<string, TrainingParameter>>,
): Promise<void> {
  const write = (name: string, bytes: Uint8Array | string) =>
    writeFile(path.join(folder, name), bytes, { mode: 0o600 });
  const matrix = async (name: string, { rows, columns, values }: Matrix) => {
    await write(name, writeNpy(values, [rows, columns.length]));
    return name;
  };
  const labels = async (name: string, values: Float32Array) => {
    await write(name, writeNpy(values, [values.length]));
    return name;
  };
  const { validation, holdout } = request;
  await write(
    'request.json',
    JSON.stringify({
      version: 1,
      task: request.task,
      ...(request.classes === undefined ? {} : { classes: request.classes }),
      columns: request.features.columns,
      parameters,
      seed: request.seed,
      features: await matrix('features.npy', request.features),
      labels: await labels('labels.npy', request.labels),
      ...(validation
        ? {
            validationFeatures: await matrix('validation-features.npy', validation.features),
            validationLabels: await labels('validation-labels.npy', validation.labels),
          }
        : {}),
      ...(holdout ? { holdout: await matrix('holdout.npy', holdout) } : {}),
    }),
  );
}
