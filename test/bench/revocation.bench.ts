// How long what was taken still opens: from the answer of the mutation to the first refused request, and to the end of an
// open subscription. A platform as it is started, over HTTP; each round is another person.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorTokenOf, startWhole } from '../platform-processes.js';
import type { Figure } from './figure.js';

const ROUNDS = 20;

/** What these mutations answer with. */
interface Made {
  readonly workspace?: { readonly id: string };
  readonly principal?: { readonly id: string };
  readonly experiment?: { readonly id: string };
  readonly run?: { readonly id: string };
  readonly token?: string;
}

export async function run(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'falaj-bench-revocation-'));
  const dataDirectory = join(folder, 'data');
  const platform = await startWhole(dataDirectory);
  try {
    const operator = await operatorTokenOf(dataDirectory);
    const post = (path: string, token: string, query: string, headers: Record<string, string> = {}) =>
      fetch(new URL(path, platform.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
        body: JSON.stringify({ query }),
      });
    const change = async (token: string, query: string, workspace = ''): Promise<Made> => {
      const response = await post('/graphql', token, `mutation { ${query} }`, { 'x-falaj-workspace': workspace });
      const { data, errors } = (await response.json()) as { data: Record<string, Made>; errors?: object };
      if (errors) throw new Error(JSON.stringify(errors));
      return Object.values(data)[0] ?? {};
    };
    const made = await change(
      operator,
      'createWorkspace(input: { name: "bench", allowedZones: ["AE"] }) { workspace { id } }',
    );
    const workspace = made.workspace?.id ?? '';
    const hire = async (role: string) => {
      const { principal } = await change(
        operator,
        'createPrincipal(input: { name: "somebody", kind: USER, zone: "AE" }) { principal { id } }',
        workspace,
      );
      const id = principal?.id ?? '';
      await change(
        operator,
        `grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } }`,
        workspace,
      );
      const { token = '' } = await change(
        operator,
        `issueAccessToken(input: { principalId: "${id}", ttlSeconds: 600 }) { token }`,
        workspace,
      );
      return { id, token };
    };
    const { token: scientist } = await hire('data-scientist');
    const { experiment } = await change(
      scientist,
      `createExperiment(input: { name: "${randomUUID()}" }) { experiment { id } }`,
    );
    const { run: open } = await change(
      scientist,
      `createRun(input: { experimentId: "${experiment?.id}", name: "open" }) { run { id } }`,
    );

    let slowestRequest = 0;
    let slowestStream = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, token } = await hire('viewer');
      const stream = await post(
        '/graphql/stream',
        token,
        `subscription { runProgress(runId: "${open?.id}") { state } }`,
        {
          accept: 'text/event-stream',
        },
      );
      const ended = stream.text().then(() => performance.now());
      await change(operator, `signOutPrincipal(input: { principalId: "${id}" }) { principal { id } }`, workspace);
      const taken = performance.now();
      while ((await post('/graphql', token, '{ me { id } }')).status !== 401);
      slowestRequest = Math.max(slowestRequest, performance.now() - taken);
      slowestStream = Math.max(slowestStream, (await ended) - taken);
    }
    const figure = (name: string, value: number, bar: number): Figure => ({ name, value, unit: 's', op: '<=', bar });
    return [
      figure('a revoked token still opens requests for', slowestRequest / 1_000, 2),
      figure('a subscription outlives its token by', slowestStream / 1_000, 60),
    ];
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
