import type { Tensor } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { expect, it } from 'vitest';
import { MicroBatcher, type MicroBatcherOptions } from './micro-batcher.js';

const row = (...values: number[]): Tensor => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, values.length],
  data: Float32Array.from(values),
});
const doubled = (inputs: readonly Tensor[]): Tensor[] =>
  inputs.map((tensor) => ({ ...tensor, name: 'y', data: (tensor.data as Float32Array).map((value) => value * 2) }));

function batcher(options: Partial<MicroBatcherOptions<string>> = {}) {
  const runs: { rows: number; outputs: readonly string[]; contexts: readonly string[] }[] = [];
  const subject = new MicroBatcher<string>({
    batchable: true,
    maxBatchRows: 8,
    maxQueuedRows: 100,
    ...options,
    run: async (inputs, outputs, contexts) => {
      runs.push({ rows: inputs[0]?.shape[0] as number, outputs, contexts });
      return options.run === undefined ? doubled(inputs) : options.run(inputs, outputs, contexts);
    },
  });
  const submit = (tensor: Tensor, outputs: readonly string[] = [], signal?: AbortSignal) =>
    subject.submit({ inputs: [tensor], outputs, context: String((tensor.data as Float32Array)[0]), signal });
  return { subject, runs, submit };
}

it('runs what arrives together as one batch and gives each its own rows', async () => {
  const { subject, runs, submit } = batcher();
  const two = { ...row(3, 4), shape: [2, 1] };
  const answers = await Promise.all([submit(row(1)), submit(two), submit(row(9))]);
  expect(answers.map(([tensor]) => tensor)).toEqual([
    { ...row(2), name: 'y' },
    { ...row(6, 8), name: 'y', shape: [2, 1] },
    { ...row(18), name: 'y' },
  ]);
  expect(runs).toEqual([{ rows: 4, outputs: [], contexts: ['1', '3', '9'] }]);
  expect(subject.statistics()).toMatchObject({
    inferenceCount: 4,
    executionCount: 1,
    success: { count: 3 },
    queuedRows: 0,
  });
});

it('never exceeds maxBatchRows, except for one request that is larger', async () => {
  const { runs, submit } = batcher();
  const large = { ...row(...Array.from({ length: 11 }, (_, i) => i)), shape: [11, 1] };
  await Promise.all([...Array.from({ length: 20 }, (_, i) => submit(row(i))), submit(large)]);
  expect(runs.map(({ rows }) => rows)).toEqual([8, 8, 4, 11]);
});

it('collects while a run is in flight', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { runs, submit } = batcher({ run: async (inputs) => held.then(() => doubled(inputs)) });
  const first = submit(row(0));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const others = Array.from({ length: 5 }, (_, i) => submit(row(i)));
  release();
  await Promise.all([first, ...others]);
  expect(runs.map(({ rows }) => rows)).toEqual([1, 5]);
});

it('keeps other widths, datatypes and outputs apart', async () => {
  const { runs, submit } = batcher();
  const wide = { ...row(7), datatype: 'FP64' as const, data: Float64Array.of(7) };
  await Promise.all([
    submit(row(1)),
    submit(row(2, 2)),
    submit(row(3), ['y']),
    submit(wide),
    submit(row(4)),
    submit(row(5), ['y']),
  ]);
  expect(runs.map(({ contexts }) => contexts)).toEqual([['1', '4'], ['2'], ['3', '5'], ['7']]);
});

it('runs alone what cannot be batched', async () => {
  const { runs, submit } = batcher({ batchable: false });
  await Promise.all([submit(row(1)), submit(row(2))]);
  expect(runs.map(({ contexts }) => contexts)).toEqual([['1'], ['2']]);
});

it('isolates the request that fails a batch', async () => {
  const { runs, submit } = batcher({
    run: async (inputs) => {
      if (inputs.some(({ data }) => (data as Float32Array).includes(13)))
        throw new PlatformError('BAD_USER_INPUT', 'thirteen');
      return doubled(inputs);
    },
  });
  const results = await Promise.allSettled([submit(row(1)), submit(row(13)), submit(row(2))]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { message: 'thirteen' } });
  expect(runs.map(({ contexts }) => contexts.length)).toEqual([3, 1, 1, 1]);
});

it('does not ask a plugin that is down once more for each', async () => {
  const { runs, submit } = batcher({ run: () => Promise.reject(new PlatformError('PLUGIN_UNAVAILABLE', 'down')) });
  const results = await Promise.allSettled([submit(row(1)), submit(row(2))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(runs).toHaveLength(1);
});

it('answers nobody from an output that lacks the rows', async () => {
  const { submit } = batcher({
    run: async (inputs) => (inputs[0]?.shape[0] === 1 ? doubled(inputs) : [{ ...row(1), name: 'y' }]),
  });
  const answers = await Promise.all([submit(row(1)), submit(row(2))]);
  expect(answers.map(([tensor]) => tensor?.data)).toEqual([Float32Array.of(2), Float32Array.of(4)]);
});

it('refuses over its bound and serves again after', async () => {
  const { subject, submit } = batcher({ maxQueuedRows: 2 });
  const results = await Promise.allSettled([submit(row(1)), submit(row(2)), submit(row(3))]);
  expect(results[2]).toMatchObject({ reason: { code: 'RATE_LIMITED', retryAfterMs: 1000 } });
  expect(subject.statistics().queuedRows).toBe(0);
  await expect(submit(row(4))).resolves.toHaveLength(1);
});

it('drops only the caller that gives up', async () => {
  const { runs, submit } = batcher();
  const caller = new AbortController();
  const [dropped, kept] = [submit(row(1), [], caller.signal), submit(row(2))];
  caller.abort(new Error('gone'));
  await expect(dropped).rejects.toThrow('gone');
  await expect(kept).resolves.toHaveLength(1);
  expect(runs).toEqual([{ rows: 1, outputs: [], contexts: ['2'] }]);
  await expect(submit(row(3), [], caller.signal)).rejects.toThrow('gone');
});
