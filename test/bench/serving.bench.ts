/**
 * What one-row inference costs: (a) over HTTP, beside the cheapest server that Node can be; (b) in process, beside the
 * runtime's own large batches. Inputs rotate, rounds interleave, and the best round of each side counts: what disturbs a
 * round only ever makes it slower.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Call, ServingV1 } from '@falaj/contracts';
import plugin from '@falaj/plugin-serving-onnx';
import { denseModel } from '@falaj/plugin-serving-onnx/testing';
import trainerPlugin from '@falaj/plugin-trainer-gbdt';
import { anonymous } from '@falaj/runtime';
import { createInferenceHandler, createServedModel, type ServedModel } from '@falaj/subgraph-deployments/inference';
import * as runtime from 'onnxruntime-node';
import type { Figure } from './figure.js';
import { load } from './http-load.js';

const WIDTH = 20;
const MODEL = [WIDTH, 64, 32, 1];
const CONNECTIONS = 32;
const CALLERS = 64;
const RAW_BATCH = 256;
const ROUNDS = 10;
const HTTP_ROUND_MS = 600;
const PROCESS_ROUND_MS = 300;
const ROTATION = 512;

export async function run(): Promise<Figure[]> {
  return [
    { name: 'serving.one-row-json-cpu', value: await httpRatio(), unit: 'x', op: '<=', bar: 2.0 },
    { name: 'serving.micro-batched-throughput', value: await throughputRatio(), unit: 'x', op: '>=', bar: 0.4 },
  ];
}

// (a) -------------------------------------------------------------------------------------------------------------

async function httpRatio(): Promise<number> {
  const servers = await Promise.all([startServer('floor'), startServer('falaj')]);
  try {
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
    for (let round = 0; round < ROUNDS; round++) {
      best[0] = Math.min(best[0], await cpuPerRequest(servers[0]));
      best[1] = Math.min(best[1], await cpuPerRequest(servers[1]));
    }
    return best[1] / best[0];
  } finally {
    for (const { child } of servers) child.disconnect();
  }
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startServer(kind: 'floor' | 'falaj'): Promise<Server> {
  const child = fork(fileURLToPath(import.meta.url), [SERVE, kind]);
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

async function cpuPerRequest({ child, port }: Server): Promise<number> {
  const before = await askCpu(child);
  const answers = await load(port, HTTP_ROUND_MS, requests(), CONNECTIONS);
  return ((await askCpu(child)) - before) / answers;
}

async function askCpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [cpu] = (await once(child, 'message')) as [number];
  return cpu;
}

const requests = (): string[] =>
  rotation().map((row, index) => {
    const body = `{"id":"${index}","inputs":[{"name":"features","shape":[1,${WIDTH}],"datatype":"FP32","data":[${row.join(',')}]}]}`;
    return `POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });

async function serve(kind: string): Promise<void> {
  const server = kind === 'floor' ? floorServer() : createServer(await inferenceHandler());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on('disconnect', () => process.exit());
  process.send?.((server.address() as AddressInfo).port);
}

function floorServer() {
  const answer = Buffer.from(
    '{"model_name":"m","model_version":"1","id":"1","outputs":[{"name":"probability","datatype":"FP32","shape":[1,1],"data":[0.5123456]}]}',
  );
  return createServer((request, response) => {
    request.on('data', () => {});
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
    });
  });
}

async function inferenceHandler() {
  const { model } = await openModel(denseModel(MODEL));
  return createInferenceHandler({
    authenticate: async () => anonymous,
    models: { list: async () => [], resolve: async () => model },
    ready: async () => true,
    limits: { maxBodyBytes: 1_000_000, bodyTimeoutMs: 10_000, inferTimeoutMs: 10_000 },
  });
}

// (b) -------------------------------------------------------------------------------------------------------------

/**
 * Trees as Falaj's own trainer makes them, 100 of 31 leaves. A tiny dense net would measure only the fixed cost of a run:
 * there 64 rows take two thirds of the time of 256, so 64 callers cannot come near the raw rate whatever a batcher does.
 */
