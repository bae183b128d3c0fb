import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { auditMigrations } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackChannelLogout,
  createBackChannelLogout,
  createDirectory,
  type Directory,
  identityMigrations,
} from './index.js';
import { pruneIdentity } from './prune.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const CLIENT = 'falaj-web';
let test: TestDatabase;
let directory: Directory;
let logout: BackChannelLogout;
let server: Server;
let issuer = '';
let key: CryptoKey;
let count = 0;
/** One instant for all: a second may begin between a logout and what it ends. */
const began = Math.floor(Date.now() / 1_000);
const seconds = () => began;

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations, identityMigrations] });
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' }] };
  server = createServer((_, response) => response.end(JSON.stringify(keys))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  logout = createBackChannelLogout({
    database: test.database,
    issuers: [{ issuer, logoutAudience: CLIENT, jwksUri: `${issuer}/jwks` }],
  });
  let clock = 0;
  // Nothing is remembered from one look to the next.
  directory = await createDirectory(test.database, { now: () => (clock += 1_000) });
});
afterAll(async () => {
  await directory.close();
  server.close();
  await test.close();
});

const person = async (): Promise<string> => {
  const subject = `s${++count}`;
  await test.database.asSystem((tx) =>
    directory.createPrincipal(tx, {
      homeWorkspaceId: 'platform',
      kind: 'USER',
      name: subject,
      zone: 'AE',
      external: { issuer, subject },
    }),
  );
  return subject;
};
const token = (claims: Record<string, unknown>, header: object = {}, by: CryptoKey = key) =>
  new SignJWT({
    iss: issuer,
    aud: CLIENT,
    iat: seconds(),
    exp: seconds() + 120,
    jti: `j${++count}`,
    events: { [EVENT]: {} },
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'logout+jwt', ...header })
    .sign(by);
/** Whether a token of the session, issued so many seconds ago, opens anything. */
const opens = (subject: string, sid?: string, age = 0): Promise<boolean> =>
  directory
    .resolve({
      issuer,
      subject,
      local: false,
      issuedAt: new Date((seconds() - age) * 1_000),
      session: { subject, ...(sid ? { id: sid } : {}) },
    })
    .then(
      () => true,
      () => false,
    );

describe('a back-channel logout', () => {
  it('of a session ends that one, and tokens that name none', async () => {
    const [amal, omar] = [await person(), await person()];
    await logout.receive(await token({ sub: amal, sid: 'one' }));
    expect([await opens(amal, 'one'), await opens(amal, 'two'), await opens(amal), await opens(omar, 'one')]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('of a subject ends all that was issued until then, and nothing later', async () => {
    const amal = await person();
    await logout.receive(await token({ sub: amal, iat: seconds() - 10 }));
    expect([await opens(amal, 'one', 10), await opens(amal, undefined, 11), await opens(amal, 'one', 9)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('of a session alone ends the tokens that name it, whoever they are of', async () => {
    const amal = await person();
    await logout.receive(await token({ sid: 'alone' }));
    expect([await opens(amal, 'alone'), await opens(amal, 'other'), await opens(amal)]).toEqual([false, true, true]);
  });

  it('is on record at the home of its principal', async () => {
    const amal = await person();
    await logout.receive(await token({ sub: amal, jti: 'on-record' }));
    const { rows } = await test.database.asSystem((tx) =>
      tx.execute<Record<string, unknown>>(sql`select r.workspace_id, r.actor_id, p.subject from audit.record r
        join identity.principal p on p.id = r.subject_id where r.details ->> 'tokenId' = 'on-record'`),
    );
    expect(rows).toEqual([{ workspace_id: 'platform', actor_id: issuer, subject: amal }]);
  });

  it('opens nothing twice, also of two at once', async () => {
    const sent = await token({ sub: await person() });
    const taken = await Promise.allSettled([logout.receive(sent), logout.receive(sent)]);
    expect(taken.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(logout.receive(sent)).rejects.toMatchObject({ details: { oauth: 'invalid_request' } });
  });

  it.each<[string, () => Promise<string>]>([
    ['no token', async () => 'x.y.z'],
    ['a token of nobody known', () => token({ sub: 's', iss: 'https://evil.example' })],
    ['one for another client', () => token({ sub: 's', aud: 'another' })],
    ['an ID token', () => token({ sub: 's' }, { typ: 'JWT' })],
    ['one with a nonce', () => token({ sub: 's', nonce: 'n' })],
    ['one without the event', () => token({ sub: 's', events: { other: {} } })],
    ['one whose event is no object', () => token({ sub: 's', events: { [EVENT]: true } })],
    ['one of nobody', () => token({})],
    ['one without an id', () => token({ sub: 's', jti: undefined })],
    ['one that has expired', () => token({ sub: 's', iat: seconds() - 60, exp: seconds() - 30 })],
    ['one without an end', () => token({ sub: 's', exp: undefined })],
    ['an old one', () => token({ sub: 's', iat: seconds() - 400 })],
    ['one from the future', () => token({ sub: 's', iat: seconds() + 60 })],
    ['one of another key', async () => token({ sub: 's' }, {}, (await generateKeyPair('ES256')).privateKey)],
  ])('is refused: %s', async (_, made) => {
    await expect(logout.receive(await made())).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { oauth: 'invalid_request' },
    });
  });
});

it('what no token can need any more is forgotten, and nothing else', async () => {
  const id = (
    await test.database.asSystem((tx) => tx.execute<{ id: string }>(sql`select id from identity.principal limit 1`))
  ).rows[0]?.id as string;
  const past = sql`now() - interval '2 minutes'`;
  const left = async () =>
    (
      await test.database.asSystem((tx) =>
        tx.execute<{ n: number }>(sql`select (select count(*) from identity.revoked_token)::int
          + (select count(*) from identity.used_assertion)::int + (select count(*) from identity.used_logout_token)::int
          + (select count(*) from identity.ended_session)::int as n`),
      )
    ).rows[0]?.n;
  const before = await left();
  await test.database.asSystem(async (tx) => {
    await tx.execute(sql`insert into identity.revoked_token (principal_id, issuer, token_id, expires_at, revoked_by)
      values (${id}, 'i', 'old', ${past}, 'x'), (${id}, 'i', 'new', now(), 'x')`);
    await tx.execute(sql`insert into identity.used_assertion values (${id}, 'old', ${past})`);
    await tx.execute(sql`insert into identity.used_logout_token values ('i', 'old', ${past})`);
    await tx.execute(sql`insert into identity.ended_session values ('i', 's', null, ${past}, ${past})`);
  });
  await pruneIdentity(test.database);
  expect(await left()).toBe((before ?? 0) + 1);
});
