// Facts that the database itself keeps: who may do what to its tables, who holds which role, what the audit log says.
import { archivedUntil, listArchives } from '@falaj/audit';
import { assertRowSecurity, type Tx } from '@falaj/database';
import { type NounCatalog, validateRule } from '@falaj/policy';
import { isPlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { GovernanceContext } from '../../schema/context.js';

const iso = (value: unknown): string => new Date(value as string).toISOString();

/** Readers by part; each runs in a system transaction and names the workspace. */
export const databaseReaders: Readonly<Record<string, (tx: Tx, context: GovernanceContext) => Promise<unknown>>> = {
  async instruments(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select id, type, data_zone as "dataZone", target_zones as "targetZones", valid_to as "validTo"
      from governance.transfer_instrument where workspace_id = ${workspaceId} and state = 'APPROVED' order by id`);
    return rows.map((row) => ({ ...row, validTo: iso(row.validTo) }));
  },
  async principals(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select p.id, p.zone, p.disabled_at is not null as disabled, p.created_at,
        array_agg(distinct b.role) as roles, greatest(max(b.granted_at), p.created_at) as since,
        (select max(r.at) from audit.record r where r.workspace_id = ${workspaceId} and r.actor_id = p.id) as last_active_at
      from identity.principal p join identity.role_in_force b on b.principal_id = p.id
      where b.workspace_id = ${workspaceId}
      group by p.id order by p.id`);
    return rows.map((row) => ({
      id: row.id,
      zone: row.zone,
      disabled: row.disabled,
      roles: row.roles,
      createdAt: iso(row.since),
      lastActiveAt: row.last_active_at ? iso(row.last_active_at) : null,
    }));
  },
  async grants(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select principal_id, role, granted_at from identity.role_in_force
      where workspace_id = ${workspaceId} order by granted_at, principal_id, role, via`);
    return rows.map((row) => ({ principalId: row.principal_id, role: row.role, grantedAt: iso(row.granted_at) }));
  },
  async emergencies(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select id, owner_id as "principalId", role, reason, incident_id as "incidentId", ends_at, reviewed_at,
        extract(epoch from ends_at - begins_at)::float8 as seconds
      from governance.access_request
      where workspace_id = ${workspaceId} and kind = 'BREAK_GLASS' and begins_at > clock_timestamp() - interval '365 days'
      order by created_at, id`);
    return rows.map(({ ends_at, reviewed_at, ...row }) => ({
      ...row,
      endsAt: iso(ends_at),
      reviewedAt: reviewed_at ? iso(reviewed_at) : null,
    }));
  },
  async tokens(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<{ issued: string; longest: string | null }>(sql`
      select count(*)::text as issued, max((details->>'ttlSeconds')::numeric)::text as longest from audit.record
      where workspace_id = ${workspaceId} and action = 'issueAccessToken' and outcome = 'SUCCEEDED'
        and at > clock_timestamp() - interval '90 days'`);
    return { issued: Number(rows[0]?.issued), longestSeconds: Number(rows[0]?.longest ?? 0) };
  },
  async rules(tx, { principal: { workspaceId }, services }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select id, effect, actions, subject, fields, classes, conditions, roles, reason from policy.rule
      where workspace_id = ${workspaceId} and retired_at is null order by id`);
    return {
      count: rows.length,
      invalid: rows.filter((row) => !isValid(row, services.policyStore.catalog)).map(({ id }) => id),
      sweeping: rows
        .filter(
          ({ effect, actions, subject, roles }) =>
            effect === 'ALLOW' &&
            (actions as string[]).includes('*') &&
            (subject === '*' || (roles as string[]).includes('*')),
        )
        .map(({ id }) => id),
    };
  },
  async decisions(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select 'waiver ' || id || ' of ' || check_id as what, owner_id, decided_by_id from governance.compliance_waiver
        where workspace_id = ${workspaceId} and state = 'APPROVED'
      union all select 'transfer instrument ' || id, owner_id, decided_by_id from governance.transfer_instrument
        where workspace_id = ${workspaceId} and state = 'APPROVED'
      union all select 'access ' || id || ' as ' || role, owner_id, decided_by_id from governance.access_request
        where workspace_id = ${workspaceId} and state = 'APPROVED' and kind = 'REQUEST'
      order by what`);
    return rows.map((row) => ({
      what: row.what,
      requestedBy: row.owner_id,
      approvedBy: row.decided_by_id,
    }));
  },
  async log(tx, { principal: { workspaceId }, services }) {
    const archives = await listArchives(tx, workspaceId);
    const until = archivedUntil(archives, workspaceId, services.auditKey);
    const before = Date.now();
    const { rows: clock } = await tx.execute<{ now: string }>(
      sql`select (extract(epoch from clock_timestamp()) * 1000)::text as now`,
    );
    const middle = (before + Date.now()) / 2;
    const { rows } = await tx.execute<{ lag: string; changeable: string[]; records: string; lost: string }>(sql`
      select
        coalesce(extract(epoch from clock_timestamp() - min(r.at) filter (where r.xid >= pg_snapshot_xmin(pg_current_snapshot()))), 0)::text as lag,
        count(*)::text as records,
        (select count(*) from audit.leaf l where l.workspace_id = ${workspaceId} and l.seq >= ${until} and not exists (
          select from audit.record o where o.workspace_id = l.workspace_id and o.record_id = l.record_id))::text as lost,
        array(select u.role || ' may ' || v.verb from unnest(array['falaj_app', 'falaj_system']) as u(role),
            unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as v(verb)
            where has_table_privilege(u.role, 'audit.record', v.verb))
          || array(select 'trigger ' || w.name || ' is off' from unnest(array['falaj_append_only', 'falaj_no_truncate']) as w(name)
            where not exists (select from pg_trigger t where t.tgrelid = 'audit.record'::regclass and t.tgname = w.name and t.tgenabled in ('O', 'A')))
          as changeable
      from audit.record r where r.workspace_id = ${workspaceId}`);
    return {
      oldestWriterSeconds: Number(rows[0]?.lag),
      clockSkewSeconds: (Number(clock[0]?.now) - middle) / 1_000,
      changeableBy: rows[0]?.changeable,
      records: Number(rows[0]?.records),
      archived: until,
      lost: Number(rows[0]?.lost),
    };
  },
  async database(tx) {
    const { rows } = await tx.execute<{ loopback: boolean; protocol: string | null }>(sql`
      select coalesce(inet_client_addr() << '127.0.0.0/8' or inet_client_addr() = '::1', true) as loopback,
        (select version from pg_stat_ssl where pid = pg_backend_pid() and ssl) as protocol`);
    return rows[0];
  },
  async secretScan(tx, { principal: { workspaceId }, platform }) {
    const { rows } = await tx.execute<{ texts: string; hits: string[] }>(sql`
      select count(*)::text as texts,
        coalesce((array_agg('audit record ' || record_id) filter (where details::text ~ ${SECRETS.source}))[1:20], '{}') as hits
      from audit.record where workspace_id = ${workspaceId} and at > clock_timestamp() - interval '90 days'`);
    const plugins = platform.plugins.list();
    return {
      texts: Number(rows[0]?.texts) + plugins.length,
      hits: [
        ...(rows[0]?.hits ?? []),
        ...plugins
          .filter(({ lastError }) => SECRETS.test(lastError ?? ''))
          .map(({ kind, name }) => `last error of ${kind}/${name}`),
      ],
    };
  },
  async incidents(tx, { principal: { workspaceId } }) {
    const { rows } = await tx.execute<Record<string, unknown>>(sql`
      select i.id, i.priority, i.assignee_id,
        (i.resolution_due_at < clock_timestamp() - interval '1 minute' or i.resolution_breached_at is not null) as overdue,
        exists (select from governance.incident_event e where e.incident_id = i.id and e.kind = 'SLA_BREACHED') as told
      from governance.incident i
      where i.workspace_id = ${workspaceId} and i.state not in ('RESOLVED', 'CLOSED') order by i.id`);
    return {
      open: rows.length,
      overdue: rows.filter(({ overdue }) => overdue).map(({ id, priority, told }) => ({ id, priority, told })),
      unattended: rows
        .filter(({ priority, assignee_id }) => (priority === 'P1' || priority === 'P2') && !assignee_id)
        .map(({ id }) => id),
    };
  },
  async rowSecurity(tx, { platform }) {
    const { rows } = await tx.execute<{ tables: string }>(sql`
      select count(*)::text as tables from pg_policy p where p.polname = 'falaj_app_scope'`);
    try {
      await assertRowSecurity(platform.database);
      return { tables: Number(rows[0]?.tables), problem: null };
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'CONFIG_INVALID') throw error;
      return { tables: Number(rows[0]?.tables), problem: error.message };
    }
  },
};

