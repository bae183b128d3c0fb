// The built platform as its operator runs it: one process, or one per role over HTTP, on a data directory of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const root = rootAbove(import.meta.dirname);
const cli = join(root, 'packages/cli/dist/main.js');
/** Far above what a start takes, also where recovery comes first. */
const READY_MS = 60_000;
const SUBGRAPHS = ['features', 'experiments', 'models', 'deployments', 'governance'];

export interface Processes {
  readonly url: string;
  readonly dataDirectory: string;
  readonly pids: readonly number[];
  /** A signal to each, SIGTERM by default, and wait until all are gone. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<void>;
  /** SIGKILL to each. */
  kill(): Promise<void>;
}

/** One subgraph's process of a split platform. */
export interface SubgraphProcess {
  readonly pid: number;
  kill(): Promise<void>;
}

export interface SplitProcesses extends Processes {
  /** Of a subgraph's process, or `gateway`: where the others ask it. */
  address(role: string): string;
  /** The process that the gateway asks. */
  process(subgraph: string): SubgraphProcess;
  /** Another process of the role: on a port of its own, or where the gateway looks for it. */
  launch(subgraph: string, place: 'beside' | 'in place'): Promise<SubgraphProcess>;
}

/** Sources and built code lie at different depths. */
function rootAbove(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, 'falaj.config.ts'))) folder = dirname(folder);
  return folder;
}

/**
 * A port for a process that will listen seconds from now: below the range from which the system gives ports to connections
 * and to listeners without a wish, or one of those could take it meanwhile.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const [outcome] = await Promise.race([once(server, 'listening').then(() => ['free']), once(server, 'error')]);
    if (outcome !== 'free') continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

function prepare(dataDirectory: string): void {
  mkdirSync(dataDirectory, { recursive: true });
  // The database runs as another user where this is root: it must be able to enter.
  for (const folder of [dirname(dataDirectory), dataDirectory]) chmodSync(folder, 0o755);
}

/** As an operator's shell: a test runner's NODE_ENV is not the platform's. */
function environment(own: Record<string, string>): NodeJS.ProcessEnv {
  const { NODE_ENV: _, ...inherited } = process.env;
  return { ...inherited, FALAJ_LOG_LEVEL: 'error', ...own };
}

interface Launched {
  readonly child: ChildProcess;
  readonly ready: Promise<string>;
  /** What it printed so far. */
  readonly output: () => string;
}

function launch(args: readonly string[], env: Record<string, string>, configuration = root): Launched {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: configuration,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /ready at (\S+)/.exec(output)?.[1];
      if (url) resolve(url);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    const fail = (what: string) => reject(new Error(`falaj ${args.join(' ')} ${what}: ${output}`));
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    setTimeout(() => fail(`is not ready within ${READY_MS} ms`), READY_MS).unref();
  });
  // Several start at once: one that fails while another is awaited is no unhandled rejection.
  ready.catch(() => undefined);
  return { child, ready, output: () => output };
}

async function end(launched: readonly Launched[], signal: NodeJS.Signals): Promise<void> {
  await Promise.all(
    launched.map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    }),
  );
}

