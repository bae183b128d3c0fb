// Credentials of programs that do one piece of work for somebody, such as the command of a training run. They are opaque
// and looked up at each request, not signed statements: they end with the lease of their work, which no clock foretells.
import { createHash, randomBytes } from 'node:crypto';
import { type AuditEntry, recordAudit } from '@falaj/audit';
import type { Database, Tx } from '@falaj/database';
import { PlatformError, type Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { IDENTITY_CHANNEL } from './directory.js';

/** What a workload may act as. It has no role but the one named here, and rules limit that role to the resources. */
export interface WorkloadGrant {
  readonly workspaceId: string;
  /** Id of the work, e.g. of a training run: what the token acts as, and what the audit trail calls the actor. */
  readonly workloadId: string;
  readonly name: string;
  readonly role: string;
  /** Ids of everything that the work may touch, itself included. */
  readonly resources: readonly string[];
  readonly zone: string;
  readonly zones: readonly string[];
  /** Id of the principal who asked for the work: when it is disabled or leaves the workspace, the token is void. */
  readonly onBehalfOf: string;
  readonly seconds: number;
}

export interface WorkloadTokens {
  /** A token in the caller's transaction (as the system), with its audit record; earlier ones of the work are void. */
  issue(tx: Tx, grant: WorkloadGrant): Promise<string>;
  /** Keeps the token of a work for so many seconds from now; one that ended already stays ended. */
  extend(tx: Tx, workloadId: string, seconds: number): Promise<void>;
  /** Ends the token of a work, in every process within a second of the commit. */
  revoke(tx: Tx, workloadId: string): Promise<void>;
  /** Whom a token acts as. Throws UNAUTHENTICATED for one that has ended or is none, or that is used in another workspace. */
  resolve(token: string, workspaceId?: string): Promise<Principal>;
  close(): Promise<void>;
}

const PREFIX = 'falaj_wl_';
const REMEMBERED_MS = 1_000;
const MOST_REMEMBERED = 5_000;

/** Whether a bearer token is one of these, by its form. */
export const isWorkloadToken = (token: string): boolean => token.startsWith(PREFIX);

/** `now` counts milliseconds; tests move it. */
export async function createWorkloadTokens(
  database: Database,
  { now = () => performance.now() }: { now?: () => number } = {},
): Promise<WorkloadTokens> {
  const remembered = new Map<string, { readonly at: number; readonly found: Promise<Found | undefined> }>();
  const unlisten = await database.listen(IDENTITY_CHANNEL, () => remembered.clear());

  const look = async (digest: Buffer): Promise<Principal | undefined> => {
    const key = digest.toString('base64');
    const known = remembered.get(key);
    if (known !== undefined && now() - known.at < REMEMBERED_MS) {
      const found = await known.found;
      if (found === undefined || now() - known.at < found.leftMs) return found?.principal;
    }
    const entry = { at: now(), found: readPrincipal(database, digest) };
    remembered.delete(key);
    if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    remembered.set(key, entry);
    entry.found.catch(() => {
      if (remembered.get(key) === entry) remembered.delete(key);
    });
    return (await entry.found)?.principal;
  };

  return {
    async issue(tx, grant) {
      const { workspaceId, workloadId, name, role, resources, zone, zones, onBehalfOf, seconds } = grant;
      const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
      await revoke(tx, workloadId);
      await tx.execute(sql`
        insert into identity.workload_token
          (digest, workspace_id, workload_id, name, role, resources, zone, zones, on_behalf_of, expires_at)
        values (${digestOf(token)}, ${workspaceId}, ${workloadId}, ${name}, ${role}, ${sql.param([...resources])}::text[],
          ${zone}, ${sql.param([...zones])}::text[], ${onBehalfOf}, ${after(seconds)})`);
      await recordAudit(tx, issued(grant));
      return token;
    },
    async extend(tx, workloadId, seconds) {
      await tx.execute(sql`update identity.workload_token set expires_at = ${after(seconds)}
        where workload_id = ${workloadId} and expires_at > clock_timestamp()`);
    },
    revoke,
    async resolve(token, workspaceId) {
      const principal = await look(digestOf(token));
      if (principal === undefined)
        throw new PlatformError(
          'UNAUTHENTICATED',
          'The workload token is unknown or has ended with its work; a token lives only while its work runs.',
        );
      if (workspaceId && workspaceId !== principal.workspaceId)
        throw new PlatformError('UNAUTHENTICATED', 'The workload token is for another workspace.');
      return principal;
    },
    async close() {
      await unlisten();
      remembered.clear();
    },
  };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
const after = (seconds: number) => sql`clock_timestamp() + make_interval(secs => ${seconds})`;

async function revoke(tx: Tx, workloadId: string): Promise<void> {
  await tx.execute(sql`delete from identity.workload_token where workload_id = ${workloadId}`);
}

const issued = ({ workspaceId, workloadId, onBehalfOf, role, resources }: WorkloadGrant): AuditEntry => ({
  workspaceId,
  actorId: 'platform',
  actorKind: 'SERVICE',
  onBehalfOf,
  action: 'issueWorkloadToken',
  subjectType: 'Workload',
  subjectId: workloadId,
  outcome: 'SUCCEEDED',
  reason: null,
  requestId: workloadId,
  traceId: null,
  policyVersion: null,
  details: { role, resources },
});

interface Found {
  readonly principal: Principal;
  readonly leftMs: number;
}

type Row = Pick<Principal, 'id' | 'name' | 'workspaceId' | 'zone' | 'zones'> & {
  readonly role: string;
  readonly resources: readonly string[];
  readonly onBehalfOf: string;
  readonly leftMs: number;
};

async function readPrincipal(database: Database, digest: Buffer): Promise<Found | undefined> {
  const { rows } = await database.asSystem((tx) =>
    tx.execute<Row & Record<string, unknown>>(sql`
      select t.workload_id as id, t.name, t.workspace_id as "workspaceId", t.role, t.resources, t.zone, t.zones,
        t.on_behalf_of as "onBehalfOf", (extract(epoch from t.expires_at - clock_timestamp()) * 1000)::float8 as "leftMs"
      from identity.workload_token t join identity.principal p on p.id = t.on_behalf_of
      where t.digest = ${digest} and t.expires_at > clock_timestamp() and p.disabled_at is null
        and exists (select from identity.role_in_force r where r.principal_id = p.id and r.workspace_id = t.workspace_id)`),
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { role, leftMs, ...principal } = row;
  return { principal: { ...principal, kind: 'WORKLOAD', roles: [role] }, leftMs };
}
