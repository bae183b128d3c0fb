import { createLogger } from '@falaj/runtime';
import pg from 'pg';
import { translateDatabaseError } from './translate-error.js';

const log = createLogger('database');
const LONGEST_WAIT_MS = 5_000;

export interface Listener {
  add(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** One connection for all LISTENs of a process, opened anew when it breaks. */
export async function openListener(options: { url: string; applicationName: string }): Promise<Listener> {
  const handlers = new Map<string, Set<(payload: string) => void>>();
  let client: pg.Client | undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  const tell = (handler: (payload: string) => void, payload: string) => {
    try {
      handler(payload);
    } catch (error) {
      log.error('a notification handler threw', { reason: String(error) });
    }
  };

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    let lost = false;
    const onLost = () => {
      if (lost) return;
      lost = true;
      if (client === fresh) {
        client = undefined;
        reconnect(100);
      }
    };
    fresh.on('error', onLost).on('end', onLost);
    fresh.on('notification', ({ channel, payload }) => {
      for (const handler of handlers.get(channel) ?? []) tell(handler, payload ?? '');
    });
    try {
      await fresh.connect();
      for (const channel of handlers.keys()) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw error;
    }
    if (closed) return void (await fresh.end());
    client = fresh;
  };

  const reconnect = (waitMs: number): void => {
    if (closed) return;
    retry = setTimeout(() => {
      connect().then(
        () => {
          for (const each of handlers.values()) for (const handler of each) tell(handler, '');
        },
        (error: unknown) => {
          log.warn('the listening connection is down', { reason: String(error) });
          reconnect(Math.min(waitMs * 2, LONGEST_WAIT_MS));
        },
      );
    }, waitMs);
  };

  await connect().catch((error: unknown) => {
    throw translateDatabaseError(error);
  });

  return {
    async add(channel, onNotify) {
      const existing = handlers.get(channel);
      const registered = existing ?? new Set();
      registered.add(onNotify);
      handlers.set(channel, registered);
      // A broken connection listens to every known channel once it is back.
      if (existing === undefined) await client?.query(`listen ${pg.escapeIdentifier(channel)}`);
      return async () => {
        registered.delete(onNotify);
        if (registered.size > 0 || handlers.get(channel) !== registered) return;
        handlers.delete(channel);
        await client?.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
      };
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      const last = client;
      client = undefined;
      await last?.end();
    },
  };
}
