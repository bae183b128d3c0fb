// Bad input at every door of one real platform: a clear coded error each, and nothing half-written.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Processes } from '../platform-processes.js';
import type { Journey } from '../platform-requests.js';
import { startAfterJourney } from '../platform-template.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-edge-'));
const dataDirectory = join(directory, 'data');
let platform: Processes;
let journey: Journey;

beforeAll(async () => {
  ({ processes: platform, journey } = await startAfterJourney(dataDirectory));
}, 180_000);

afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

type Actor = 'engineer' | 'scientist' | 'approver' | 'outsider';
interface Answer {
  readonly status: number;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly code: string | undefined;
  readonly message: string;
}

const headersOf = (actor: Actor) => ({
  authorization: `Bearer ${journey.actors[actor]?.token}`,
  'x-falaj-workspace': journey.ids.workspaceId ?? '',
});

async function send(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(new URL(path, platform.url), init);
  const text = await response.text();
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions: { code: string } }[];
    error?: string;
  };
  const [first] = body.errors ?? [];
  return {
    status: response.status,
    text,
    data: body.data,
    code: first?.extensions.code,
    message: first?.message ?? body.error ?? '',
  };
}

/** A root field of an answer that must be there. */
function field<T>(answer: Answer, name: string): T {
  if (!answer.data?.[name]) throw new Error(`No ${name} in ${answer.text}`);
  return answer.data[name] as T;
}

const ask = (actor: Actor, query: string, variables: object = {}) =>
  send('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headersOf(actor) },
    body: JSON.stringify({ query, variables }),
  });

const CREATE_SOURCE =
  'mutation M($input: CreateDataSourceInput!) { createDataSource(input: $input) { dataSource { id } } }';
const source = (path: string, more: object = {}) => ({
  input: { name: `s${Math.random().toString(36).slice(2)}`, format: 'JSON', path, zone: 'AE', ...more },
});
const sourceCount = async () => (await ask('engineer', '{ dataSources(first: 1) { totalCount } }')).data?.dataSources;

describe('documents', () => {
  const nested = (depth: number) => {
    const level = 'featureViews(first: 1) { edges { node { entity { ';
    return `{ entities(first: 1) { edges { node { ${level.repeat(depth)} id ${'} } } } '.repeat(depth)} } } } }`;
  };
  it.each([
    [
      '200 aliases',
      `{ ${Array.from({ length: 200 }, (_, place) => `a${place}: me { id }`).join(' ')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['5,000 duplicate fields', `{ me { ${'id '.repeat(5_000)} } }`, 'QUERY_TOO_COMPLEX'],
    ['depth 30', nested(10), 'QUERY_TOO_COMPLEX'],
    ['an unknown field', '{ me { idd } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a wrong type', '{ run(id: { a: 1 }) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['broken syntax', '{ me { id }', 'GRAPHQL_PARSE_FAILED'],
    ['a prototype alias', '{ __proto__: me { id } }', undefined],
  ])('%s is refused by code, without a suggestion or a stack', async (_name, query, code) => {
    const answer = await ask('scientist', query);
    expect(answer.data ?? null).toBeNull();
    if (code) expect(answer.code).toBe(code);
    expect(answer.code).toBeDefined();
    expect(answer.text).not.toMatch(/Did you mean|node_modules|at \w+ \(/);
  });

  it('a missing variable and a page of 0 name what is wrong', async () => {
    expect((await ask('engineer', CREATE_SOURCE)).message).toContain('$input');
    const page = await ask('engineer', '{ dataSources(first: 0) { totalCount } }');
    expect(page).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(page.message).toMatch(/first.*0.*1 to 500/);
  });
});

describe('requests', () => {
  it.each<[string, () => RequestInit, number[]]>([
    [
      'broken JSON',
      () => ({
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf('scientist') },
        body: '{"query": ',
      }),
      [400],
    ],
    [
      'an empty body',
      () => ({ method: 'POST', headers: { 'content-type': 'application/json', ...headersOf('scientist') }, body: '' }),
      [400],
    ],
    [
      'a body of 3 MiB',
      () => ({
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf('scientist') },
        body: JSON.stringify({ query: `{ me { id } } #${'x'.repeat(3 << 20)}` }),
      }),
      [413],
    ],
    [
      'a batch',
      () => ({
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf('scientist') },
        body: '[{"query":"{ me { id } }"}]',
      }),
      [400],
    ],
    [
      'a form',
      () => ({
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headersOf('scientist') },
        body: 'query={me{id}}',
      }),
      [400, 415],
    ],
    [
      'a forged token',
      () => ({
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' },
        body: '{"query":"{ me { id } }"}',
      }),
      [401],
    ],
    [
      'no bearer',
      () => ({
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Basic eDp5' },
        body: '{"query":"{ me { id } }"}',
      }),
      [401],
    ],
  ])('%s', async (_name, init, statuses) => {
    const answer = await send('/graphql', init());
    expect(statuses).toContain(answer.status);
    expect(answer.code).toBeDefined();
    expect(answer.text).not.toMatch(/node_modules|at \w+ \(/);
  });

  it('a mutation by GET changes nothing', async () => {
    const query = encodeURIComponent('mutation { createExperiment(input: { name: "by get" }) { experiment { id } } }');
    const answer = await send(`/graphql?query=${query}`, {
      headers: { ...headersOf('scientist'), 'apollo-require-preflight': '1' },
    });
    expect([400, 405]).toContain(answer.status);
    expect((await ask('scientist', '{ experiments(first: 50) { edges { node { name } } } }')).text).not.toContain(
      'by get',
    );
  });

  it('an internal door opens to no bearer token', async () => {
    const answer = await send('/internal/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf('approver') },
      body: '{"query":"{ me { id } }"}',
    });
    expect(answer.status).toBe(401);
  });
});

