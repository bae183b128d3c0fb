import type { Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked, displayName, zoneCode } from './input-checks.js';
import { newId } from './new-id.js';
import { ADMINISTRATOR, grantRole } from './role-bindings.js';

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly allowedZones: readonly string[];
  readonly defaultZone: string;
}

const newWorkspace = z
  .strictObject({
    name: displayName,
    /** Where its data may be stored and processed. */
    allowedZones: z.array(zoneCode).min(1).max(50),
    /** Default: the first allowed zone. */
    defaultZone: zoneCode.optional(),
    /** Becomes its first administrator. */
    administratorId: z.string().min(1),
  })
  .refine(({ allowedZones, defaultZone }) => defaultZone === undefined || allowedZones.includes(defaultZone), {
    path: ['defaultZone'],
    message: 'the default zone is one of the allowed zones',
  });

export type NewWorkspace = z.input<typeof newWorkspace>;

/** In a transaction of the platform workspace or of the system. Throws CONFLICT when the name is taken. */
export async function createWorkspace(tx: Tx, input: NewWorkspace): Promise<Workspace> {
  const { name, allowedZones, defaultZone = allowedZones[0] as string, administratorId } = checked(newWorkspace, input);
  const zones = [...new Set(allowedZones)];
  const id = newId('ws');
  await tx.execute(sql`
    insert into identity.workspace (id, name, allowed_zones, default_zone, created_by)
    values (${id}, ${name}, ${sql.param(zones)}::text[], ${defaultZone}, ${administratorId})`);
  await inScopeOf(tx, id, async () => {
    await grantRole(tx, { workspaceId: id, principalId: administratorId, role: ADMINISTRATOR, by: administratorId });
  });
  return { id, name, allowedZones: zones, defaultZone };
}

/** The first binding belongs to the new workspace, so row-level security asks for that scope: taken on for this one insert. */
async function inScopeOf(tx: Tx, workspaceId: string, work: () => Promise<void>): Promise<void> {
  const { rows } = await tx.execute<{ scope: string | null }>(sql`
    select current_setting('falaj.workspace', true) as scope, set_config('falaj.workspace', ${workspaceId}, true)`);
  await work();
  await tx.execute(sql`select set_config('falaj.workspace', ${rows[0]?.scope ?? ''}, true)`);
}
