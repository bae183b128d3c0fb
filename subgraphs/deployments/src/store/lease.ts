// A lease on a row: its holder works on it alone; one that is silent for too long has lost it.
import { type SQL, sql } from 'drizzle-orm';

/** From now on, by the database's clock. */
export const leased = (process: string, seconds: number) => ({
  leaseOwner: process,
  leaseUntil: sql`clock_timestamp() + make_interval(secs => ${seconds})`,
});

/** Rows that the process holds already, or that nobody holds any more. */
export const openTo = (process: string): SQL =>
  sql`(lease_owner = ${process} or lease_until is null or lease_until < clock_timestamp())`;