describe('files', () => {
  it.each<[string, object, RegExp]>([
    ['an absolute path', source('/etc/passwd'), /relative/],
    ['a path out of the folder', source('../keys/internal.pem'), /\.\./],
    ['a link out of the folder', source('link.json'), /out of/],
    ['a missing file', source('absent.json'), /absent\.json/],
    ['a 0-byte file', source('empty.json'), /empty/],
    ['no JSON', source('broken.json'), /.+/],
    [
      'an unknown column',
      source('small.json', { columnClasses: [{ column: 'tail', fieldClass: 'pii' }] }),
      /tail.*origin/,
    ],
    [
      'an unknown class',
      source('small.json', { columnClasses: [{ column: 'origin', fieldClass: 'top secret' }] }),
      /fieldClass/,
    ],
    ['a bad name', { input: { ...source('small.json').input, name: 'No Spaces' } }, /name/],
    [
      'a zone outside the workspace',
      source('small.json', { zone: 'US' }),
      /WORKSPACE_ZONES: found store in US, needed AE/,
    ],
  ])('%s is refused and nothing is stored', async (name, variables, message) => {
    const landing = join(dataDirectory, 'landing');
    writeFileSync(join(landing, 'empty.json'), '');
    writeFileSync(join(landing, 'broken.json'), '{"a": [1, 2');
    writeFileSync(join(landing, 'small.json'), '[{"origin":"LAX","date":"2001/01/01 00:00"}]');
    copyFileSync(join(landing, 'small.json'), join(directory, 'outside.json'));
    try {
      symlinkSync(join(directory, 'outside.json'), join(landing, 'link.json'));
    } catch {
      // It stands already.
    }
    const before = await sourceCount();
    const answer = await ask('engineer', CREATE_SOURCE, variables);
    expect(answer.code).toMatch(
      name.includes('zone') ? /^RESIDENCY_VIOLATION$/ : /^(BAD_USER_INPUT|NOT_FOUND|CONFLICT)$/,
    );
    expect(answer.message).toMatch(message);
    expect(answer.text).not.toContain(dataDirectory);
    expect(await sourceCount()).toEqual(before);
  });
});

describe('tensors', () => {
  const infer = (body: string, path = '/v2/models/flight-delay/infer', actor: Actor | null = 'approver') =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(actor ? headersOf(actor) : {}) },
      body,
    });
  const inputs = (...list: object[]) => JSON.stringify({ inputs: list });
  const origin = { name: 'origin', datatype: 'BYTES', shape: [1], data: ['LAX'] };
  it.each<[string, () => ReturnType<typeof infer>, number]>([
    ['no token', () => infer(inputs(origin), undefined, null), 401],
    ['an outsider', () => infer(inputs(origin), undefined, 'outsider'), 404],
    ['an unknown model', () => infer(inputs(origin), '/v2/models/none/infer'), 404],
    ['an unknown version', () => infer(inputs(origin), '/v2/models/flight-delay/versions/99/infer'), 404],
    ['broken JSON', () => infer('{"inputs": '), 400],
    ['an empty body', () => infer(''), 400],
    ['no inputs', () => infer('{}'), 400],
    ['a missing key', () => infer(inputs(origin)), 400],
    ['an unknown input', () => infer(inputs({ ...origin, name: 'tail' })), 400],
    ['a wrong datatype', () => infer(inputs({ ...origin, datatype: 'FP32', data: [1] })), 400],
    ['a wrong shape', () => infer(inputs({ ...origin, shape: [2] })), 400],
    ['a wrong width', () => infer(inputs({ name: 'features', datatype: 'FP32', shape: [1, 2], data: [1, 2] })), 400],
    ['a wrong method', () => send('/v2/models/flight-delay/infer', { headers: headersOf('approver') }), 405],
  ])('%s', async (_name, call, status) => {
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(answer.message.length).toBeGreaterThan(10);
    expect(answer.text).not.toMatch(/node_modules|at \w+ \(/);
  });
});

it('bad trainer parameters fail the run with their names, and no model is left', async () => {
  const started = await ask(
    'scientist',
    'mutation M($input: StartTrainingRunInput!) { startTrainingRun(input: $input) { run { id experiment { id } } } }',
    {
      input: {
        experimentId: await experimentId(),
        name: 'bad',
        trainingSetId: journey.ids.trainingSetId,
        parameters: { leaves: 3, trees: -1 },
      },
    },
  );
  const { run } = field<{ run: { id: string } }>(started, 'startTrainingRun');
  const state = async () =>
    field<{ state: string; error: string; modelDigest: null }>(
      await ask('scientist', `{ run(id: "${run.id}") { state error modelDigest } }`),
      'run',
    );
  await expect.poll(async () => (await state()).state, { timeout: 30_000, interval: 300 }).toBe('FAILED');
  expect(await state()).toMatchObject({ error: expect.stringMatching(/leaves|trees/), modelDigest: null });
});

async function experimentId(): Promise<string> {
  const answer = await ask('scientist', '{ experiments(first: 1) { edges { node { id } } } }');
  return field<{ edges: { node: { id: string } }[] }>(answer, 'experiments').edges[0]?.node.id ?? '';
}
