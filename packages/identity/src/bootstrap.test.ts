import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditMigrations, listAudit } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  bootstrap,
  createDirectory,
  createLocalIssuer,
  createTokenVerifier,
  identityMigrations,
  operatorToken,
  PLATFORM_WORKSPACE,
  redeemBootstrapCode,
} from './index.js';

let test: TestDatabase;
let dataDirectory = '';
beforeEach(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations, identityMigrations] });
  dataDirectory = await mkdtemp(join(tmpdir(), 'falaj-identity-'));
});
afterEach(async () => {
  await test.close();
  await rm(dataDirectory, { recursive: true });
});
const issuer = () => createLocalIssuer({ issuer: 'http://127.0.0.1:4000', dataDirectory });
const trail = async () =>
  (await test.database.asSystem((tx) => listAudit(tx, { limit: 100 }))).records.map(({ action, subjectId }) => [
    action,
    subjectId,
  ]);

it('creates one administrator however many start at once, and none where there is one', async () => {
  const started = await Promise.all(Array.from({ length: 5 }, () => bootstrap(test.database, { dataDirectory })));
  expect(new Set(started.map(({ administratorId }) => administratorId)).size).toBe(1);
  expect(started.filter(({ codeFile }) => codeFile !== undefined)).toHaveLength(1);
  const { rows } = await test.database.asSystem((tx) =>
    tx.execute<{ name: string }>(sql`select name from identity.principal`),
  );
  expect(rows).toEqual([{ name: 'operator' }]);
  expect(await trail()).toEqual([['bootstrap', started[0]?.administratorId]]);
});

it('writes a code that opens once, to a file of its owner, and keeps no code', async () => {
  const { administratorId, codeFile = '' } = await bootstrap(test.database, { dataDirectory });
  expect((await stat(codeFile)).mode & 0o777).toBe(0o600);
  const code = await readFile(codeFile, 'utf8');
  await expect(redeemBootstrapCode(test.database, 'guess')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const spent = await Promise.allSettled([
    redeemBootstrapCode(test.database, code),
    redeemBootstrapCode(test.database, code),
  ]);
  expect(spent.filter(({ status }) => status === 'fulfilled')).toEqual([
    { status: 'fulfilled', value: administratorId },
  ]);
  await expect(redeemBootstrapCode(test.database, code)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

it('writes a code that dies within a day', async () => {
  const { codeFile = '' } = await bootstrap(test.database, { dataDirectory });
  await test.database.asSystem((tx) =>
    tx.execute(sql`update identity.bootstrap set expires_at = expires_at - interval '24 hours'`),
  );
  await expect(redeemBootstrapCode(test.database, await readFile(codeFile, 'utf8'))).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
});

it('ends the code after twenty wrong ones, which take their time', async () => {
  const { code = '' } = await bootstrap(test.database, { dataDirectory });
  const guess = (): Promise<PlatformError> =>
    redeemBootstrapCode(test.database, 'guess').then(
      () => expect.fail('a guess opened'),
      (error) => error,
    );
  const waits: number[] = [];
  for (let failures = 1; failures <= 20; failures += 1) {
    expect(await guess()).toMatchObject({ code: 'UNAUTHENTICATED' });
    if (failures >= 3 && failures < 20) waits.push(Math.ceil(((await guess()).retryAfterMs ?? 0) / 1_000));
    await test.database.asSystem((tx) =>
      tx.execute(sql`update identity.bootstrap set failed_at = failed_at - interval '60 seconds'`),
    );
  }
  expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  await expect(redeemBootstrapCode(test.database, code)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect((await trail()).filter(([action]) => action === 'firstSignIn')).toHaveLength(20);
});

it('makes a new administrator where every one is disabled, with a new code', async () => {
  const first = await bootstrap(test.database, { dataDirectory });
  const oldCode = await readFile(first.codeFile ?? '', 'utf8');
  await test.database.asSystem((tx) => tx.execute(sql`update identity.principal set disabled_at = now()`));
  const second = await bootstrap(test.database, { dataDirectory });
  expect(second.administratorId).not.toBe(first.administratorId);
  expect(await readFile(second.codeFile ?? '', 'utf8')).not.toBe(oldCode);
});

it('lets who reads the key sign in as a named principal, on record', async () => {
  const { administratorId } = await bootstrap(test.database, { dataDirectory });
  const local = await issuer();
  for (const principal of ['operator', administratorId]) {
    const { token, principalId } = await operatorToken(test.database, local, { principal });
    expect(principalId).toBe(administratorId);
    const claims = await createTokenVerifier({ issuers: [{ local }] }).verify(token);
    const directory = await createDirectory(test.database);
    expect(await directory.resolve(claims)).toMatchObject({
      workspaceId: PLATFORM_WORKSPACE,
      roles: ['platform-administrator'],
    });
    await directory.close();
  }
  expect((await trail()).slice(1)).toEqual([
    ['issueOperatorToken', administratorId],
    ['issueOperatorToken', administratorId],
  ]);
});

it('gives no operator token for nobody, for two of a name, or for a disabled principal', async () => {
  await bootstrap(test.database, { dataDirectory });
  const local = await issuer();
  const ask = (principal: string) => operatorToken(test.database, local, { principal });
  await expect(ask('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await test.database.asSystem((tx) =>
    tx.execute(
      sql`insert into identity.principal (id, home_workspace_id, kind, name, zone) values ('pr_2', 'platform', 'USER', 'operator', 'AE')`,
    ),
  );
  await expect(ask('operator')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  await test.database.asSystem((tx) => tx.execute(sql`update identity.principal set disabled_at = now()`));
  await expect(ask('pr_2')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect((await trail()).map(([action]) => action)).toEqual(['bootstrap']);
});
