// Against the counterpart always, and against a real server where there is one: FALAJ_TEST_VAULT_URL and
// FALAJ_TEST_VAULT_TOKEN name a throw-away OpenBao or Vault with a Transit engine at `transit` (README).
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isPluginError, type KeysV1 } from '@falaj/plugin-sdk';
import { conformance, createFakeHost, createTestAuthority, type FakeHost, fakeCall } from '@falaj/plugin-testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin from './index.js';
import { converse } from './testing/transit-script.js';
import { startTransitServer, type TransitServer } from './testing/transit-server.js';
import { transitName } from './transit-keys.js';

const TOKEN = 'planted-token';
const SECRET = 'planted-secret-id';
const APP_ROLE = { method: 'approle', roleId: 'falaj' };
const key = Uint8Array.from({ length: 32 }, (_, index) => 255 - index);
const real = { url: process.env.FALAJ_TEST_VAULT_URL ?? '', token: process.env.FALAJ_TEST_VAULT_TOKEN ?? '' };
const recorded = JSON.parse(readFileSync(path.join(import.meta.dirname, 'testing/openbao-2.7.2.json'), 'utf8'));

let server: TransitServer;
let host: FakeHost;
const opened: KeysV1[] = [];

beforeAll(async () => {
  const appRole = { roleId: APP_ROLE.roleId, secretId: SECRET, ttlSeconds: 60 };
  server = await startTransitServer({ rootToken: TOKEN, appRole });
  host = await createFakeHost({ secrets: { 'keys-vault-token': TOKEN, 'keys-vault-secret-id': SECRET } });
});
afterAll(async () => {
  for (const keys of opened) await keys.close();
  await server.close();
  await host.remove();
});

async function open(config: Record<string, unknown> = {}): Promise<KeysV1> {
  const keys = await plugin.open({ url: server.url, ...config }, host);
  opened.push(keys);
  return keys;
}
const wrap = (keys: KeysV1, keyRef = `w-${randomUUID()}/AE`) => keys.wrap({ keyRef, key, context: 'c' }, fakeCall());
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error('it answered')),
    (error) => error,
  );

for (const each of conformance(plugin)) {
  describe('the counterpart', () => {
    test.each([
      ['a token', {}],
      ['an AppRole', { auth: APP_ROLE }],
    ])(`by %s: ${each.id} ${each.title}`, (_, auth) =>
      conformance(plugin, {
        config: { url: server.url, ...auth },
        secrets: { 'keys-vault-token': TOKEN, 'keys-vault-secret-id': SECRET },
      })
        .find(({ id }) => id === each.id)
        ?.run(),
    );
  });
  test.skipIf(real.url === '')(`the real server: ${each.id} ${each.title}`, () =>
    conformance(plugin, { config: { url: real.url }, secrets: { 'keys-vault-token': real.token } })
      .find(({ id }) => id === each.id)
      ?.run(),
  );
}

test('the counterpart answers as OpenBao 2.7.2 did', async () => {
  expect(await converse(server.url, TOKEN, `falaj-${randomUUID()}`)).toEqual(recorded);
});

test.skipIf(real.url === '')('the real server answers as recorded', async () => {
  expect(await converse(real.url, real.token, `falaj-${randomUUID()}`)).toEqual(recorded);
});

test('a server in trouble is asked again, but a rotation that may have happened is not repeated', async () => {
  const keys = await open();
  const { keyId } = await wrap(keys, 'w/AE');
  server.fail.push(503, 0);
  expect((await wrap(keys, 'w/AE')).keyId).toBe(keyId);

  server.fail.push(503, 473);
  expect((await keys.rotate({ keyRef: 'w/AE' }, fakeCall())).keyId).toBe('w/AE#2');
  server.fail.push(500);
  expect(await refusal(keys.rotate({ keyRef: 'w/AE' }, fakeCall()))).toMatchObject({ code: 'UNAVAILABLE' });
  server.fail.push(0);
  expect(await refusal(keys.rotate({ keyRef: 'w/AE' }, fakeCall()))).toMatchObject({ code: 'UNAVAILABLE' });
  expect((await keys.describe({ keyRef: 'w/AE' }, fakeCall())).keyId).toBe('w/AE#2');

  server.fail.push(503, 503, 503);
  expect(await refusal(wrap(keys, 'w/AE'))).toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('status 503, Vault is sealed'),
  });
});

test('a slow server fails the call, a caller who gives up ends it', async () => {
  const keys = await open({ timeoutMs: 100, attempts: 2 });
  const wrapped = await wrap(keys);
  server.delay = 400;
  try {
    expect(await refusal(keys.unwrap({ wrapped, context: 'c' }, fakeCall()))).toMatchObject({ code: 'UNAVAILABLE' });
    const signal = AbortSignal.timeout(20);
    expect(await refusal(keys.unwrap({ wrapped, context: 'c' }, fakeCall({ signal })))).toMatchObject({
      code: 'CANCELLED',
    });
  } finally {
    server.delay = 0;
  }
});

