// Real commands: the pure Python example, and small scripts that misbehave in every way that a command can.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TrainProgress, TrainRequest } from '@falaj/contracts';
import { conformance, createFakeHost, type FakeHost, fakeCall } from '@falaj/plugin-testing';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statOf } from './command.js';
import plugin from './index.js';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const example = (name: string) => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const linear = {
  argv: ['python3', example('linear.py')],
  parameters: { epochs: 60, learningRate: 0.05, batchSize: 32 },
};
const COLUMNS = ['a', 'b'];

const request = (change: Partial<TrainRequest> = {}): TrainRequest => {
  const values = Float32Array.from({ length: 400 }, (_, n) => Math.sin(n * 12.9898) * 5 + (n % 2) * 1000);
  return {
    task: 'binary',
    features: { rows: 200, columns: COLUMNS, values },
    labels: Float32Array.from({ length: 200 }, (_, row) => Number((values[row * 2] as number) > 0)),
    holdout: { rows: 20, columns: COLUMNS, values: values.slice(0, 40) },
    parameters: {},
    seed: 5,
    ...change,
  };
};

let host: FakeHost;
beforeEach(async () => {
  host = await createFakeHost();
});
afterEach(() => host.remove());

/** A trainer whose only command is a script of this text. */
async function scripted(text: string, change: Record<string, unknown> = {}) {
  await mkdir(host.directory, { recursive: true });
  const script = path.join(host.directory, 'script.py');
  await writeFile(script, text);
  return plugin.open({ commands: { script: { argv: ['python3', script], ...change } } }, host);
}
const leftovers = () => readdirSync(path.join(host.directory, 'runs'));

describe.skipIf(!hasPython)('conformance, with the example without packages', () => {
  it.each(conformance(plugin, { config: { commands: { linear } } }).map((each) => [each.id, each] as const))(
    '%s',
    (_, each) => each.run(),
    60_000,
  );
});

