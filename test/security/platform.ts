// One real platform with the whole journey done, people of every role, a second workspace of its own people, and an
// outsider: what every attack of this folder starts from.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GraphError, GraphResponse, MaskedPath } from '@falaj/client';
import { hire, hireAll, mutate } from '../platform-people.js';
import { type Processes, startWhole } from '../platform-processes.js';
import { type Journey, rowsOf } from '../platform-requests.js';
import { type AfterJourney, startAfterJourney } from '../platform-template.js';

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
  let running: Processes | undefined;
  const stop = async () => {
    await running?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const restart = async () => {
    await running?.stop();
    running = await startWhole(dataDirectory);
  };
  try {
    const started = await startAfterJourney(dataDirectory);
    running = started.processes;
    return { ...(await inhabit(started, () => running?.url ?? '')), restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function inhabit(
  { processes, journey, operator }: AfterJourney,
  address: () => string,
): Promise<Omit<AttackedPlatform, 'restart' | 'stop'>> {
  const { url, dataDirectory } = processes;
  const at = (workspace: string) => ({ url, operator, workspace });

  const people = async (workspaceId: string): Promise<Workspace> => {
    const hired = (await hireAll(at(workspaceId), roles)).map(
      (person, place) => [roles[place] as Role, person] as const,
    );
    return {
      id: workspaceId,
      tokens: new Map(hired.map(([role, { token }]) => [role, token])),
      principals: new Map(hired.map(([role, { id }]) => [role, id])),
    };
  };

  const found: AttackedPlatform['found'] = async (name, allowedZones) => {
    const zones = JSON.stringify(allowedZones);
    const [made] = await mutate(at(''), [
      `createWorkspace(input: { name: "${name}", allowedZones: ${zones}, defaultZone: "AE" }) { workspace { id } }`,
    ]);
    return made?.workspace?.id ?? '';
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
    hire: (role, workspaceId, zone) => hire(at(workspaceId), role, zone),
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
