// What the audit trail and the read log say of who used what, and who holds which role; of the caller's workspace.
import type { SubgraphContext } from '@falaj/subgraph-kit';
import { sql } from 'drizzle-orm';
import type { HeldRole, Use } from '../policy/unused-grants.js';

/** The last use of each rule, and of each set of fields, since then. */
export async function usesSince(context: SubgraphContext, since: Date): Promise<Use[]> {
  const from = since.toISOString();
  const { workspaceId } = context.principal;
  return context.transaction(async (tx) => {
    const { rows: acts } = await tx.execute<{ actor_id: string; rule: string; at: string }>(sql`
      select actor_id, details->>'allowedBy' as rule, max(at)::text as at from audit.record
      where workspace_id = ${workspaceId} and at >= ${from}::timestamptz and outcome = 'SUCCEEDED'
        and details ? 'allowedBy'
      group by 1, 2`);
    const { rows: reads } = await tx.execute<{
      principal_id: string;
      subject_type: string;
      fields: string[];
      at: string;
    }>(sql`
      select principal_id, subject_type, fields, max(at)::text as at from audit.data_access
      where workspace_id = ${workspaceId} and at >= ${from}::timestamptz
      group by 1, 2, 3`);
    return [
      ...acts.map(({ actor_id, rule, at }): Use => ({ principalId: actor_id, ruleId: rule, at: new Date(at) })),
      ...reads.flatMap(({ principal_id, subject_type, fields, at }): Use[] => {
        const own = fields.filter((field) => !field.includes('.'));
        // Values inside a record are fields of their own type.
        const parts = fields
          .filter((field) => field.includes('.'))
          .map((field) => field.split('.') as [string, string]);
        const read = { principalId: principal_id, at: new Date(at) };
        return [
          ...(own.length > 0 ? [{ ...read, noun: subject_type, fields: own }] : []),
          ...parts.map(([noun, field]) => ({ ...read, noun, fields: [field] })),
        ];
      }),
    ];
  });
}

/** Roles in force of principals who are not disabled. */
export async function rolesInForce(context: SubgraphContext): Promise<HeldRole[]> {
  const { rows } = await context.transaction((tx) =>
    tx.execute<{ principal_id: string; role: string; via: string; granted_at: string }>(sql`
      select r.principal_id, r.role, r.via, r.granted_at::text as granted_at
      from identity.role_in_force r join identity.principal p on p.id = r.principal_id and p.disabled_at is null
      where r.workspace_id = ${context.principal.workspaceId}
      order by r.principal_id, r.role, r.via`),
  );
  return rows.map((row) => ({
    principalId: row.principal_id,
    role: row.role,
    via: row.via,
    grantedAt: new Date(row.granted_at),
  }));
}
