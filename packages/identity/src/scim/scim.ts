// SCIM 2.0 (RFC 7644): the directory of an organisation keeps people and groups of a workspace. A service account with the
// role for it asks; every change is on record with that account as the actor.
import { type AuditEntry, recordAudit, recordRefusal } from '@falaj/audit';
import type { Database } from '@falaj/database';
import { createLogger, currentTraceId, isPlatformError, PlatformError, type Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { Provisioning, ScimCaller } from './caller.js';
import { documentOf } from './documents.js';
import {
  createDirectoryGroup,
  deleteDirectoryGroup,
  listGroups,
  patchGroup,
  readGroup,
  replaceGroup,
} from './groups.js';
import type { Query } from './list-request.js';
import { errorAnswer, type ScimAnswer } from './scim-error.js';
import { createUser, deleteUser, listUsers, patchUser, readUser, replaceUser } from './users.js';

const log = createLogger('scim');

/** How one workspace is provisioned, as the configuration says it. */
export interface ProvisioningConfig {
  /** Id or name of the workspace. */
  readonly workspace: string;
  readonly issuer: string;
  readonly subject: 'externalId' | 'userName';
  /** Default: the workspace's own default zone. */
  readonly zone?: string | undefined;
}

export interface ScimOptions {
  readonly database: Database;
  readonly provisioning: readonly ProvisioningConfig[];
  /** Throws FORBIDDEN where the policy does not let the principal keep people and groups of its workspace. */
  authorise(principal: Principal): Promise<void>;
}

export interface ScimRequest {
  readonly method: string;
  readonly workspaceId: string;
  /** Below the workspace, e.g. `Users`, `pr_1`. */
  readonly path: readonly string[];
  readonly query: Query;
  readonly body: unknown;
  /** Authenticated for the workspace of the path. */
  readonly principal: Principal;
  readonly requestId: string;
  /** Address of the workspace's endpoints. */
  readonly base: string;
}

export interface Scim {
  /** Answers everything, errors included. */
  handle(request: ScimRequest): Promise<ScimAnswer>;
}

export function createScim(options: ScimOptions): Scim {
  const { database } = options;
  return {
    async handle(request) {
      try {
        await allowed(options, request);
        const { rows } = await database.asSystem((tx) =>
          tx.execute<{ name: string; zone: string | null }>(sql`
            select name, default_zone as zone from identity.workspace where id = ${request.workspaceId}`),
        );
        const provisioning = provisioningOf(options.provisioning, request.workspaceId, rows[0]);
        return await answer(callerOf(database, request, provisioning), request);
      } catch (error) {
        if (isRefusal(error) && request.principal.kind !== 'ANONYMOUS') {
          const refused = await refusal(database, request, error).catch((unrecorded: unknown) => unrecorded);
          return errorAnswer(refused ?? error);
        }
        if (!isPlatformError(error) || error.code === 'INTERNAL')
          log.error('unexpected fault', { error: error instanceof Error ? error.stack : String(error) });
        return errorAnswer(error);
      }
    },
  };
}

/** Nobody learns from the answer whether there is such a workspace. */
async function allowed({ authorise }: ScimOptions, { principal, workspaceId }: ScimRequest): Promise<void> {
  if (principal.kind === 'ANONYMOUS')
    throw new PlatformError('UNAUTHENTICATED', 'Send the bearer token of a service account.');
  if (principal.kind !== 'SERVICE' || principal.workspaceId !== workspaceId)
    throw new PlatformError('FORBIDDEN', 'SCIM is for a service account with the role provisioner in the workspace.');
  await authorise(principal);
}

function provisioningOf(
  configured: readonly ProvisioningConfig[],
  workspaceId: string,
  workspace: { readonly name: string; readonly zone: string | null } | undefined,
): Provisioning {
  const found = configured.find((one) => one.workspace === workspaceId || one.workspace === workspace?.name);
  const zone = found?.zone ?? workspace?.zone;
  if (!found || !zone)
    throw new PlatformError(
      'NOT_FOUND',
      'The configuration names no directory for this workspace: set `provisioning`.',
    );
  return { issuer: found.issuer, subject: found.subject, zone };
}

function callerOf(database: Database, request: ScimRequest, provisioning: Provisioning): ScimCaller {
  const { principal, workspaceId, base } = request;
  return {
    database,
    provisioning,
    provisioner: { workspaceId, by: principal.id },
    inWorkspace: (work) =>
      database.inWorkspace({ workspaceId, zones: principal.zones, principalId: principal.id }, work),
    record: (tx, action, subject, details) =>
      recordAudit(tx, {
        ...entryOf(request),
        action,
        subjectType: subject.type,
        subjectId: subject.id,
        outcome: 'SUCCEEDED',
        reason: null,
        details,
      }),
    location: (resource, id) => `${base}/${resource}/${id}`,
  };
}

async function answer(caller: ScimCaller, { method, path, query, body, base }: ScimRequest): Promise<ScimAnswer> {
  const [name = '', id, ...more] = path;
  const verb = `${method} ${name}${id === undefined ? '' : '/id'}`;
  if (more.length === 0)
    switch (verb) {
      case 'GET Users':
        return listUsers(caller, query);
      case 'POST Users':
        return createUser(caller, body, query);
      case 'GET Groups':
        return listGroups(caller, query);
      case 'POST Groups':
        return createDirectoryGroup(caller, body, query);
    }
  if (more.length === 0 && id !== undefined)
    switch (verb) {
      case 'GET Users/id':
        return readUser(caller, id, query);
      case 'PUT Users/id':
        return replaceUser(caller, id, body, query);
      case 'PATCH Users/id':
        return patchUser(caller, id, body, query);
      case 'DELETE Users/id':
        return deleteUser(caller, id);
      case 'GET Groups/id':
        return readGroup(caller, id, query);
      case 'PUT Groups/id':
        return replaceGroup(caller, id, body, query);
      case 'PATCH Groups/id':
        return patchGroup(caller, id, body);
      case 'DELETE Groups/id':
        return deleteDirectoryGroup(caller, id);
    }
  const document = method === 'GET' && more.length === 0 ? documentOf(base, name, id) : undefined;
  if (document) return { status: 200, body: document };
  throw new PlatformError('NOT_FOUND', 'There is no such SCIM endpoint.');
}

const isRefusal = (error: unknown): error is PlatformError =>
  isPlatformError(error) && (error.code === 'FORBIDDEN' || 'rule' in error.details);

async function refusal(database: Database, request: ScimRequest, error: PlatformError): Promise<void> {
  const { principal } = request;
  const scope = { workspaceId: principal.workspaceId, zones: principal.zones, principalId: principal.id };
  await recordRefusal(database, scope, {
    ...entryOf(request),
    workspaceId: principal.workspaceId,
    action: 'scim',
    subjectType: request.path[0] === 'Groups' ? 'Group' : 'Principal',
    subjectId: request.path[1] ?? null,
    outcome: 'REFUSED',
    reason: error.code,
    details: { method: request.method, message: error.message, ...error.details },
  });
}

const entryOf = ({
  principal,
  requestId,
  workspaceId,
}: ScimRequest): Omit<AuditEntry, 'action' | 'subjectType' | 'subjectId' | 'outcome' | 'reason' | 'details'> => ({
  workspaceId,
  actorId: principal.id,
  actorKind: principal.kind,
  requestId,
  traceId: currentTraceId() ?? null,
  policyVersion: null,
});
