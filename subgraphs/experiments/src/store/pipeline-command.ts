// Runs the command of a stage in a process group of its own: an environment without anything of the platform, a folder
// that is gone afterwards, output kept to its last part.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '@falaj/runtime';
import type { Value, Values, ValueType } from '../domain/pipeline/definition.js';
import { type Artifact, isArtifact, isOfType } from '../domain/pipeline/stage-types.js';
import type { CommandEnd } from './pipeline-command-guard.js';

// From `src` (tests) and from `dist` alike, the guard runs built.
const GUARD = fileURLToPath(new URL('../../dist/store/pipeline-command-guard.js', import.meta.url));

/** Between the request to end and the end. */
const GRACE_MS = 3_000;
/** Shorter than what is left of a run's lease (10 s, renewed every 3 s) when its process stands still. */
const LONGEST_SILENCE_MS = 6_000;
const BEAT_MS = 1_000;
const LAST_OUTPUT_MS = 1_000;
export const LOG_KEPT = 16_384;
const LARGEST_OUTPUTS = 262_144;
const LARGEST_ARTIFACT = 1_073_741_824;
const SHOW_EVERY_MS = 500;
/** A command sees nothing of the platform's environment but these. */
const INHERITED = ['PATH', 'TZ', 'LANG', 'LC_ALL', 'CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS'];

export interface CommandRequest {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly inputs: Values;
  readonly outputs: Readonly<Record<string, ValueType>>;
  /** Variables of the contract beside those of the folder, e.g. `FALAJ_STAGE`. */
  readonly contract: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The last part of what it wrote, both streams as they came. */
  showLog(tail: string): void;
  readArtifact(artifact: Artifact): Promise<Uint8Array>;
  writeArtifact(name: string, data: Uint8Array): Promise<Artifact>;
}