test('an AppRole logs in once for many calls, anew before its token ends, and when it was revoked', async () => {
  const keys = await open({ auth: APP_ROLE });
  const logins = () => server.requests.filter((each) => each.endsWith('/login')).length;
  const before = logins();
  await Promise.all(Array.from({ length: 8 }, () => wrap(keys)));
  expect(logins()).toBe(before + 1);
  host.advance(41_000);
  await wrap(keys);
  expect(logins()).toBe(before + 2);
  server.revoke('*');
  await wrap(keys);
  expect(logins()).toBe(before + 3);
});

test('a token that the server does not know is said to be refused, at the start already', async () => {
  const stranger = await createFakeHost({ secrets: { 'keys-vault-token': 's.another', 'keys-vault-secret-id': 'no' } });
  const keys = await plugin.open({ url: server.url }, stranger);
  expect(await keys.health(fakeCall())).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/refuses the token/),
  });
  const byRole = await plugin.open({ url: server.url, auth: APP_ROLE }, stranger);
  expect(await byRole.health(fakeCall())).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/refuses the AppRole: status 400, invalid role/),
  });
  expect(await (await open({ mount: 'elsewhere' })).health(fakeCall())).toMatchObject({ ok: false });
  await stranger.remove();
});

test('TLS: only a server whose certificate leads to the configured authority hears anything', async () => {
  const authority = createTestAuthority();
  const secure = await startTransitServer({ rootToken: TOKEN, tls: authority.issue(['127.0.0.1', 'localhost']) });
  const elsewhere = await startTransitServer({ rootToken: TOKEN, tls: authority.issue(['vault.example']) });
  try {
    const caFile = path.join(host.directory, 'ca.pem');
    writeFileSync(caFile, authority.ca);
    const keys = await open({ url: secure.url, caFile });
    const wrapped = await wrap(keys);
    expect(await keys.unwrap({ wrapped, context: 'c' }, fakeCall())).toEqual(key);
    for (const config of [{ url: secure.url }, { url: elsewhere.url, caFile }]) {
      const { length } = secure.requests;
      expect(await refusal(wrap(await open(config)))).toMatchObject({
        code: 'UNAVAILABLE',
        retryable: false,
        message: expect.stringMatching(/cannot be trusted/),
      });
      expect(secure.requests).toHaveLength(length);
    }
    expect(elsewhere.requests).toHaveLength(0);
  } finally {
    await secure.close();
    await elsewhere.close();
  }
});

test('configuration: no plain HTTP beyond this machine, no secret in it', async () => {
  expect(await refusal(open({ url: 'http://vault.example:8200' }))).toMatchObject({ code: 'BAD_INPUT' });
  expect(await refusal(open({ auth: { method: 'token', token: TOKEN } }))).toMatchObject({ code: 'BAD_INPUT' });
  expect(await refusal(open({ url: 'https://127.0.0.1:1', caFile: '/nowhere.pem' }))).toMatchObject({
    code: 'BAD_INPUT',
  });
});

test('a key that another program made without derivation is not used', async () => {
  await fetch(`${server.url}/v1/transit/keys/${transitName('falaj-', 'plain/AE')}`, {
    method: 'POST',
    headers: { 'x-vault-token': TOKEN },
    body: JSON.stringify({ type: 'aes256-gcm96' }),
  });
  expect(await refusal(wrap(await open(), 'plain/AE'))).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/without derivation/),
  });
});

test('two references never share a name', () => {
  const refs = ['w/AE', 'w.AE', 'w_2fAE', 'w/AE-', 'w/AE_2d', 'w-/AE', 'w:AE', 'w/ae'];
  const names = refs.map((each) => transitName('falaj-', each));
  expect(new Set(names).size).toBe(refs.length);
  for (const name of names) expect(name).toMatch(/^\w(([\w.-]+)?\w)?$/);
});

test('neither token, secret id nor data key reaches a log or an error', async () => {
  const errors: unknown[] = [];
  const note = async (work: Promise<unknown>) => errors.push(await refusal(work));
  const keys = await open();
  const byRole = await open({ auth: APP_ROLE, attempts: 1 });
  const wrapped = await wrap(keys);
  await keys.unwrap({ wrapped, context: 'c' }, fakeCall());
  await note(keys.unwrap({ wrapped, context: 'other' }, fakeCall()));
  server.fail.push(500, 500, 500);
  await note(wrap(keys));
  server.fail.push(500);
  await note(wrap(byRole));
  await note(keys.wrap({ keyRef: 'no such reference!', key, context: 'c' }, fakeCall()));
  expect(errors.every(isPluginError)).toBe(true);
  const text = JSON.stringify([
    host.records,
    errors.map((error) => [(error as Error).message, (error as Error).stack, (error as { details: unknown }).details]),
  ]);
  const planted = [TOKEN, SECRET, Buffer.from(key).toString('base64'), Buffer.from(key).toString('hex')];
  for (const secret of planted) expect(text).not.toContain(secret);
});
