// The first start: somebody must be able to create the first workspace, and no default password may exist.
import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordAudit } from '@falaj/audit';
import type { Database } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { createPrincipal } from './principals.js';
import { createPrivateFile } from './private-file.js';
import { grantRole, PLATFORM_ADMINISTRATOR, PLATFORM_WORKSPACE } from './role-bindings.js';

const OPERATOR = 'operator';
const CODE_HOURS = 24;

export interface Bootstrapped {
  /** The oldest platform administrator who is not disabled. */
  readonly administratorId: string;
  /** Where the one-time code stands (0600); absent when there was an administrator already. */
  readonly codeFile?: string;
}

/**
 * Makes sure that there is a platform administrator. Where there is none it creates the principal `operator`, and a
 * one-time code in `<dataDirectory>/first-sign-in.code`, good for a day. Racing starters queue: one of them creates.
 */
export async function bootstrap(
  database: Database,
  options: { readonly dataDirectory: string; readonly zone?: string },
): Promise<Bootstrapped> {
  const codeFile = join(options.dataDirectory, 'first-sign-in.code');
  return database.asSystem(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('identity.bootstrap', 0))`);
    const { rows } = await tx.execute<{ id: string }>(sql`
      select p.id from identity.principal p join identity.role_binding b on b.principal_id = p.id
      where b.workspace_id = ${PLATFORM_WORKSPACE} and b.role = ${PLATFORM_ADMINISTRATOR} and b.revoked_at is null
        and p.disabled_at is null order by p.id limit 1`);
    if (rows[0] !== undefined) return { administratorId: rows[0].id };
    const { id } = await createPrincipal(tx, {
      homeWorkspaceId: PLATFORM_WORKSPACE,
      kind: 'USER',
      name: OPERATOR,
      zone: options.zone ?? 'AE',
    });
    await grantRole(tx, {
      workspaceId: PLATFORM_WORKSPACE,
      principalId: id,
      role: PLATFORM_ADMINISTRATOR,
      by: 'bootstrap',
    });
    const code = randomBytes(20).toString('base64url');
    await tx.execute(sql`
      insert into identity.bootstrap (code_hash, principal_id, expires_at)
      values (${hashOf(code)}, ${id}, now() + make_interval(hours => ${CODE_HOURS}))`);
    await recordAudit(tx, {
      workspaceId: PLATFORM_WORKSPACE,
      actorId: 'bootstrap',
      actorKind: 'SERVICE',
      action: 'bootstrap',
      subjectType: 'Principal',
      subjectId: id,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: 'bootstrap',
      traceId: null,
      policyVersion: null,
      details: { role: PLATFORM_ADMINISTRATOR },
    });
    // One of an earlier database is worthless: only its hash there could have opened anything.
    await rm(codeFile, { force: true });
    await createPrivateFile(codeFile, `${code}\n`);
    return { administratorId: id, codeFile };
  });
}

/** Spends the one-time code and answers the principal it stands for. Throws UNAUTHENTICATED for any other, used or old code. */
export async function redeemBootstrapCode(database: Database, code: string): Promise<string> {
  const { rows } = await database.asSystem((tx) =>
    tx.execute<{ principalId: string }>(sql`
      update identity.bootstrap set used_at = clock_timestamp()
      where code_hash = ${hashOf(code.trim())} and used_at is null and expires_at > now()
      returning principal_id as "principalId"`),
  );
  if (rows[0] === undefined) throw new PlatformError('UNAUTHENTICATED', 'The one-time code is wrong, used or too old.');
  return rows[0].principalId;
}

const hashOf = (code: string): Buffer => createHash('sha256').update(code).digest();
