import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { Database } from './database.js';

/**
 * Proves at start-up that row-level security is on: every table with a `workspace_id` outside the platform's own
 * schemas enables and forces it with the policies of `falaj.protect` and no other, and neither role can pass it by.
 * Throws CONFIG_INVALID with the name of the table or role.
 */
export async function assertRowSecurity(database: Pick<Database, 'asSystem'>): Promise<void> {
  const [tables, roles] = await database.asSystem(async (tx) => {
    const found = await tx.execute<{ name: string; enabled: boolean; forced: boolean; policies: string[] }>(sql`
      select format('%I.%I', n.nspname, c.relname) as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
        array(select p.polname::text from pg_policy p where p.polrelid = c.oid order by 1) as policies
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'falaj_migrations')
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped)
      order by 1`);
    const powers = await tx.execute<{ name: string; power: string }>(sql`
      select rolname as name, case when rolsuper then 'is a superuser' when rolbypassrls then 'has BYPASSRLS'
        when rolname = 'falaj_app' and pg_has_role(oid, 'falaj_system', 'MEMBER') then 'is a member of falaj_system' end as power
      from pg_roles where rolname in ('falaj_app', 'falaj_system')`);
    return [found.rows, powers.rows] as const;
  });
  for (const { name, enabled, forced, policies } of tables) {
    if (!enabled || !forced)
      throw new PlatformError(
        'CONFIG_INVALID',
        `Table ${name} has workspace_id but ${enabled ? 'does not force' : 'lacks'} row-level security: call falaj.protect('${name}') in its migration.`,
      );
    if (policies.join() !== 'falaj_app_scope,falaj_system_all')
      throw new PlatformError(
        'CONFIG_INVALID',
        `Table ${name} must have exactly the policies of falaj.protect; it has: ${policies.join(', ') || 'none'}.`,
      );
  }
  for (const { name, power } of roles) {
    if (power !== null) throw new PlatformError('CONFIG_INVALID', `Role ${name} ${power}: row-level security is void.`);
  }
}
