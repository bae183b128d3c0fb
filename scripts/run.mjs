// The one door of every npm script: brings the installation and the build up to date, then runs the task under the
// project's own Node, whatever Node the machine has (>= 20). No dependency may be imported here: nothing is installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules/node/bin/node');
const bin = (name) => join(root, 'node_modules/.bin', name);
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules/node/bin')}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  // The default download fetches GPU libraries from a third party; the CPU ones are in the package.
  ONNXRUNTIME_NODE_INSTALL: process.env.ONNXRUNTIME_NODE_INSTALL ?? 'skip',
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

const [task = '', ...args] = process.argv.slice(2);

function fail(message, output = '') {
  process.stderr.write(`${output}\n${message}\n`);
  process.exit(1);
}

/** Runs a quiet step with one line of progress; its output is shown only when it fails. */
function step(label, command, argv) {
  const started = Date.now();
  const terminal = process.stdout.isTTY;
  process.stdout.write(terminal ? `${label} …` : `${label} …\n`);
  const result = spawnSync(command, argv, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) fail(`${label} failed.`, `${result.stdout ?? ''}${result.stderr ?? ''}`);
  const line = `${label} (${((Date.now() - started) / 1000).toFixed(1)} s)`;
  process.stdout.write(terminal ? `\r\u001b[K✓ ${line}\n` : `✓ ${line}\n`);
}

function install() {
  const marker = join(root, 'node_modules/.falaj-installed');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock && existsSync(node)) return;
  step('Installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!existsSync(node))
    fail(
      'The npm package `node` brought no binary for this platform; install Node 24 and link it at node_modules/node/bin/node.',
    );
  writeFileSync(marker, lock);
}

const build = () => step('Building', bin('turbo'), ['run', '//#build:all', '--ui=stream', '--output-logs=errors-only']);

/** Hands the terminal over; signals reach the child through the process group. */
function run(command, argv) {
  const child = spawn(command, argv, { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? (signal ? 1 : 0))));
}

const cli = (...argv) => run(node, [join(root, 'packages/cli/dist/main.js'), ...argv]);

const CHECKS = ['types', 'lint', 'directions', 'unused', 'schema'];

async function check() {
  const failed = [];
  for (const name of CHECKS) {
    const code = await run(bin('turbo'), [
      'run',
      `//#check:${name}`,
      '--ui=stream',
      '--output-logs=new-only',
      '--log-prefix=none',
    ]);
    if (code !== 0) failed.push(name);
    process.stdout.write(`${code === 0 ? '✓' : '✗'} check ${name}\n`);
  }
  return failed;
}

async function test() {
  const failedChecks = args.length === 0 ? await check() : [];
  const report = join(root, 'node_modules/.falaj-test.json');
  await run(node, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  const results = JSON.parse(readFileSync(report, 'utf8'));
  // A file that does not even load has no test to count: it counts as one failure.
  const broken = results.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const checks = args.length === 0 ? CHECKS.length : 0;
  const failed = results.numFailedTests + broken + failedChecks.length;
  process.stdout.write(`${results.numPassedTests + checks - failedChecks.length} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

const tasks = {
  demo: () => cli('demo', ...args),
  start: () => cli('start', ...args),
  falaj: () => cli(...args),
  dev: () =>
    run(node, [
      '--watch',
      '--watch-path=gateway/dist',
      '--watch-path=packages',
      '--watch-path=subgraphs',
      join(root, 'packages/cli/dist/main.js'),
      'start',
      ...args,
    ]),
  build: async () => 0,
  check: async () => ((await check()).length === 0 ? 0 : 1),
  test,
  bench: () => run(node, [join(root, 'test/dist/bench/run.js'), ...args]),
  faults: () => run(node, [join(root, 'test/dist/faults/run.js'), ...args]),
};

const chosen = tasks[task];
if (!chosen) fail(`Unknown task "${task}"; there are ${Object.keys(tasks).join(', ')}.`);
install();
build();
process.exit(await chosen());