/** Tokens, private keys, cloud keys and addresses with a password. */
const SECRETS =
  /eyJ[A-Za-z0-9_-]{8,}[.]eyJ|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|[a-z]+:\/\/[^:@/ ]+:[^@/ ]+@/;

function isValid(row: Record<string, unknown>, catalog: NounCatalog): boolean {
  try {
    validateRule(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)), catalog);
    return true;
  } catch {
    return false;
  }
}

/** For each endpoint the record of the mutation that made its live revision. */
export async function changeFacts(
  tx: Tx,
  workspaceId: string,
  endpoints: readonly { readonly id: string; readonly name: string; readonly revision: number }[],
) {
  const { rows } = await tx.execute<{
    subject_id: string;
    record_id: string;
    action: string;
    revision: string | null;
  }>(sql`
    select subject_id, record_id, action, details->>'revision' as revision from audit.record
    where workspace_id = ${workspaceId} and subject_type = 'Endpoint' and outcome = 'SUCCEEDED'
      and subject_id = any(${sql.param(endpoints.map(({ id }) => id))}::text[])`);
  return endpoints.map(({ id, name, revision }) => ({
    endpoint: name,
    revision,
    auditRecordId:
      rows.find(
        (row) =>
          row.subject_id === id &&
          (row.revision === String(revision) || (revision === 1 && row.action === 'createEndpoint')),
      )?.record_id ?? null,
  }));
}
