// A table that tests' effects write to, as the owner of the database made it.
import { clientOf, type Database, type Tx } from '@falaj/database';
import pg from 'pg';

export async function createEffects(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create schema effects;
      create table effects.effect (workspace_id text not null, zone text not null, name text not null, by text not null,
        at timestamptz not null default clock_timestamp());
      select falaj.protect('effects.effect')`);
  } finally {
    await client.end();
  }
}

export async function writeEffect(tx: Tx, name: string, scope = { workspaceId: 'w1', zone: 'AE' }): Promise<void> {
  await clientOf(tx).query('insert into effects.effect (workspace_id, zone, name, by) values ($1, $2, $3, $4)', [
    scope.workspaceId,
    scope.zone,
    name,
    String(process.pid),
  ]);
}

export async function readEffects(database: Database): Promise<{ name: string; by: string }[]> {
  return database.asSystem(async (tx) => {
    const { rows } = await clientOf(tx).query<{ name: string; by: string }>(
      'select name, by from effects.effect order by at',
    );
    return rows;
  });
}
