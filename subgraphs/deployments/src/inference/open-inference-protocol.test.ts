/** The protocol over a real server on loopback, with the real plugin. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Call, OnlineStoreV1, ServingV1, Tensor } from '@falaj/contracts';
import plugin from '@falaj/plugin-serving-onnx';
import { denseModel } from '@falaj/plugin-serving-onnx/testing';
import { anonymous, PlatformError, type Principal } from '@falaj/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInferenceHandler } from './open-inference-protocol.js';
import { createServedModel, type ServedModel } from './served-model.js';

const WIDTH = 3;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const call = { signal: new AbortController().signal, log } as unknown as Call;
let server: Server;
let base: string;
let serving: ServingV1;
let up = true;
const models = new Map<string, ServedModel>();

beforeAll(async () => {
  serving = await plugin.open({ devices: ['cpu'] }, { clock: Date.now, log, directory: '', secret: () => '' });
  const loaded = await serving.load({ handle: 'm', format: 'onnx', model: denseModel([WIDTH, 4, 1]) }, call);
  const shared = { version: '2', versions: ['1', '2'], loaded, serving, call: () => call };
  const online: Pick<OnlineStoreV1, 'read'> = {
    read: async ({ requests }) =>
      requests.map(({ keys }) =>
        keys.map((key) => (key === '["AUH"]' ? { key, eventTime: 0, values: [0.25, 0.5] } : null)),
      ),
  };
  const views = [{ view: 'v', version: 1, columns: ['a', 'b'].map((name) => ({ name, type: 'FLOAT64' as const })) }];
  const column = (feature: string) => ({
    kind: 'view' as const,
    view: 'v',
    version: 1,
    feature,
    keys: [{ name: 'airport' }],
    ttlSeconds: null,
  });
  const columns = [column('b'), column('a'), { kind: 'request' as const, function: 'WEEKDAY' as const }];
  models.set('m', createServedModel({ ...shared, name: 'm' }));
  models.set(
    'planned',
    createServedModel({
      ...shared,
      name: 'planned',
      features: { plan: { entityKeys: ['airport'], columns, views }, online },
    }),
  );
  models.set('loading', createServedModel({ ...shared, name: 'loading', ready: () => false }));
  models.set('slow', createServedModel({ ...shared, name: 'slow', serving: { infer: () => new Promise(() => {}) } }));
  const broken = () => Promise.reject(new TypeError('secret path'));
  models.set('broken', createServedModel({ ...shared, name: 'broken', serving: { infer: broken } }));
  const full = () => Promise.reject(new PlatformError('RATE_LIMITED', 'busy', { retryAfterMs: 1500 }));
  models.set('full', createServedModel({ ...shared, name: 'full', serving: { infer: full } }));

  const handler = createInferenceHandler({
    async authenticate(request): Promise<Principal> {
      if (request.headers.authorization === 'Bearer ok') return anonymous;
      throw new PlatformError('UNAUTHENTICATED', 'No valid credential.');
    },
    models: {
      list: async () => [{ name: 'm', version: '2', ready: true }],
      async resolve(_, name, version) {
        if (name === 'forbidden') throw new PlatformError('FORBIDDEN', 'Not yours.');
        const model = models.get(name);
        if (model === undefined || (version !== undefined && !model.versions.includes(version))) {
          throw new PlatformError('NOT_FOUND', `No model "${name}".`);
        }
        return model;
      },
    },
    ready: async () => up,
    limits: { maxBodyBytes: 10_000, bodyTimeoutMs: 150, inferTimeoutMs: 150 },
  });
  server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await serving.close();
});

const http = (path: string, init: RequestInit = {}) =>
  fetch(base + path, { ...init, headers: { authorization: 'Bearer ok', ...(init.headers as Record<string, string>) } });
interface Answer {
  readonly error: string;
  readonly outputs: readonly { readonly data: readonly number[] }[];
  readonly model_stats: readonly {
    readonly execution_count: number;
    readonly inference_count: number;
    readonly inference_stats: { readonly success: { readonly count: number } };
  }[];
}
const jsonOf = async (answer: Response | Promise<Response>) => (await (await answer).json()) as Answer;
const rowsOf = (count: number): Tensor => ({
  name: 'features',
  datatype: 'FP32',
  shape: [count, WIDTH],
  data: Float32Array.from({ length: count * WIDTH }, (_, i) => Math.sin(i)),
});
const body = (tensor: Tensor, more: object = {}) =>
  JSON.stringify({ inputs: [{ ...tensor, data: Array.from(tensor.data as Float32Array) }], ...more });
const infer = (model: string, text: string | Uint8Array, headers: Record<string, string> = {}) =>
  http(`/v2/models/${model}/infer`, {
    method: 'POST',
    body: text as string,
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('infer', () => {
  it('answers JSON, binary and in process alike', async () => {
    const tensor = rowsOf(5);
    const [direct] = await serving.infer({ handle: 'm', inputs: [tensor] }, call);
    const json = await (await infer('m', body(tensor, { id: 'a "quoted" id' }))).json();
    expect(json).toEqual({
      model_name: 'm',
      model_version: '2',
      id: 'a "quoted" id',
      outputs: [
        { name: 'probability', datatype: 'FP32', shape: [5, 1], data: Array.from(direct?.data as Float32Array) },
      ],
    });
    const { data, ...head } = tensor;
    const inputs = [{ ...head, parameters: { binary_data_size: 60 } }];
    const jsonPart = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
    const bytes = Buffer.concat([jsonPart, Buffer.from((data as Float32Array).buffer)]);
    const answer = await infer('m', bytes, {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(jsonPart.length),
    });
    const split = Number(answer.headers.get('inference-header-content-length'));
    const raw = Buffer.from(await answer.arrayBuffer());
    expect(JSON.parse(raw.toString('utf8', 0, split)).outputs[0].parameters).toEqual({ binary_data_size: 20 });
    expect(new Float32Array(new Uint8Array(raw.subarray(split)).buffer)).toEqual(direct?.data);
  });

  it('batches what arrives together and gives everyone the own answer', async () => {
    const tensors = Array.from({ length: 24 }, (_, i) => ({ ...rowsOf(1), data: Float32Array.of(i, -i, i / 7) }));
    const answers = await Promise.all(tensors.map((tensor) => jsonOf(infer('m', body(tensor)))));
    for (const [i, tensor] of tensors.entries()) {
      const [direct] = (await serving.infer({ handle: 'm', inputs: [tensor] }, call)) as [Tensor];
      expect(answers[i]?.outputs[0]?.data[0]).toBeCloseTo(direct.data[0] as number, 6);
    }
    const { model_stats } = await jsonOf(http('/v2/models/m/stats'));
    expect(model_stats[0]?.execution_count).toBeLessThan(model_stats[0]?.inference_count ?? 0);
    expect(model_stats[0]?.inference_stats.success.count).toBeGreaterThanOrEqual(24);
  });

  it('joins entity keys, or takes the raw rows', async () => {
    const keys = [
      { name: 'airport', datatype: 'BYTES', shape: [1], data: ['AUH'] },
      { name: 'event_time', datatype: 'BYTES', shape: [1], data: ['2026-02-02T00:00:00Z'] },
    ];
    const joined = await jsonOf(infer('planned', JSON.stringify({ inputs: keys })));
    const raw = await (await infer('planned', body({ ...rowsOf(1), data: Float32Array.of(0.5, 0.25, 1) }))).json();
    expect(joined).toEqual(raw);
    expect(joined.outputs[0]?.data).toHaveLength(1);
    expect(await (await http('/v2/models/planned')).json()).toMatchObject({
      inputs: [{ name: 'airport', datatype: 'BYTES', shape: [-1] }],
      properties: { raw_input: expect.stringContaining('features FP32') },
    });
  });

  it.each<[string, string, string, number, string]>([
    ['an unknown model', 'nobody', body(rowsOf(1)), 404, 'NOT_FOUND'],
    ['an unknown version', 'm/versions/9', body(rowsOf(1)), 404, 'NOT_FOUND'],
    ['a forbidden model', 'forbidden', body(rowsOf(1)), 403, 'FORBIDDEN'],
    ['a model that loads', 'loading', body(rowsOf(1)), 503, 'PRECONDITION_FAILED'],
    ['a slow model', 'slow', body(rowsOf(1)), 504, 'PLUGIN_TIMEOUT'],
    ['a full model', 'full', body(rowsOf(1)), 429, 'RATE_LIMITED'],
    ['no body', 'm', '', 400, 'BAD_USER_INPUT'],
    ['broken JSON', 'm', '{', 400, 'BAD_USER_INPUT'],
    ['a wrong width', 'm', body({ ...rowsOf(1), shape: [WIDTH, 1] }), 400, 'BAD_USER_INPUT'],
    ['another datatype than the signature', 'm', body({ ...rowsOf(1), datatype: 'FP64' }), 400, 'BAD_USER_INPUT'],
    ['an input that the signature lacks', 'm', body({ ...rowsOf(1), name: 'zz' }), 400, 'BAD_USER_INPUT'],
    ['another rank than the signature', 'm', body({ ...rowsOf(1), shape: [WIDTH] }), 400, 'BAD_USER_INPUT'],
    ['an unknown output', 'm', body(rowsOf(1), { outputs: [{ name: 'q' }] }), 400, 'BAD_USER_INPUT'],
    ['a large body', 'm', ' '.repeat(10_001), 413, 'PAYLOAD_TOO_LARGE'],
    ['a fault', 'broken', body(rowsOf(1)), 500, 'INTERNAL'],
  ])('answers %s with an error', async (_, model, text, status, code) => {
    const answer = await infer(model, text);
    const { error, ...rest } = await jsonOf(answer);
    expect({ status: answer.status, code: answer.headers.get('x-falaj-error-code'), rest }).toEqual({
      status,
      code,
      rest: {},
    });
    expect(error).toEqual(expect.any(String));
    expect(error).not.toContain('secret');
    if (status === 429) expect(answer.headers.get('retry-after')).toBe('2');
  });

  it('refuses other content types, and binary without its header', async () => {
    for (const type of ['text/plain', 'application/octet-stream']) {
      expect((await infer('m', body(rowsOf(1)), { 'content-type': type })).status).toBe(400);
    }
  });

  it('closes a connection whose body never ends, and survives one that breaks off', async () => {
    const port = (server.address() as AddressInfo).port;
    const head =
      'POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ok\r\nContent-Length: 50\r\n\r\n{';
    const slow = connect(port, '127.0.0.1').setEncoding('utf8');
    slow.write(head);
    let answer = '';
    slow.on('data', (chunk) => {
      answer += chunk;
    });
    const gone = connect(port, '127.0.0.1');
    gone.write(head);
    setTimeout(() => gone.destroy(), 20);
    await once(slow, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect((await infer('m', body(rowsOf(1)))).status).toBe(200);
  });
});

describe('metadata and health', () => {
  it.each<[string, unknown]>([
    ['/v2', { name: 'falaj', version: '2', extensions: ['binary_tensor_data', 'statistics'] }],
    ['/v2/', { name: 'falaj', version: '2', extensions: ['binary_tensor_data', 'statistics'] }],
    ['/v2/health/live', { live: true }],
    ['/v2/health/ready', { ready: true, live: true }],
    ['/v2/models', { models: [{ name: 'm', version: '2', ready: true }] }],
    ['/v2/models/m/ready', { name: 'm', ready: true }],
    ['/v2/models/m/versions/1/ready?x=1', { name: 'm', ready: true }],
    [
      '/v2/models/m',
      {
        name: 'm',
        versions: ['1', '2'],
        platform: 'onnx_onnxv1',
        inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1, 1] }],
      },
    ],
  ])('GET %s', async (path, expected) => {
    expect(await (await http(path)).json()).toEqual(expected);
    const head = await http(path, { method: 'HEAD' });
    expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: '' });
  });

  it.each<[string, string, number]>([
    ['POST', '/v2/models/m', 405],
    ['GET', '/v2/models/m/infer', 405],
    ['DELETE', '/v2/health/live', 405],
    ['GET', '/v2/models/m/other', 404],
    ['GET', '/v2/other', 404],
    ['GET', '/v2/models/%zz', 400],
    ['GET', '/v2/models/loading/ready', 503],
    ['POST', '/v2/repository/index', 501],
  ])('%s %s is %d', async (method, path, status) => {
    const answer = await http(path, { method });
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status,
      body: { error: expect.any(String) },
    });
    if (status === 405) expect(answer.headers.get('allow')).not.toBeNull();
  });

  it('asks everyone but probes for a credential', async () => {
    const bare = (path: string, method = 'GET') => fetch(base + path, { method });
    expect((await bare('/v2/health/live')).status).toBe(200);
    for (const path of ['/v2', '/v2/models', '/v2/models/m', '/v2/models/m/stats']) {
      const answer = await bare(path);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
    expect((await bare('/v2/models/m/infer', 'POST')).status).toBe(401);
  });

  it('is alive while it is not ready', async () => {
    up = false;
    expect([(await http('/v2/health/ready')).status, (await http('/v2/health/live')).status]).toEqual([503, 200]);
    up = true;
  });
});
