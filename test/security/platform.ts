// One real platform with the whole journey done, people of every role, a second workspace of its own people, and an
// outsider: what every attack of this folder starts from.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type GraphError, type GraphResponse, type MaskedPath } from '@falaj/client';
import { parse } from 'graphql';
import { operatorTokenOf, type Processes, startWhole } from '../platform-processes.js';
import { type Journey, journeyOn, rowsOf } from '../platform-requests.js';

/** Roles of a workspace; the outsider is known to the platform and belongs to no workspace. */
export const roles = [
  'feature-engineer',
  'data-scientist',
  'approver',
  'auditor',
  'viewer',
  'administrator',
  'outsider',
] as const;
export type Role = (typeof roles)[number];

export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: queries written in the tests have no generated type.
  readonly data: any;
  readonly errors: readonly GraphError[];
  /** Of the first error. */
  readonly code: string | undefined;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly masked: readonly MaskedPath[];
}

export interface Workspace {
  readonly id: string;
  readonly tokens: ReadonlyMap<Role, string>;
  readonly principals: ReadonlyMap<Role, string>;
}

export interface AttackedPlatform {
  readonly processes: Processes;
  readonly journey: Journey;
  /** Where the journey was made. */
  readonly home: Workspace;
  /** Empty, with people of its own. */
  readonly elsewhere: Workspace;
  readonly landing: string;
  /** Anything over HTTP; JSON answers are taken apart. */
  send(path: string, init?: RequestInit): Promise<Answer>;
  /** A GraphQL request as somebody of `from`, by default of home, into `workspace`, by default their own. */
  ask(role: Role, query: string, options?: AskOptions): Promise<Answer>;
  headers(role: Role, options?: Omit<AskOptions, 'variables'>): Record<string, string>;
  /** A new, empty workspace. Answers its id. */
  found(name: string, allowedZones: readonly string[]): Promise<string>;
  /** Another person of a role, who works from `zone`. */
  hire(role: Role, workspaceId: string, zone?: string): Promise<{ id: string; token: string }>;
  /** Rows of each table, without the audit trail, what follows from it, and what endpoints report by the minute. */
  rowCounts(): Promise<Readonly<Record<string, number>>>;
  /** Ends its process and starts another on the same data, at another address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface AskOptions {
  readonly from?: Workspace;
  /** Workspace header; default the id of `from`. */
  readonly workspace?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export async function startAttacked(): Promise<AttackedPlatform> {
  const directory = mkdtempSync(join(tmpdir(), 'falaj-security-'));
  const dataDirectory = join(directory, 'data');
  let processes = await startWhole(dataDirectory);
  const stop = async () => {
    await processes.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const restart = async () => {
    await processes.stop();
    processes = await startWhole(dataDirectory);
  };
  try {
    return { ...(await inhabit(processes, () => processes.url)), restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function inhabit(
  processes: Processes,
  address: () => string,
): Promise<Omit<AttackedPlatform, 'restart' | 'stop'>> {
  const { url, dataDirectory } = processes;
  const operator = await operatorTokenOf(dataDirectory);
  const journey = await journeyOn(processes);
  const asOperator = async (query: string, workspace?: string) => {
    const client = createClient({ url, token: operator, ...(workspace ? { workspace } : {}) });
    const answer: GraphResponse<Record<string, Record<string, Record<string, string>>>> = await client.request(
      parse(query) as never,
      {},
    );
    if (!answer.data || answer.errors) throw new Error(`${query}: ${JSON.stringify(answer.errors)}`);
    return answer.data;
  };

  const hire = async (role: Role, workspaceId: string, zone = 'AE') => {
    const made = await asOperator(
      `mutation { createPrincipal(input: { name: "a ${role}", email: "${role}@example.test", kind: USER, zone: "${zone}" }) { principal { id } } }`,
      workspaceId,
    );
    const id = made.createPrincipal?.principal?.id ?? '';
    if (role !== 'outsider')
      await asOperator(
        `mutation { grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } } }`,
        workspaceId,
      );
    const issued = await asOperator(
      `mutation { issueAccessToken(input: { principalId: "${id}", ttlSeconds: 900 }) { token } }`,
      workspaceId,
    );
    return { id, token: String(issued.issueAccessToken?.token) };
  };

  const people = async (workspaceId: string): Promise<Workspace> => {
    const tokens = new Map<Role, string>();
    const principals = new Map<Role, string>();
    for (const role of roles) {
      const { id, token } = await hire(role, workspaceId);
      tokens.set(role, token);
      principals.set(role, id);
    }
    return { id: workspaceId, tokens, principals };
  };

  const found: AttackedPlatform['found'] = async (name, allowedZones) => {
    const made = await asOperator(
      `mutation { createWorkspace(input: { name: "${name}", allowedZones: ${JSON.stringify(allowedZones)}, defaultZone: "AE" }) { workspace { id } } }`,
    );
    return made.createWorkspace?.workspace?.id ?? '';
  };
  const home = await people(journey.ids.workspaceId ?? '');
  const elsewhere = await people(await found('elsewhere', ['AE']));

  const headers: AttackedPlatform['headers'] = (role, { from = home, workspace = from.id } = {}) => ({
    authorization: `Bearer ${from.tokens.get(role)}`,
    'x-falaj-workspace': workspace,
  });
  const send: AttackedPlatform['send'] = async (path, init) => {
    const response = await fetch(new URL(path, address()), init);
    return takenApart(response.status, await response.text());
  };
  return {
    processes,
    journey,
    home,
    elsewhere,
    landing: join(dataDirectory, 'landing'),
    send,
    headers,
    found,
    hire,
    ask: (role, query, { variables = {}, ...options } = {}) =>
      send('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers(role, options) },
        body: JSON.stringify({ query, variables }),
      }),
    async rowCounts() {
      const rows = await rowsOf(
        dataDirectory,
        `select table_schema || '.' || table_name as name,
                (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I.%I', table_schema, table_name), false, true, '')))[1]::text::int as rows
           from information_schema.tables
          where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema', 'audit')
            and table_name not like 'outbox%' and table_name <> 'usage_record'`,
      );
      return Object.fromEntries(rows.map(({ name, rows: count }) => [String(name), Number(count)]));
    },
  };
}

function takenApart(status: number, text: string): Answer {
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as GraphResponse<unknown> & { error?: string };
  const [first] = body.errors ?? [];
  return {
    status,
    text,
    data: body.data ?? null,
    errors: body.errors ?? [],
    code: first?.extensions.code,
    message: first?.message ?? body.error ?? '',
    details: first?.extensions.details ?? {},
    masked: body.extensions?.falaj?.masked ?? [],
  };
}

/** What must never stand in an answer: code of the platform, its folders, or hints at names that were not asked for. */
export const LEAKS = /Did you mean|node_modules|\.(js|ts):\d+|\bat \w+ \(/;
