// Secrets that a platform is given, and tokens that it issues, are nowhere afterwards: not in its data directory, its log, its
// answers or its database.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type FalajClient } from '@falaj/client';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorTokenOf, startWhole } from '../platform-processes.js';
import { rowsOf } from '../platform-requests.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-secrets-'));
const planted: Record<string, string> = {
  'the master secret': 'planted-master-Xk29-"quoted"',
  'the secret of a plugin': 'planted-plugin-Qw71-secret',
};
let platform: Awaited<ReturnType<typeof startWhole>>;

beforeAll(async () => {
  platform = await startWhole(join(directory, 'data'), {
    configuration: join(import.meta.dirname, 'secrets'),
    env: {
      FALAJ_LOG_LEVEL: 'debug',
      FALAJ_SECRET_KEYS_LOCAL_MASTER: planted['the master secret'] as string,
      FALAJ_SECRET_PLANTED: planted['the secret of a plugin'] as string,
    },
  });
}, 120_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const request = (client: FalajClient, query: string) => client.request(parse(query) as never, {} as never);

it('no secret and no token is to be found in files, log, answers or a dump of the database', async () => {
  const { url, dataDirectory, output } = platform;
  const token = await operatorTokenOf(dataDirectory);
  planted['the token of the operator'] = token;
  const answers: unknown[] = [];
  const ask = async (client: FalajClient, query: string) => {
    const answer = await request(client, query);
    answers.push(answer);
    // biome-ignore lint/suspicious/noExplicitAny: queries written in the tests have no generated type.
    return answer.data as any;
  };
  const made = await ask(
    createClient({ url, token }),
    'mutation { createWorkspace(input: { name: "s", allowedZones: ["AE"], defaultZone: "AE" }) { workspace { id } } }',
  );
  const workspace = made.createWorkspace.workspace.id;
  const operator = createClient({ url, token, workspace });
  const person = 'name: "amal", email: "amal@example.test", kind: USER, zone: "AE"';
  const { createPrincipal } = await ask(
    operator,
    `mutation { createPrincipal(input: { ${person} }) { principal { id } } }`,
  );
  const { id } = createPrincipal.principal;
  for (const role of ['administrator', 'data-scientist']) {
    await ask(
      operator,
      `mutation { grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } } }`,
    );
  }
  const issued = await request(
    operator,
    `mutation { issueAccessToken(input: { principalId: "${id}", ttlSeconds: 600 }) { token } }`,
  );
  planted['the token of a person'] = (issued.data as { issueAccessToken: { token: string } }).issueAccessToken.token;
  const amal = createClient({ url, token: planted['the token of a person'], workspace });
  // Work with keys, a request that fails, plugins that are asked how they are, and what is shown of them.
  await ask(amal, '{ zoneKeys { keyId protection } }');
  await ask(amal, '{ run(id: "run_none") { id } }');
  for (let turn = 0; turn < 3; turn++) answers.push(await (await fetch(new URL('/health/ready', url))).text());
  await ask(amal, '{ plugins { name state lastError } }');
  answers.push(await (await fetch(new URL('/metrics', url))).text());

  const seen = JSON.stringify(answers);
  expect(seen).toContain('refused by the service for [secret]');
  expect(output()).toContain('opened with [secret]');
  const files = readdirSync(dataDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(100);
  for (const [what, secret] of Object.entries(planted)) {
    const forms = [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')];
    for (const form of forms) {
      expect(seen.includes(form), `${what} in an answer`).toBe(false);
      expect(output().includes(form), `${what} in the log`).toBe(false);
      const holding = files.filter((file) => readFileSync(file).includes(form));
      expect(holding, `${what} in files`).toEqual([]);
      const tables = await rowsOf(
        dataDirectory,
        `select table_schema || '.' || table_name as name from information_schema.tables
         where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
           and position($1 in query_to_xml(format('select * from %I.%I', table_schema, table_name), true, false, '')::text) > 0`,
        [form],
      );
      expect(tables, `${what} in the database`).toEqual([]);
    }
  }
});