async function treeModel(): Promise<Uint8Array> {
  const trainer = await trainerPlugin.open({}, host);
  const rows = 4000;
  const values = Float32Array.from({ length: rows * WIDTH }, (_, i) => Math.sin(i * 12.9898) * 2);
  const labels = Float32Array.from({ length: rows }, (_, row) => {
    const at = (column: number) => values[row * WIDTH + column] as number;
    return Number(at(0) * at(1) + at(2) ** 2 - at(3) > 1);
  });
  const columns = Array.from({ length: WIDTH }, (_, column) => `c${column}`);
  const request = { task: 'binary' as const, features: { rows, columns, values }, labels, parameters: {}, seed: 1 };
  const { model } = await trainer.train(request, { ...call, report() {} });
  await trainer.close();
  return model;
}

async function throughputRatio(): Promise<number> {
  const bytes = await treeModel();
  const { model, serving } = await openModel(bytes);
  const session = await runtime.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  let raw = 0;
  let batched = 0;
  for (let round = 0; round < ROUNDS; round++) {
    raw = Math.max(raw, await rawRowsPerSecond(session));
    batched = Math.max(batched, await batchedRowsPerSecond(model));
  }
  await session.release();
  await serving.close();
  return batched / raw;
}

async function rawRowsPerSecond(session: runtime.InferenceSession): Promise<number> {
  const rows = rotation();
  const batches = Array.from({ length: 16 }, (_, batch) => {
    const values = new Float32Array(RAW_BATCH * WIDTH);
    for (let row = 0; row < RAW_BATCH; row++)
      values.set(rows[(batch * 37 + row) % ROTATION] as Float32Array, row * WIDTH);
    return values;
  });
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < PROCESS_ROUND_MS; count++) {
    const values = batches[count % batches.length] as Float32Array;
    await session.run({ features: new runtime.Tensor('float32', values, [RAW_BATCH, WIDTH]) });
  }
  return (count * RAW_BATCH) / (performance.now() - start);
}

async function batchedRowsPerSecond(model: ServedModel): Promise<number> {
  const rows = rotation();
  const context = { principal: anonymous, signal: undefined, id: undefined };
  const shape = [1, WIDTH];
  const start = performance.now();
  let over = false;
  setTimeout(() => {
    over = true;
  }, PROCESS_ROUND_MS);
  let next = 0;
  const caller = async () => {
    let count = 0;
    for (; !over; count++) {
      const data = rows[next++ % ROTATION] as Float32Array;
      await model.infer([{ name: 'features', datatype: 'FP32', shape, data }], [], context);
    }
    return count;
  };
  const counts = await Promise.all(Array.from({ length: CALLERS }, caller));
  return counts.reduce((sum, count) => sum + count, 0) / (performance.now() - start);
}

// -----------------------------------------------------------------------------------------------------------------

const log = { debug() {}, info() {}, warn() {}, error() {} };
const host = { clock: Date.now, log, directory: '', secret: () => '' };
const call: Call = {
  signal: new AbortController().signal,
  log,
  principal: 'bench',
  workspace: 'bench',
  zone: '',
  traceparent: '',
  idempotencyKey: '',
};

async function openModel(bytes: Uint8Array): Promise<{ model: ServedModel; serving: ServingV1 }> {
  const serving = await plugin.open({ devices: ['cpu'], execution: 'inline' }, host);
  const loaded = await serving.load({ handle: 'm', format: 'onnx', model: bytes }, call);
  return {
    serving,
    model: createServedModel({ name: 'm', version: '1', versions: ['1'], loaded, serving, call: () => call }),
  };
}

/** Rows that differ: the same row again would let the branch predictor learn its path. */
function rotation(): readonly Float32Array[] {
  return Array.from({ length: ROTATION }, (_, row) =>
    Float32Array.from({ length: WIDTH }, (_, column) => Number(Math.sin(row * 31 + column * 7).toFixed(4))),
  );
}

const SERVE = '--serve';
if (process.argv[2] === SERVE) await serve(process.argv[3] as string);
