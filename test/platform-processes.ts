// The built platform as its operator runs it: one process, or one per role over HTTP, on a data directory of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const cli = join(root, 'packages/cli/dist/main.js');
const SUBGRAPHS = ['features', 'experiments', 'models', 'deployments', 'governance'];

export interface Processes {
  readonly url: string;
  readonly dataDirectory: string;
  /** SIGTERM to each, and wait until all are gone. */
  stop(): Promise<void>;
  /** SIGKILL to each. */
  kill(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function prepare(dataDirectory: string): void {
  mkdirSync(dataDirectory, { recursive: true });
  // The database runs as another user where this is root: it must be able to enter.
  for (const folder of [join(dataDirectory, '..'), dataDirectory]) chmodSync(folder, 0o755);
}

function launch(args: readonly string[], env: Record<string, string>): { child: ChildProcess; ready: Promise<string> } {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    env: { ...process.env, FALAJ_LOG_LEVEL: 'error', ...env },
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
    child.once('exit', (code) => reject(new Error(`falaj ${args.join(' ')} ended with ${code}: ${output}`)));
  });
  return { child, ready };
}

async function endAll(children: readonly ChildProcess[], signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    }),
  );
}

const ending = (children: readonly ChildProcess[]) => ({
  stop: () => endAll(children, 'SIGTERM'),
  kill: () => endAll(children, 'SIGKILL'),
});

/** Everything in one process. */
export async function startWhole(dataDirectory: string): Promise<Processes> {
  prepare(dataDirectory);
  const { child, ready } = launch(['start', '--port', '0'], { FALAJ_DATA_DIRECTORY: dataDirectory });
  return { url: await ready, dataDirectory, ...ending([child]) };
}

/** The gateway and each subgraph apart: six processes. */
export async function startSplit(dataDirectory: string): Promise<Processes> {
  prepare(dataDirectory);
  const gatewayPort = await freePort();
  const env: Record<string, string> = {
    FALAJ_DATA_DIRECTORY: dataDirectory,
    FALAJ_GATEWAY_URL: `http://127.0.0.1:${gatewayPort}`,
  };
  const launched: ReturnType<typeof launch>[] = [];
  for (const name of SUBGRAPHS) {
    const port = await freePort();
    env[`FALAJ_SUBGRAPH_${name.toUpperCase()}_URL`] = `http://127.0.0.1:${port}`;
    launched.push(launch(['start', '--role', `subgraph:${name}`, '--port', String(port)], env));
  }
  launched.push(launch(['start', '--role', 'gateway', '--port', String(gatewayPort)], env));
  const { stop, kill } = ending(launched.map(({ child }) => child));
  try {
    await Promise.all(launched.map(({ ready }) => ready));
    return { url: `http://127.0.0.1:${gatewayPort}`, dataDirectory, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A token of the platform administrator, as the command line prints it. */
export async function operatorTokenOf(dataDirectory: string): Promise<string> {
  const child = spawn(process.execPath, [cli, 'token'], {
    cwd: root,
    env: { ...process.env, FALAJ_LOG_LEVEL: 'error', FALAJ_DATA_DIRECTORY: dataDirectory },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'exit');
  return output.trim();
}

/** Command lines of running programs that name the folder: its database server, if there is one. */
export function programsOn(dataDirectory: string): string[] {
  const listing = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' });
  return listing.split('\n').filter((line) => line.includes(dataDirectory));
}