const handle = (launched: readonly Launched[]) => ({
  get pids() {
    return launched.flatMap(({ child }) => child.pid ?? []);
  },
  stop: (signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM') => end(launched, signal),
  kill: () => end(launched, 'SIGKILL'),
});

async function allReady(launched: readonly Launched[]): Promise<string> {
  try {
    const urls = await Promise.all(launched.map(({ ready }) => ready));
    return urls.at(-1) ?? '';
  } catch (error) {
    await end(launched, 'SIGKILL');
    throw error;
  }
}

/** Everything in one process; `configuration`: folder of another falaj.config.ts. */
export async function startWhole(
  dataDirectory: string,
  { configuration, env = {} }: { configuration?: string; env?: Record<string, string> } = {},
): Promise<Processes & { readonly output: () => string }> {
  prepare(dataDirectory);
  const launched = launch(['start', '--port', '0'], { FALAJ_DATA_DIRECTORY: dataDirectory, ...env }, configuration);
  const url = await allReady([launched]);
  return Object.assign(handle([launched]), { url, dataDirectory, output: launched.output });
}

export interface SplitOptions {
  /** Folder of another falaj.config.ts. */
  readonly configuration?: string;
  /** Subgraphs with a process of their own; the others run beside the gateway. By default all: six processes. */
  readonly apart?: readonly string[];
  /** Folder of the certificates, where the configuration has the processes ask each other by mutual TLS. */
  readonly certificates?: string;
  readonly env?: Record<string, string>;
}

/** The gateway and subgraphs apart from it. */
export async function startSplit(
  dataDirectory: string,
  { configuration = root, apart = SUBGRAPHS, certificates, env: more = {} }: SplitOptions = {},
): Promise<SplitProcesses> {
  prepare(dataDirectory);
  const gatewayPort = await freePort();
  const internalPort = certificates ? await freePort() : gatewayPort;
  const address = (port: number) => `${certificates ? 'https' : 'http'}://127.0.0.1:${port}`;
  const env: Record<string, string> = {
    FALAJ_DATA_DIRECTORY: dataDirectory,
    FALAJ_GATEWAY_URL: address(internalPort),
    FALAJ_INTERNAL_PORT: String(internalPort),
    ...(certificates ? { FALAJ_TEST_CERTIFICATES: certificates } : {}),
    ...more,
  };
  const ports = new Map<string, number>();
  for (const name of apart) {
    const port = await freePort();
    ports.set(name, port);
    env[`FALAJ_SUBGRAPH_${name.toUpperCase()}_URL`] = address(port);
  }
  const launched: Launched[] = [];
  const processes = new Map<string, SubgraphProcess>();
  const launchSubgraph = (name: string, port: number): Launched => {
    const one = launch(['start', '--role', `subgraph:${name}`, '--port', String(port)], env, configuration);
    launched.push(one);
    return one;
  };
  for (const [name, port] of ports) processes.set(name, only(launchSubgraph(name, port)));
  const beside = SUBGRAPHS.filter((name) => !apart.includes(name)).map((name) => `subgraph:${name}`);
  launched.push(launch(['start', '--role', 'gateway', ...beside, '--port', String(gatewayPort)], env, configuration));
  const url = await allReady(launched);
  return Object.assign(handle(launched), {
    url,
    dataDirectory,
    address: (role: string) => address(role === 'gateway' ? internalPort : known(ports, role)),
    process: (name: string) => known(processes, name),
    async launch(name: string, place: 'beside' | 'in place') {
      const one = launchSubgraph(name, place === 'beside' ? await freePort() : known(ports, name));
      await one.ready;
      if (place === 'in place') processes.set(name, only(one));
      return only(one);
    },
  });
}

const only = (launched: Launched): SubgraphProcess => ({
  pid: launched.child.pid ?? 0,
  kill: () => end([launched], 'SIGKILL'),
});

function known<T>(of: ReadonlyMap<string, T>, name: string): T {
  const found = of.get(name);
  if (found === undefined) throw new Error(`There is no subgraph ${name}.`);
  return found;
}

/** A token of the platform administrator, as the command line prints it. */
export async function operatorTokenOf(dataDirectory: string): Promise<string> {
  const child = spawn(process.execPath, [cli, 'token'], {
    cwd: root,
    env: environment({ FALAJ_DATA_DIRECTORY: dataDirectory }),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'exit');
  return output.trim();
}

/** A command of the CLI on the data directory, run to its end. */
export async function runCli(
  dataDirectory: string,
  ...args: string[]
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    env: environment({ FALAJ_DATA_DIRECTORY: dataDirectory }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return { exitCode: child.exitCode, output };
}

const listing = (columns: string) => execFileSync('ps', ['-A', '-o', columns], { encoding: 'utf8' }).split('\n');

/** Command lines of running programs that name the folder: its database server, if there is one. */
export function programsOn(dataDirectory: string): string[] {
  return listing('args=').filter((line) => line.includes(dataDirectory));
}

/** Running processes below the given ones, such as plugins in processes of their own. */
export function descendantsOf(pids: readonly number[]): number[] {
  const pairs = listing('pid=,ppid=').map((line) => line.trim().split(/\s+/).map(Number));
  const found = new Set(pids);
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const [pid = 0, parent = 0] of pairs) if (found.has(parent)) found.add(pid);
  }
  return [...found].filter((pid) => !pids.includes(pid));
}

/** Of the given processes, those that still run. */
export function stillRunning(pids: readonly number[]): number[] {
  const running = new Set(
    listing('pid=,stat=').flatMap((line) => {
      const [pid, state = 'Z'] = line.trim().split(/\s+/);
      return state.startsWith('Z') ? [] : [Number(pid)];
    }),
  );
  return pids.filter((pid) => running.has(pid));
}
