import { createSecretKey, randomBytes } from 'node:crypto';
import type { ReadEntry } from '@falaj/audit';
import type { OnlineView, Tensor } from '@falaj/contracts';
import { PlatformError, type Principal } from '@falaj/runtime';
import { beforeEach, expect, it } from 'vitest';
import type { Inference } from '../domain/inference-observer.js';
import type { InferenceContext, JoinedFeatures } from '../inference/index.js';
import { inferenceReads } from './inference-reads.js';
import type { LoadedModel } from './model-host.js';
import { observedModel } from './observed-model.js';

const endpoint = { id: 'ep_1', name: 'stays', workspaceId: 'w1', zone: 'AE' };
const principal = { id: 'p1', kind: 'USER', workspaceId: 'w1', zone: 'AE-DIFC' } as Principal;
const context: InferenceContext = { principal, signal: undefined, id: 'theirs', inferenceId: 'inf_1', purpose: 'why' };
const view = (name: string, subject?: OnlineView['subject']): OnlineView => ({
  view: name,
  version: 2,
  columns: [{ name: 'income', type: 'FLOAT64' }],
  ...(subject ? { subject } : {}),
});
const joined: JoinedFeatures = {
  rows: 2,
  columns: 1,
  values: new Float32Array(2),
  statuses: ['PRESENT', 'PRESENT'],
  reads: [
    { view: view('guests', { part: 1, zone: 'AE' }), features: ['income'], keys: ['["x","amal"]', '["y","nobody"]'] },
    { view: view('houses'), features: ['stars', 'beds'], keys: ['["DXB"]', '["DXB"]'] },
  ],
};
const personal = { categories: ['personal'], servingPlan: {} } as never;
const subjects = {
  of: async (_: unknown, names: readonly string[]) => new Map(names.map((name) => [name, key(name)])),
  known: async (_: unknown, names: readonly string[]) =>
    new Map(names.filter((name) => name === 'amal').map((name) => [name, key(name)])),
};
const keys = new Map<string, ReturnType<typeof createSecretKey>>();
function key(name: string) {
  const made = keys.get(name) ?? createSecretKey(randomBytes(32));
  keys.set(name, made);
  return made;
}
let written: ReadEntry[];
let append: (entries: readonly ReadEntry[]) => Promise<void>;
const logRead = inferenceReads(
  { readLog: { append: (entries) => append(entries) }, policyVersion: async () => 7 },
  subjects,
);
beforeEach(() => {
  written = [];
  append = async (entries) => void written.push(...entries);
});

it('says whose features were read and of whom something was predicted, never by name', async () => {
  await logRead({ endpoint, model: personal, context: { ...context, subject: 'badr' }, joined });
  expect(written.map(({ subjectType, subjectIds, fields }) => [subjectType, subjectIds.length, fields])).toEqual([
    ['Endpoint', 1, ['prediction']],
    ['DataSubject', 1, ['guests.income']],
    ['FeatureRow', 1, ['houses.beds', 'houses.stars']],
    ['DataSubject', 1, ['Endpoint.prediction']],
  ]);
  expect(written[2]?.subjectIds).toEqual(['houses/2["DXB"]']);
  expect(written[0]).toMatchObject({
    readerId: 'p1',
    readerZone: 'AE-DIFC',
    purpose: 'why',
    requestId: 'inf_1',
    policyVersion: 7,
  });
  expect(JSON.stringify(written)).not.toMatch(/amal|nobody|badr|theirs/);
});

it('writes nothing down of a model of harmless data, and everything of one that reads persons', async () => {
  const plan = (subject?: OnlineView['subject']) => ({ views: [view('v', subject)] });
  const read = (model: object) => logRead({ endpoint, model: model as never, context, joined: null });
  await read({ categories: ['none'], servingPlan: plan() });
  await read({ categories: ['none'], servingPlan: {} });
  expect(written).toEqual([]);
  await read({ categories: ['none'], servingPlan: plan({ part: 0, zone: 'AE' }) });
  await read({ categories: ['unknown'], servingPlan: {} });
  expect(written).toHaveLength(2);
});

it('gives no answer that is not on record', async () => {
  const answer: Tensor[] = [{ name: 'p', datatype: 'FP32', shape: [1], data: new Float32Array([0.5]) }];
  const seen: Inference[] = [];
  const loaded = {
    model: { id: 'mv', version: 1, categories: ['personal'], servingPlan: {} },
    served: { infer: async () => answer },
  } as unknown as LoadedModel;
  const answering = { endpoint, revision: 1, variant: 'live', role: 'ANSWER' } as const;
  const model = observedModel(loaded, answering, { observe: (one) => void seen.push(one) }, logRead);
  expect(await model.infer([], [], context)).toBe(answer);
  append = async () => {
    throw new PlatformError('AUDIT_UNAVAILABLE', 'not now');
  };
  await expect(model.infer([], [], context)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE', http: 503 });
  expect(seen.map(({ response, error }) => [response !== null, error?.code ?? null])).toEqual([
    [true, null],
    [false, 'AUDIT_UNAVAILABLE'],
  ]);
});
