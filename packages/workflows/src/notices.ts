// What processes tell each other through PostgreSQL's notify. A notice only ever leads to a new look at the tables.
import { clientOf, type Database, type Tx } from '@falaj/database';
import type { WorkflowRef } from '@falaj/runtime';
import { keyOf } from './run-record.js';

const CHANNEL = 'falaj_workflows';

/** `ready`: may be given to a worker. `wake`: a signal or a cancellation for its holder. `change`: for who watches. */
export type NoticeKind = 'ready' | 'wake' | 'change';

export interface Notice extends WorkflowRef {
  readonly kind: NoticeKind;
}

/** Told when the transaction commits. */
export async function notify(tx: Tx, kind: NoticeKind, { workspaceId, id }: WorkflowRef): Promise<void> {
  await clientOf(tx).query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify([kind, workspaceId, id])]);
}

export interface Notices {
  /** Called for each notice; with nothing after a broken connection: anything may have been missed. */
  onNotice(callback: (notice: Notice | undefined) => void): () => void;
  onRun(ref: WorkflowRef, callback: () => void): () => void;
  close(): Promise<void>;
}

export async function openNotices(database: Database): Promise<Notices> {
  const all = new Set<(notice: Notice | undefined) => void>();
  const byRun = new Map<string, Set<() => void>>();
  const unlisten = await database.listen(CHANNEL, (payload) => {
    const [kind, workspaceId, id] = payload === '' ? [] : (JSON.parse(payload) as [NoticeKind, string, string]);
    const notice = kind && workspaceId && id ? { kind, workspaceId, id } : undefined;
    for (const callback of all) callback(notice);
    const watched = notice ? [byRun.get(keyOf(notice)) ?? []] : byRun.values();
    for (const callbacks of watched) for (const callback of callbacks) callback();
  });
  return {
    onNotice(callback) {
      all.add(callback);
      return () => all.delete(callback);
    },
    onRun(ref, callback) {
      const key = keyOf(ref);
      const own = byRun.get(key) ?? new Set();
      own.add(callback);
      byRun.set(key, own);
      return () => {
        own.delete(callback);
        if (own.size === 0 && byRun.get(key) === own) byRun.delete(key);
      };
    },
    close: unlisten,
  };
}
