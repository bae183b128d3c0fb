import { PlatformError } from '@falaj/runtime';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { isConnectionLost } from './translate-error.js';

/** drizzle over the one connection of an open transaction. `tx.transaction` nests by savepoint. */
export type Tx = NodePgDatabase & { readonly $client: pg.PoolClient };

/** The driver's connection of an open transaction, for SQL that drizzle cannot say. It dies with the transaction. */
export const clientOf = (tx: Tx): pg.PoolClient => tx.$client;

type TypeParsers = pg.CustomTypesConfig;

const safeInteger = (text: string): number | string => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
};

/** int8 as number while it is exact, else as text; date as the text `YYYY-MM-DD`, for a date has no time zone. */
export const typeParsers: TypeParsers = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === pg.types.builtins.INT8) return safeInteger;
    if (format !== 'binary' && oid === pg.types.builtins.DATE) return (text: string) => text;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as TypeParsers['getTypeParser'],
};

/** drizzle brings parsers of its own; only its raw results lack our reading of int8, for its columns map themselves. */
function withOwnParsers(config: unknown): unknown {
  if (typeof config !== 'object' || config === null || !('types' in config)) return config;
  const { types, ...rest } = config as pg.QueryConfig & { types: TypeParsers; rowMode?: string };
  if (rest.rowMode === 'array') return config;
  const getTypeParser = (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary' ? safeInteger : types.getTypeParser(oid, format as 'text');
  return { ...rest, types: { getTypeParser } };
}

/**
 * A view of the connection that refuses work after the transaction: a forgotten await would otherwise run
 * in the next request's workspace.
 */
function leased(client: pg.PoolClient): { client: pg.PoolClient; end(): void } {
  let open = true;
  const view = new Proxy(client, {
    get(target, property) {
      if (property === 'release' || property === 'end')
        return () => {
          throw new PlatformError(
            'INTERNAL',
            'A transaction releases its own connection; call neither release nor end.',
          );
        };
      if (!open && property === 'query')
        return () =>
          Promise.reject(
            new PlatformError('INTERNAL', 'The transaction is over: await every query before its callback returns.'),
          );
      const value = Reflect.get(target, property) as unknown;
      if (property === 'query')
        return (config: unknown, ...rest: unknown[]) =>
          Reflect.apply(value as (...a: unknown[]) => unknown, target, [withOwnParsers(config), ...rest]);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    client: view,
    end: () => {
      open = false;
    },
  };
}

function nestBySavepoint(tx: Tx): Tx {
  let depth = 0;
  const transaction = async <T>(work: (inner: Tx) => Promise<T>): Promise<T> => {
    const savepoint = `falaj_${++depth}`;
    await tx.$client.query(`savepoint ${savepoint}`);
    try {
      const result = await work(tx);
      await tx.$client.query(`release savepoint ${savepoint}`);
      return result;
    } catch (error) {
      await tx.$client.query(`rollback to savepoint ${savepoint}`);
      throw error;
    } finally {
      depth--;
    }
  };
  return Object.assign(tx, { transaction });
}

/** Runs `work` between `begin` and commit on a pooled connection; any error rolls back, a broken connection is dropped. */
export async function runTransaction<T>(pool: pg.Pool, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  const lease = leased(client);
  try {
    await client.query(begin);
    const result = await work(nestBySavepoint(drizzle({ client: lease.client }) as unknown as Tx));
    lease.end();
    const { command } = await client.query('commit');
    if (command !== 'COMMIT')
      throw new PlatformError('INTERNAL', 'A failed statement was swallowed inside a transaction: nothing was saved.');
    return result;
  } catch (error) {
    lease.end();
    if (isConnectionLost(error)) broken ??= error as Error;
    if (broken === undefined) {
      await client.query('rollback').catch((fault: Error) => {
        broken = fault;
      });
    }
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
