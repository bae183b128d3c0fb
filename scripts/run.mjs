// The one door of every npm script: brings the installation and the build up to date, then runs the task under the
// project's own Node, whatever Node the machine has (>= 20). No dependency may be imported here: nothing is installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
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
  // Every platform that starts loads the same thousands of modules: compiled once, they load in half the time.
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

const [task = '', ...args] = process.argv.slice(2);

// The journey's lines are for people; ordinary log lines would stand between them.
if (task === 'demo') env.FALAJ_LOG_LEVEL ??= 'warn';

function fail(message) {
  process.stderr.write(`${message}\n`);
  if (task === 'test' || task === 'faults') process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}

/** Runs a quiet step with one line of progress; its output is shown only when it fails. */
function succeeds(label, command, argv) {
  const started = Date.now();
  const terminal = process.stderr.isTTY;
  if (terminal) process.stderr.write(`${label} …`);
  const result = spawnSync(command, argv, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const ok = result.status === 0;
  const line = `${ok ? '✓' : '✗'} ${label} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`;
  process.stderr.write(terminal ? `\r\u001b[K${line}` : line);
  if (!ok) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}\n`);
  return ok;
}

const turbo = (label, name) =>
  succeeds(label, bin('turbo'), ['run', `//#${name}`, '--ui=stream', '--output-logs=errors-only', '--log-prefix=none']);

/** Whether every package of the lock lies in node_modules in its version, and every workspace is linked there. */
function installed() {
  const packagesOf = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  const list = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, list)) || !existsSync(node)) return false;
  const there = packagesOf(list);
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, { version, link, optional }]) =>
      !path.includes('node_modules/') ||
      (link ? existsSync(join(root, path)) : optional || there[path]?.version === version),
  );
}

function install() {
  if (installed()) return;
  // Not `npm ci`: it refuses a lock without the optional packages of other platforms, which not every registry carries.
  const flags = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!succeeds('Installing packages', 'npm', flags)) fail('The packages could not be installed.');
  if (!existsSync(node)) {
    fail(
      'The package `node` has no binary for this platform; install Node 24 and link it at node_modules/node/bin/node.',
    );
  }
}

/** Hands the terminal over; signals reach the child through the process group. */
function run(command, argv) {
  const child = spawn(command, argv, { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? (signal ? 1 : 0))));
}

const cli = (...argv) => run(node, [join(root, 'packages/cli/dist/main.js'), ...argv]);

const CHECKS = ['types', 'lint', 'directions', 'unused', 'schema', 'licences'];

/** The checks that failed. */
const check = () => CHECKS.filter((name) => !turbo(`Checking ${name}`, `check:${name}`));

/** What vitest reported; a file that does not even load has no test to count: it counts as one failure. */
function countsOf(report) {
  let results = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    process.stderr.write('vitest ended without a whole report.\n');
  }
  const { numPassedTests, numFailedTests, testResults } = results;
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}

async function test() {
  const whole = args.length === 0;
  const failedChecks = whole ? check() : [];
  const report = join(root, 'node_modules/.falaj-test.json');
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run(node, [vitest, 'run', ...reporters, ...args]);
  const counts = countsOf(report);
  // vitest may fail without a failed test: it crashed, found no file, or saw an error outside of every test.
  const failed = Math.max(counts.failed, code === 0 ? 0 : 1) + failedChecks.length;
  const passed = counts.passed + (whole ? CHECKS.length - failedChecks.length : 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
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
  build: () => 0,
  check: () => (check().length === 0 ? 0 : 1),
  test,
  bench: () => run(node, [join(root, 'test/dist/bench/run.js'), ...args]),
  faults: () => run(node, [join(root, 'test/dist/faults/run.js'), ...args]),
};

const chosen = tasks[task];
if (!chosen) fail(`Unknown task "${task}"; there are ${Object.keys(tasks).join(', ')}.`);
install();
if (!turbo('Building', 'build:all')) fail('The build failed.');
process.exit(await chosen());
