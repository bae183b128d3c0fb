// Commands of stages as real processes.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandRequest, LOG_KEPT, runCommand } from './pipeline-command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'falaj-command-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = (code: string, more: Partial<CommandRequest> = {}): CommandRequest => ({
  argv: ['node', '-e', code],
  environment: {},
  inputs: {},
  outputs: {},
  contract: { FALAJ_STAGE: 'own' },
  signal: new AbortController().signal,
  showLog: () => undefined,
  readArtifact: async () => Buffer.from('sealed'),
  writeArtifact: async (name, data) => ({
    artifact: name,
    digest: Buffer.from(data).toString('hex'),
    bytes: data.length,
  }),
  ...more,
});
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const gone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 200 && alive(pid); tries += 1) await sleep(50);
  return !alive(pid);
};
const pidIn = async (file: string): Promise<number> => {
  for (let tries = 0; tries < 400; tries += 1) {
    if (existsSync(file)) {
      const pid = Number(readFileSync(file, 'utf8'));
      if (pid > 0) return pid;
    }
    await sleep(25);
  }
  throw new Error('The command did not begin.');
};

describe('a command', () => {
  it('sees the contract and its own variables, and nothing else of the platform', async () => {
    process.env.FALAJ_SECRET_TEST = 'never';
    const code = `require('fs').writeFileSync(process.env.FALAJ_OUTPUTS, JSON.stringify({ names: Object.keys(process.env).sort() }))`;
    const { names } = await runCommand(request(code, { environment: { OWN: '1' }, outputs: { names: 'STRINGS' } }));
    delete process.env.FALAJ_SECRET_TEST;
    const allowed = [
      'PATH',
      'TZ',
      'LANG',
      'LC_ALL',
      'CUDA_VISIBLE_DEVICES',
      'OMP_NUM_THREADS',
      'OWN',
      'HOME',
      'TMPDIR',
      'FALAJ_STAGE',
      'FALAJ_INPUTS',
      'FALAJ_OUTPUTS',
      'FALAJ_OUTPUT_DIRECTORY',
    ];
    expect(names).toContain('OWN');
    expect((names as string[]).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('keeps only the last part of what it writes, and no NUL', async () => {
    let shown = '';
    await runCommand(
      request(`process.stdout.write('x'.repeat(100000) + '\\0end')`, { showLog: (tail) => (shown = tail) }),
    );
    expect(shown).toHaveLength(LOG_KEPT);
    expect(shown.endsWith('x\uFFFDend')).toBe(true);
  });

  it.each([
    ['exits otherwise', 'console.error("why"); process.exit(7)', {}, 'Command node ended with exit code 7: why'],
    ['dies of a signal', 'process.kill(process.pid, "SIGSEGV")', {}, 'Command node ended with signal SIGSEGV'],
    [
      'gives no output',
      '',
      { n: 'INTEGER' as const },
      'The command gave not what it declares: n: expected INTEGER in FALAJ_OUTPUTS, found nothing.',
    ],
    [
      'gives a wrong output',
      `require('fs').writeFileSync(process.env.FALAJ_OUTPUTS, '{"n":"1"}')`,
      { n: 'INTEGER' as const },
      'The command gave not what it declares: n: expected INTEGER, found "1".',
    ],
    [
      'writes no JSON',
      `require('fs').writeFileSync(process.env.FALAJ_OUTPUTS, '[')`,
      {},
      'The command gave not what it declares: FALAJ_OUTPUTS: expected a JSON object, found "[".',
    ],
    [
      'makes no file',
      '',
      { m: 'ARTIFACT' as const },
      'The command gave not what it declares: m: expected a file in FALAJ_OUTPUT_DIRECTORY, found none.',
    ],
  ])('that %s fails by name', async (_what, code, outputs, message) => {
    await expect(runCommand(request(code, { outputs }))).rejects.toMatchObject({ code: 'STAGE_FAILED', message });
  });

  it('that is not there fails by name', async () => {
    await expect(runCommand(request('', { argv: ['no-such-program'] }))).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: 'Command no-such-program ended with spawn no-such-program ENOENT',
    });
  });

  it('is not waited for by what it left running, and leaves nothing behind', async () => {
    const file = join(folder, 'left');
    const code = `const child = require('child_process').spawn('sleep', ['600'], { stdio: 'inherit' });
      require('fs').writeFileSync(${JSON.stringify(file)}, String(child.pid)); child.unref();`;
    await runCommand(request(code));
    expect(await gone(await pidIn(file))).toBe(true);
  });

  it('may end in order when it is asked to', async () => {
    const stop = new AbortController();
    let shown = '';
    const code = `process.on('SIGTERM', () => { console.log('closing'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000)`;
    const running = runCommand(
      request(code, {
        signal: stop.signal,
        showLog(tail) {
          shown = tail;
          if (tail.includes('up')) stop.abort(new Error('stopped'));
        },
      }),
    );
    await expect(running).rejects.toThrow('stopped');
    expect(shown).toBe('up\nclosing\n');
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)('goes with the platform when that gets %s', async (signal) => {
    const file = join(folder, signal);
    const module = pathToFileURL(join(import.meta.dirname, '../../dist/store/pipeline-command.js')).href;
    const program = join(folder, 'platform.mjs');
    const code = `process.on('SIGTERM', () => {}); require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`;
    writeFileSync(
      program,
      `import { runCommand } from ${JSON.stringify(module)};
       await runCommand({ argv: ['node', '-e', ${JSON.stringify(code)}], environment: {}, inputs: {}, outputs: {}, contract: {},
         signal: new AbortController().signal, showLog() {}, readArtifact() {}, writeArtifact() {} });`,
    );
    const platform = spawn(process.execPath, [program], { stdio: 'ignore' });
    const pid = await pidIn(file);
    expect(alive(pid)).toBe(true);
    platform.kill(signal);
    expect(await gone(pid)).toBe(true);
    platform.kill('SIGKILL');
  });
});