describe.skipIf(!hasPython)('a run', () => {
  it('hands back a model that ONNX Runtime reads to the same numbers, missing values among them', async () => {
    const trainer = await plugin.open({ commands: { linear } }, host);
    for (const task of ['binary', 'multiclass', 'regression'] as const) {
      const of = request({ task, ...(task === 'multiclass' ? { classes: 2 } : {}) });
      for (let n = 0; n < 40; n += 7) (of.holdout as { values: Float32Array }).values[n] = Number.NaN;
      const result = await trainer.train(of, fakeCall());
      const session = await InferenceSession.create(Buffer.from(result.model));
      const features = new Tensor('float32', of.holdout?.values as Float32Array, [20, 2]);
      const answer = (await session.run({ [result.input.name]: features }))[result.output.name] as Tensor;
      expect(answer.dims).toEqual([20, result.output.width]);
      const largest = Math.max(
        ...Array.from(answer.data as Float32Array, (value, n) =>
          Math.abs(value - (result.holdoutPredictions?.[n] ?? 9)),
        ),
      );
      expect(largest, task).toBeLessThanOrEqual(1e-5);
      expect(result.parameters).toEqual({ command: 'linear', epochs: 60, learningRate: 0.05, batchSize: 32 });
    }
    expect(leftovers()).toEqual([]);
  });

  it('keeps the best step by the validation rows', async () => {
    const trainer = await plugin.open({ commands: { linear } }, host);
    const seen: TrainProgress[] = [];
    const { features, labels } = request();
    const result = await trainer.train(
      request({ validation: { features, labels } }),
      fakeCall({ report: (progress) => seen.push(progress) }),
    );
    const losses = seen.map(({ metrics }) => metrics.validationLoss ?? 9);
    expect(losses).toHaveLength(60);
    expect(result.bestStep).toBe(losses.indexOf(Math.min(...losses)) + 1);
  });

  it('sees its own variables and nothing of the platform', async () => {
    process.env.FALAJ_TEST_SECRET = 'hunter2';
    try {
      const trainer = await scripted(
        'import os, sys, json\nsys.stderr.write(json.dumps(dict(os.environ)))\nsys.exit(1)',
        {
          environment: { MODE: 'fast' },
        },
      );
      const error = await trainer.train(request(), fakeCall()).catch((fault: Error) => fault);
      const environment = JSON.parse((error as Error).message.split('\n').at(-1) ?? '') as Record<string, string>;
      const contract = [
        'FALAJ_REQUEST',
        'FALAJ_OUTPUT',
        'FALAJ_PROGRESS_FD',
        'FALAJ_SEED',
        'HOME',
        'TMPDIR',
        'LANG',
        'MODE',
        'PATH',
      ];
      expect(Object.keys(environment)).toEqual(expect.arrayContaining(contract));
      // Shells and version switches of Python in between add their own.
      const others = Object.keys(environment).filter((name) => !/^_?(PYTHON|PYENV|LC_|SHLVL|PWD|OLDPWD|_$)/.test(name));
      expect(others.toSorted()).toEqual(contract.toSorted());
      expect(JSON.stringify(environment)).not.toContain('hunter2');
    } finally {
      delete process.env.FALAJ_TEST_SECRET;
    }
  });

  it('that is cancelled takes its whole group with it', async () => {
    const note = path.join(host.directory, 'grandchild');
    const trainer = await scripted(
      `import subprocess, time\nchild = subprocess.Popen(["sleep", "600"])\nopen(${JSON.stringify(note)}, "w").write(str(child.pid))\ntime.sleep(600)`,
    );
    const controller = new AbortController();
    const run = trainer.train(request(), fakeCall({ signal: controller.signal }));
    while (!existsSync(note) || (await readFile(note, 'utf8')) === '') await wait(20);
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    const grandchild = Number(await readFile(note, 'utf8'));
    // A killed process whose parent is gone may stay for a moment until it is reaped.
    for (let n = 0; n < 100 && (statOf(grandchild)?.residentPages ?? 0) > 0; n++) await wait(20);
    expect(statOf(grandchild)?.residentPages ?? 0).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it.each([
    [
      'ends with an error',
      'import sys\nprint("no such thing", file=sys.stderr)\nsys.exit(3)',
      {},
      'FAILED',
      /ended with 3.*no such thing/s,
    ],
    [
      'refuses its input',
      'import falaj_trainer\nfalaj_trainer.refuse("too few rows")',
      {},
      'BAD_INPUT',
      /^too few rows$/,
    ],
    ['leaves no model', 'pass', {}, 'FAILED', /model\.onnx/],
    ['is killed', 'import os\nos.kill(os.getpid(), 9)', {}, 'FAILED', /SIGKILL/],
    ['runs too long', 'import time\ntime.sleep(60)', { timeoutSeconds: 1 }, 'FAILED', /longer than its limit of 1 s/],
    [
      'takes too much memory',
      'import time\nx = b"1" * 200_000_000\ntime.sleep(60)',
      { maxMemoryBytes: 100_000_000 },
      'FAILED',
      /bytes of memory, its limit is 100000000/,
    ],
    [
      'links its model elsewhere',
      'import os\nos.symlink("/etc/passwd", os.environ["FALAJ_OUTPUT"] + "/model.onnx")',
      {},
      'FAILED',
      /model\.onnx/,
    ],
    [
      'lies about its predictions',
      'import falaj_trainer as f\nf.save(f.load(), b"x", [0.5])',
      {},
      'FAILED',
      /found 1 values, expected 20/,
    ],
    [
      'invents a column',
      'import falaj_trainer as f\nf.save(f.load(), b"x", [0.5] * 20, {"zzz": 1.0})',
      {},
      'FAILED',
      /"zzz", which is no column/,
    ],
  ])('that %s says so', async (_, text, change, code, message) => {
    const trainer = await scripted(text, change);
    await expect(trainer.train(request(), fakeCall())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(leftovers()).toEqual([]);
  });

  it('left by a killed platform is ended and cleared at the next start', async () => {
    const sleeper = spawnSync('sh', ['-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $!']);
    let pid = Number(sleeper.stdout.toString());
    // setsid may fork: the sleeper is the leader of its own group.
    for (let n = 0; n < 50 && statOf(pid)?.group !== pid; n++) await wait(20);
    if (statOf(pid)?.group !== pid) pid += 1;
    const folder = path.join(host.directory, 'runs', 'left');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'process.json'), JSON.stringify({ pid, startTicks: statOf(pid)?.startTicks }));
    await plugin.open({ commands: { linear } }, host);
    expect(leftovers()).toEqual([]);
    for (let n = 0; n < 100 && (statOf(pid)?.residentPages ?? 0) > 0; n++) await wait(20);
    expect(statOf(pid)?.residentPages ?? 0).toBe(0);
  });
});

it('names a command and a parameter that are not there, and a value of another type', async () => {
  const trainer = await plugin.open({ commands: { linear } }, host);
  const refused = (parameters: TrainRequest['parameters']) =>
    trainer.train(request({ parameters }), fakeCall()).catch((error: Error) => error.message);
  expect(await refused({ command: 'rm' })).toMatch(/"command" is "rm"; allowed: linear/);
  expect(await refused({ depth: 3 })).toMatch(/"depth"; allowed for linear: epochs, learningRate, batchSize/);
  expect(await refused({ epochs: 'many' })).toMatch(/"epochs" is "many"; allowed: a number/);
  await expect(plugin.open({ commands: {} }, host)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

it('a program that is not installed is told by name', async () => {
  const trainer = await plugin.open({ commands: { none: { argv: ['falaj-no-such-program'] } } }, host);
  await expect(trainer.train(request(), fakeCall())).rejects.toMatchObject({
    code: 'FAILED',
    message: expect.stringMatching(/falaj-no-such-program could not be started/),
  });
});
