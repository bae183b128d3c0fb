// Online rows of persons: filed under a digest of the person and sealed under the person's key, so that neither the store
// nor a backup of it tells whose a row is or what it says, and a destroyed key ends the row wherever a copy lies.
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { FeatureValue, OnlineRow, OnlineStoreV1, OnlineView } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import type { SubjectKeys } from './subject-keys.js';

const NONCE = 12;
const TAG = 16;
const COLUMNS = [{ name: 'sealed', type: 'STRING' }] as const;

type Rows = Pick<OnlineStoreV1, 'read' | 'write'>;
type SubjectView = OnlineView & Required<Pick<OnlineView, 'subject'>>;
const isOfSubjects = (view: OnlineView): view is SubjectView => view.subject !== undefined;

/** The store, for callers to whom rows of persons are as open as others. Rows whose key is destroyed are not there. */
export function sealedOnlineStore(store: Rows, subjects: Pick<SubjectKeys, 'of' | 'known' | 'lookups'>): Rows {
  /** Who each key names, and the key to file under. */
  const filed = async (view: SubjectView, keys: readonly string[], workspaceId: string) => {
    const parts = keys.map((key) => JSON.parse(key) as string[]);
    const names = parts.map((own) => own[view.subject.part] as string);
    const lookups = await subjects.lookups({ workspaceId, zone: view.subject.zone }, names);
    return {
      names,
      keys: parts.map((own, place) => JSON.stringify(own.with(view.subject.part, lookups[place] as string))),
    };
  };
  const stored = (view: SubjectView): OnlineView => ({ view: view.view, version: view.version, columns: COLUMNS });

  return {
    async write({ view, rows }, call) {
      if (!isOfSubjects(view)) return store.write({ view, rows }, call);
      const { names, keys } = await filed(
        view,
        rows.map((row) => row.key),
        call.workspace,
      );
      const own = await subjects.of({ workspaceId: call.workspace, zone: view.subject.zone }, names);
      const sealed = rows.map((row, place): OnlineRow => {
        const key = keys[place] as string;
        const text = sealRow(
          own.get(names[place] as string) as KeyObject,
          contextOf(view, key, row.eventTime),
          row.values,
        );
        return { key, eventTime: row.eventTime, values: [text] };
      });
      return store.write({ view: stored(view), rows: sealed }, call);
    },

    async read({ requests }, call) {
      if (!requests.some(({ view }) => isOfSubjects(view))) return store.read({ requests }, call);
      const asked = await Promise.all(
        requests.map(async ({ view, keys }) => {
          if (!isOfSubjects(view)) return { view, keys, open: null };
          const place = { workspaceId: call.workspace, zone: view.subject.zone };
          const [{ names, keys: under }, known] = await Promise.all([
            filed(view, keys, call.workspace),
            subjects.known(
              place,
              keys.map((key) => (JSON.parse(key) as string[])[view.subject.part] as string),
            ),
          ]);
          return { view: stored(view), keys: under, open: { view, names, known, keys } };
        }),
      );
      const found = await store.read({ requests: asked.map(({ view, keys }) => ({ view, keys })) }, call);
      return found.map((rows, request) => {
        const open = asked[request]?.open;
        if (!open) return rows;
        return rows.map((row, place): OnlineRow | null => {
          const key = open.known.get(open.names[place] as string);
          if (row === null || !key) return null;
          const values = openRow(key, contextOf(open.view, row.key, row.eventTime), row);
          return { key: open.keys[place] as string, eventTime: row.eventTime, values };
        });
      });
    },
  };
}

const contextOf = (view: OnlineView, key: string, eventTime: number): Buffer =>
  Buffer.from(JSON.stringify([view.view, view.version, key, eventTime]));

function sealRow(key: KeyObject, context: Buffer, values: readonly FeatureValue[]): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(context);
  const text = JSON.stringify(values, (_, value: unknown) => (isOddNumber(value) ? { number: oddText(value) } : value));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function openRow(key: KeyObject, context: Buffer, row: OnlineRow): FeatureValue[] {
  const bytes = Buffer.from(String(row.values[0]), 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(context);
    decipher.setAuthTag(bytes.subarray(-TAG));
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString();
    const values = JSON.parse(text) as (FeatureValue | { readonly number: string })[];
    return values.map((value) => (typeof value === 'object' && value !== null ? Number(value.number) : value));
  } catch (cause) {
    throw new PlatformError('PLUGIN_FAILED', 'A sealed row of the online store does not open; it is not used.', {
      cause,
    });
  }
}

/** What JSON has no number for. */
const isOddNumber = (value: unknown): value is number =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
const oddText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
