// The rotation of a workspace's key of a zone as a durable workflow: nobody who reads or writes waits for it. Writers take
// the new version from the rotation on; what lies under earlier ones is rewrapped page by page and stays readable.
import { defineWorkflow, refused, type WorkflowDefinition, type WorkflowEnd } from '@falaj/runtime';

export interface Rotation {
  readonly rotationId: string;
  readonly zone: string;
  /** Whether versions before the new one end, once nothing is wrapped by them. */
  readonly retire: boolean;
}

export interface Place {
  readonly workspaceId: string;
  readonly zone: string;
}

export interface Page {
  readonly after: string | null;
  readonly seen: number;
  readonly rewrapped: number;
  readonly corrupt: readonly string[];
}

export interface Tally {
  readonly artifacts: number;
  readonly rewrapped: number;
  readonly corrupt: readonly string[];
}

export interface RotationPorts<Tx> {
  /** Key ids before and after. */
  rotate(place: Place, rotation: Rotation): Promise<{ readonly from: string; readonly to: string }>;
  rewrapPage(place: Place, keyId: string, after: string | null, signal: AbortSignal): Promise<Page>;
  /** Data keys that stand in tables; answers how many were moved. */
  rewrapTables(place: Place, keyId: string): Promise<number>;
  retire(place: Place, keyId: string): Promise<void>;
  note(tx: Tx, rotation: Rotation, facts: Readonly<Record<string, unknown>>): Promise<void>;
  ended(tx: Tx, end: WorkflowEnd<Rotation, void>): Promise<void>;
}

/** A writer that began before the rotation may end long after it: as many passes until one finds nothing. */
const MOST_PASSES = 5;
const RETRIES = { retries: 5, backoffMs: 1_000 };

export const rotationWorkflow = <Tx>(ports: RotationPorts<Tx>): WorkflowDefinition<Rotation, void, Tx> =>
  defineWorkflow({
    name: 'rotate-key',
    version: 1,
    async run(flow, rotation) {
      const place = { workspaceId: flow.workspaceId, zone: rotation.zone };
      // Where the answer is lost, the next attempt makes one version more: no harm.
      const { from, to } = await flow.step('rotate', RETRIES, () => ports.rotate(place, rotation));
      await flow.commit('rotated', (tx) => ports.note(tx, rotation, { fromKeyId: from, toKeyId: to }));
      const wrappedKeys = await flow.step('tables', RETRIES, () => ports.rewrapTables(place, to));
      await flow.commit('tables noted', (tx) => ports.note(tx, rotation, { wrappedKeys }));

      let total = 0;
      let last: Tally = { artifacts: 0, rewrapped: 0, corrupt: [] };
      for (let pass = 1; pass <= MOST_PASSES; pass++) {
        last = { artifacts: 0, rewrapped: 0, corrupt: [] };
        let after: string | null = null;
        for (let page = 1; page === 1 || after !== null; page++) {
          const key = `pass ${pass}, page ${page}`;
          const begin: string | null = after;
          const done: Page = await flow.step(key, RETRIES, ({ signal }) => ports.rewrapPage(place, to, begin, signal));
          after = done.after;
          total += done.rewrapped;
          last = {
            artifacts: last.artifacts + done.seen,
            rewrapped: last.rewrapped + done.rewrapped,
            corrupt: [...last.corrupt, ...done.corrupt],
          };
          const facts = { artifacts: last.artifacts, rewrapped: total, corrupt: last.corrupt };
          await flow.commit(`${key} noted`, (tx) => ports.note(tx, rotation, facts));
        }
        if (last.rewrapped === 0) break;
      }
      if (!rotation.retire) return;
      if (last.rewrapped > 0 || last.corrupt.length > 0) {
        throw refused(
          {
            rule: 'KEY_VERSION_UNUSED',
            found: `${last.rewrapped} artifacts still under an earlier version in the last pass, ${last.corrupt.length} that cannot be opened`,
            limit: 'none before earlier versions are retired',
            whatToDo: 'see the incidents of those that cannot be opened, then rotate again',
          },
          'PRECONDITION_FAILED',
          { rewrapped: last.rewrapped, corrupt: [...last.corrupt] },
        );
      }
      await flow.step('retire', RETRIES, () => ports.retire(place, to));
      await flow.commit('retired', (tx) => ports.note(tx, rotation, { retiredAt: new Date() }));
    },
    onEnd: (tx, end) => ports.ended(tx, end),
  });
