// The first start: somebody must be able to create the first workspace, and no default password may exist.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditEntry, recordAudit } from '@falaj/audit';
import type { Database } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { createPrincipal } from './principals.js';
import { createPrivateFile } from './private-file.js';
import { grantRole, PLATFORM_ADMINISTRATOR, PLATFORM_WORKSPACE } from './role-bindings.js';

/** Name of the file in the data directory. */
export const FIRST_SIGN_IN_CODE = 'first-sign-in.code';
const OPERATOR = 'operator';
const CODE_HOURS = 24;

export interface Bootstrapped {
  /** The oldest platform administrator who is not disabled. */
  readonly administratorId: string;
  /** The one-time code, and where it stands (0600); absent when there was an administrator already. */
  readonly code?: string;
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
  const codeFile = join(options.dataDirectory, FIRST_SIGN_IN_CODE);
  return database.asSystem(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('identity.bootstrap', 0))`);
    const { rows } = await tx.execute<{ id: string }>(sql`
      select p.id from identity.principal p join identity.role_in_force r on r.principal_id = p.id
      where r.workspace_id = ${PLATFORM_WORKSPACE} and r.role = ${PLATFORM_ADMINISTRATOR} and r.expires_at is null
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
    return { administratorId: id, code, codeFile };
  });
}

/** Wrong codes answered at once; each further one doubles the wait, up to a minute. */
const PATIENT_FAILURES = 3;
const LONGEST_WAIT_SECONDS = 60;
/** After so many wrong codes the right one has ended too: `npm run falaj -- token` on the machine is the other way in. */
const MOST_FAILURES = 20;

/**
 * Spends the one-time code and answers the principal it stands for, on record. Throws UNAUTHENTICATED for any other, used
 * or old code, and RATE_LIMITED, whatever the code, while wrong ones came too fast. Guesses in all processes count together.
 */
export async function redeemBootstrapCode(database: Database, code: string): Promise<string> {
  const outcome = await database.asSystem(async (tx) => {
    // Locked, so that guesses queue and none is uncounted.
    const { rows } = await tx.execute<OpenCode & Record<string, unknown>>(sql`
      select code_hash as "codeHash", principal_id as "principalId", failures,
        coalesce(extract(epoch from clock_timestamp() - failed_at)::float8, 1e9) as "secondsSince"
      from identity.bootstrap where used_at is null and expires_at > now() for update`);
    const waits = rows.map(({ failures, secondsSince }) => waitSeconds(failures) - secondsSince);
    const wait = Math.max(0, ...waits);
    if (wait > 0) return { wait };
    const given = hashOf(code.trim());
    const found = rows.find(({ codeHash }) => timingSafeEqual(codeHash, given));
    if (found === undefined) {
      await tx.execute(sql`
        update identity.bootstrap set failures = failures + 1, failed_at = clock_timestamp(),
          expires_at = case when failures + 1 >= ${MOST_FAILURES} then now() else expires_at end
        where used_at is null and expires_at > now()`);
      for (const { principalId, failures } of rows)
        await recordAudit(tx, signInRecord(principalId, 'REFUSED', { failures: failures + 1 }));
      return {};
    }
    await tx.execute(sql`update identity.bootstrap set used_at = clock_timestamp() where code_hash = ${given}`);
    await recordAudit(tx, signInRecord(found.principalId, 'SUCCEEDED', {}));
    return { principalId: found.principalId };
  });
  if (outcome.principalId !== undefined) return outcome.principalId;
  if (outcome.wait !== undefined)
    throw new PlatformError('RATE_LIMITED', 'Too many wrong one-time codes: wait before the next.', {
      retryAfterMs: Math.ceil(outcome.wait * 1_000),
    });
  throw new PlatformError('UNAUTHENTICATED', 'The one-time code is wrong, used or too old.');
}

interface OpenCode {
  readonly codeHash: Buffer;
  readonly principalId: string;
  readonly failures: number;
  readonly secondsSince: number;
}

const waitSeconds = (failures: number): number =>
  failures < PATIENT_FAILURES ? 0 : Math.min(LONGEST_WAIT_SECONDS, 2 ** (failures - PATIENT_FAILURES));

const signInRecord = (
  principalId: string,
  outcome: 'SUCCEEDED' | 'REFUSED',
  details: Record<string, unknown>,
): AuditEntry => ({
  workspaceId: PLATFORM_WORKSPACE,
  actorId: outcome === 'SUCCEEDED' ? principalId : 'anonymous',
  actorKind: outcome === 'SUCCEEDED' ? 'USER' : 'ANONYMOUS',
  action: 'firstSignIn',
  subjectType: 'Principal',
  subjectId: principalId,
  outcome,
  reason: outcome === 'SUCCEEDED' ? null : 'UNAUTHENTICATED',
  requestId: 'first sign-in',
  traceId: null,
  policyVersion: null,
  details,
});

const hashOf = (code: string): Buffer => createHash('sha256').update(code).digest();