/** The declared outputs and `exitCode`. Throws STAGE_FAILED with the end of its output; rejects with the signal's reason. */
export async function runCommand(request: CommandRequest): Promise<Values> {
  const folder = await mkdtemp(join(tmpdir(), 'falaj-command-'));
  try {
    await prepareFolder(folder, request);
    const { end, tail } = await execute(folder, request);
    request.signal.throwIfAborted();
    if (end.error !== null || end.code !== 0) throw commandFailed(request.argv[0] ?? '', end, tail);
    return { ...(await collect(folder, request)), exitCode: 0 };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function commandFailed(program: string, end: CommandEnd, tail: string): PlatformError {
  const how = end.error ?? (end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`);
  const last = tail.trim().split('\n').at(-1);
  return new PlatformError(
    'STAGE_FAILED',
    `Command ${program} ended with ${how}${last ? `: ${last.slice(0, 500)}` : ''}`,
    {
      details: { reason: 'COMMAND', program, exitCode: end.code, signal: end.signal },
    },
  );
}

async function prepareFolder(folder: string, { inputs, readArtifact }: CommandRequest): Promise<void> {
  for (const name of ['inputs', 'outputs', 'tmp']) await mkdir(join(folder, name));
  const shown: Record<string, Value> = {};
  for (const [name, value] of Object.entries(inputs)) {
    shown[name] = value;
    if (!isArtifact(value)) continue;
    const path = join(folder, 'inputs', encodeURIComponent(name));
    await writeFile(path, await readArtifact(value));
    shown[name] = { path, digest: value.digest, bytes: value.bytes };
  }
  await writeFile(join(folder, 'inputs.json'), JSON.stringify(shown));
}

async function execute(folder: string, request: CommandRequest): Promise<{ end: CommandEnd; tail: string }> {
  const { argv, signal } = request;
  signal.throwIfAborted();
  const inherited = INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name] as string]] : []));
  const child = spawn(process.execPath, [GUARD, String(LONGEST_SILENCE_MS), ...argv], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(inherited),
      ...request.environment,
      ...request.contract,
      HOME: folder,
      TMPDIR: join(folder, 'tmp'),
      FALAJ_INPUTS: join(folder, 'inputs.json'),
      FALAJ_OUTPUTS: join(folder, 'outputs.json'),
      FALAJ_OUTPUT_DIRECTORY: join(folder, 'outputs'),
    },
  });
  const output = watchOutput(child, request.showLog);
  const said: Buffer[] = [];
  child.stdio[3]?.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin?.on('error', () => undefined);
  const beats = setInterval(() => child.stdin?.write('.'), BEAT_MS);
  const stop = stopper(child);
  signal.addEventListener('abort', stop.ask, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => resolve());
      // A process that left the group may hold the output open: it is not waited for.
      child.on('exit', () => setTimeout(resolve, LAST_OUTPUT_MS));
    });
  } finally {
    signal.removeEventListener('abort', stop.ask);
    stop.done();
    clearInterval(beats);
  }
  for (const stream of child.stdio) stream?.destroy();
  const tail = output.end();
  const text = Buffer.concat(said).toString('utf8');
  if (text === '') return { end: { code: null, signal: 'SIGKILL', error: null }, tail };
  return { end: JSON.parse(text) as CommandEnd, tail };
}

/** Asks the whole group to end, and ends it when it does not. */
function stopper(child: ChildProcess): { ask(): void; done(): void } {
  let timer: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  return {
    ask() {
      send('SIGTERM');
      timer = setTimeout(() => send('SIGKILL'), GRACE_MS);
    },
    done: () => clearTimeout(timer),
  };
}

function watchOutput(child: ChildProcess, show: (tail: string) => void): { end(): string } {
  let kept = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  // PostgreSQL keeps no NUL in a text.
  const tail = () => kept.toString('utf8').replaceAll('\0', '\uFFFD');
  const take = (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-LOG_KEPT);
    timer ??= setTimeout(() => {
      timer = undefined;
      show(tail());
    }, SHOW_EVERY_MS);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return {
    end() {
      clearTimeout(timer);
      if (kept.length > 0) show(tail());
      return tail();
    },
  };
}

async function collect(folder: string, { outputs, writeArtifact }: CommandRequest): Promise<Values> {
  const told = await readOutputs(join(folder, 'outputs.json'));
  const collected: Record<string, Value> = {};
  for (const [name, type] of Object.entries(outputs)) {
    if (type === 'ARTIFACT') {
      const path = join(folder, 'outputs', name);
      const size = await stat(path).then(
        (found) => (found.isFile() ? found.size : -1),
        () => -1,
      );
      if (size < 0) throw contractBroken(name, 'a file in FALAJ_OUTPUT_DIRECTORY', 'none');
      if (size > LARGEST_ARTIFACT) throw contractBroken(name, `at most ${LARGEST_ARTIFACT} bytes`, `${size} bytes`);
      collected[name] = { ...(await writeArtifact(name, await readFile(path))) };
      continue;
    }
    const value = told[name];
    if (value === undefined) throw contractBroken(name, `${type} in FALAJ_OUTPUTS`, 'nothing');
    if (!isOfType(value, type)) throw contractBroken(name, type, JSON.stringify(value).slice(0, 80));
    collected[name] = value;
  }
  return collected;
}

async function readOutputs(path: string): Promise<Values> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  if (text.length > LARGEST_OUTPUTS)
    throw contractBroken(
      'FALAJ_OUTPUTS',
      `at most ${LARGEST_OUTPUTS} characters`,
      `${text.length}; hand back an ARTIFACT`,
    );
  try {
    const read = JSON.parse(text) as Value;
    if (isOfType(read, 'OBJECT')) return read as Values;
  } catch {
    // Said below.
  }
  throw contractBroken('FALAJ_OUTPUTS', 'a JSON object', JSON.stringify(text.slice(0, 80)));
}

const contractBroken = (output: string, wanted: string, found: string): PlatformError =>
  new PlatformError(
    'STAGE_FAILED',
    `The command gave not what it declares: ${output}: expected ${wanted}, found ${found}.`,
    {
      details: { reason: 'OUTPUTS', output, wanted, found },
    },
  );
