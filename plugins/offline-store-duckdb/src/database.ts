// DuckDB behind a locked door: two kinds of folders and nothing else, no extension, no setting that a query could change.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Call, PluginError, throwIfCancelled } from '@falaj/plugin-sdk';
import { literal } from './sql-text.js';

export interface DuckDatabase {
  /** A connection of its own for the work: temporary tables go with it. The call's signal interrupts it. */
  use<T>(call: Call, work: (session: Session) => Promise<T>): Promise<T>;
  close(): void;
}

export interface Session {
  run(sql: string): Promise<void>;
  /** Rows as objects; big integers are numbers where they are safe. */
  rows<T extends Record<string, unknown>>(sql: string): Promise<T[]>;
  /** Columns by name. */
  columns(sql: string): Promise<Record<string, unknown[]>>;
  /** Runs when the session ends, however it ends. */
  atEnd(cleanup: () => Promise<void>): void;
}

export async function openDuckDatabase(options: {
  readonly folders: readonly string[];
  readonly memoryLimit: string;
  readonly threads: number;
  readonly spill: string;
}): Promise<DuckDatabase> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: options.memoryLimit,
    temp_directory: options.spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const lock = await instance.connect();
  const folders = options.folders.map((folder) => literal(folder.endsWith('/') ? folder : `${folder}/`));
  await lock.run(`set global TimeZone = 'UTC'`);
  await lock.run(`set allowed_directories = [${folders.join(', ')}]`);
  await lock.run('set enable_external_access = false');
  await lock.run('set lock_configuration = true');
  lock.closeSync();
  return {
    async use(call, work) {
      throwIfCancelled(call);
      const connection = await instance.connect();
      const interrupt = () => connection.interrupt();
      call.signal.addEventListener('abort', interrupt);
      const cleanups: (() => Promise<void>)[] = [];
      try {
        return await work(sessionOf(connection, call, cleanups));
      } finally {
        call.signal.removeEventListener('abort', interrupt);
        connection.closeSync();
        for (const cleanup of cleanups) await cleanup();
      }
    },
    close: () => instance.closeSync(),
  };
}

function sessionOf(connection: DuckDBConnection, call: Call, cleanups: (() => Promise<void>)[]): Session {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    throwIfCancelled(call);
    try {
      return await work();
    } catch (cause) {
      throwIfCancelled(call);
      throw translated(cause);
    }
  };
  return {
    run: (sql) => guarded(async () => void (await connection.run(sql))),
    rows: (sql) =>
      guarded(async () => (await connection.runAndReadAll(sql)).getRowObjectsJS().map((row) => plain(row)) as never),
    columns: (sql) =>
      guarded(async () => (await connection.runAndReadAll(sql)).getColumnsObjectJS() as Record<string, unknown[]>),
    atEnd: (cleanup) => void cleanups.push(cleanup),
  };
}

const plain = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
  );

/** Engine errors about the data are the caller's; their text names no path of the machine. */
function translated(cause: unknown): PluginError {
  const text = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
  const clean = text.replaceAll(/(["'])\/[^"']*\/([^/"']+)\1/g, '"$2"');
  if (/^(Out of Memory|OutOfMemory)/i.test(clean)) {
    return new PluginError('UNAVAILABLE', `The query needs more memory than the offline store may use: ${clean}`, {
      cause,
    });
  }
  if (
    /^(Invalid Input|Conversion|Parser|Binder|IO|Invalid|Out of Range|Permission|CSV|Catalog|Malformed|Not implemented)/i.test(
      clean,
    )
  ) {
    return new PluginError('BAD_INPUT', clean, { cause });
  }
  return new PluginError('FAILED', clean, { cause });
}
