// The portal's first page works as printed: its types generate, its files compile, and they talk to a live platform.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const modules = path.join(root, 'node_modules');
const falaj = path.join(root, 'packages/cli/dist/main.js');
const guide = readFileSync(path.join(root, 'docs/guides/query-from-a-portal.md'), 'utf8');
const blockOf = (language: string): string =>
  guide.match(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm'))?.[1] as string;

interface Session {
  url: string;
  token: string;
  workspace: string;
}

let portal: string;
let platform: ChildProcess | undefined;
let viewer: Session;

beforeAll(async () => {
  portal = mkdtempSync(path.join(tmpdir(), 'falaj-portal-'));
  // The embedded database may run as another user, who must be able to enter.
  chmodSync(portal, 0o755);
  symlinkSync(modules, path.join(portal, 'node_modules'), 'dir');
  copyFileSync(path.join(root, 'schema.graphql'), path.join(portal, 'schema.graphql'));
  for (const [, name = '', text = ''] of guide.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)) {
    mkdirSync(path.dirname(path.join(portal, name)), { recursive: true });
    writeFileSync(path.join(portal, name), text);
  }
  const codegen = path.join(modules, '@graphql-codegen/cli/cjs/bin.js');
  await run(process.execPath, [codegen, '--config', 'codegen.mjs'], { cwd: portal });
  await run(process.execPath, [path.join(modules, 'typescript/bin/tsc'), '-p', portal], { cwd: portal });
  const url = await startPlatform();
  const { stdout } = await run(process.execPath, [falaj, 'token'], { cwd: portal });
  viewer = await hireViewer({ url, token: stdout.trim(), workspace: 'platform' });
});

afterAll(async () => {
  if (platform && platform.exitCode === null) {
    const ended = new Promise((resolve) => platform?.once('exit', resolve));
    platform.kill('SIGTERM');
    await ended;
  }
  rmSync(portal, { recursive: true, force: true });
});

/** The project's own configuration with the guide's setting; `warn`, so that text passes beside ids. */
async function startPlatform(): Promise<string> {
  const config = readFileSync(path.join(root, 'falaj.config.ts'), 'utf8');
  const setting = blockOf('ts operator').replace("'enforce'", "'warn'");
  writeFileSync(path.join(portal, 'falaj.config.ts'), config.replace('  plugins: [', `  ${setting}  plugins: [`));
  const child = spawn(process.execPath, [falaj, 'start', '--port', '0'], { cwd: portal });
  platform = child;
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = output.match(/ready at (http:\S+)/)?.[1];
      if (url) resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`The platform did not start:\n${output}`)));
  });
}

async function send(session: Session, body: object): Promise<{ data?: Record<string, never>; errors?: unknown }> {
  const response = await fetch(new URL('/graphql', session.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${session.token}`,
      'x-falaj-workspace': session.workspace,
    },
    body: JSON.stringify(body),
  });
  return response.json() as ReturnType<typeof send>;
}

/** A workspace with one reader in it, made by the operator. */
async function hireViewer(operator: Session): Promise<Session> {
  const must = async <T>(session: Session, query: string): Promise<T> => {
    const answer = await send(session, { query });
    expect(answer.errors).toBeUndefined();
    return answer.data as T;
  };
  const made = await must<{ createWorkspace: { workspace: { id: string } } }>(
    operator,
    'mutation { createWorkspace(input: { name: "portal", allowedZones: ["AE"], defaultZone: "AE" }) { workspace { id } } }',
  );
  const session = { ...operator, workspace: made.createWorkspace.workspace.id };
  const hired = await must<{ createPrincipal: { principal: { id: string } } }>(
    session,
    'mutation { createPrincipal(input: { name: "reader", kind: USER, zone: "AE" }) { principal { id } } }',
  );
  const id = JSON.stringify(hired.createPrincipal.principal.id);
  await must(session, `mutation { grantRole(input: { principalId: ${id}, role: "viewer" }) { principal { id } } }`);
  const issued = await must<{ issueAccessToken: { token: string } }>(
    session,
    `mutation { issueAccessToken(input: { principalId: ${id}, ttlSeconds: 600 }) { token } }`,
  );
  return { ...session, token: issued.issueAccessToken.token };
}

/** Calls one function of the portal under plain Node; what it throws is answered as text. */
async function call(file: string, name: string, ...args: unknown[]): Promise<unknown> {
  const script = `
    const { ${name} } = await import(${JSON.stringify(path.join(portal, 'dist', file))});
    const answer = await ${name}(...${JSON.stringify(args)}, (line) => line).catch((error) => 'thrown: ' + error.message);
    console.log(JSON.stringify(answer));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return JSON.parse(stdout);
}

test('every code block of the page is one that this test uses', () => {
  expect([...guide.matchAll(/^```(\w.*)$/gm)].map(([, info]) => info)).toEqual([
    'sh',
    'js file=codegen.mjs',
    'json file=tsconfig.json',
    'json file=package.json',
    'ts file=src/operations.ts',
    'ts file=src/falaj.ts',
    'ts file=src/show-runs.ts',
    'ts file=src/follow-run.ts',
    'ts operator',
    'json body',
  ]);
});

test('a reader lists the runs of a workspace, and nobody does without a token that holds', async () => {
  expect(await call('show-runs.js', 'showRuns', viewer)).toEqual([]);
  expect(await call('show-runs.js', 'showRuns', { ...viewer, token: 'stale' })).toBe('thrown: Sign in again.');
});

test('an error is told by its code', async () => {
  expect(await call('show-runs.js', 'stopRun', viewer, 'run_none')).toBe('There is no such run.');
});

test('the stream tells of a run that is not there', async () => {
  expect(await call('follow-run.js', 'follow', viewer, 'run_none')).toBe('thrown: NOT_FOUND');
});

test('the generated ids stand for their documents', async () => {
  const manifest = readFileSync(path.join(portal, 'src/graph/persisted-documents.json'), 'utf8');
  const [id = ''] = Object.keys(JSON.parse(manifest) as Record<string, string>);
  const body = JSON.parse(blockOf('json body').replace('sha256:<hash>', id)) as object;
  expect(await send(viewer, body)).toMatchObject({ data: { runs: { edges: [] } } });
  expect(await send(viewer, { documentId: 'sha256:00', variables: {} })).toMatchObject({
    errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
  });
});
