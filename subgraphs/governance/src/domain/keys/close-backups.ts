// After an erasure, backups from before it can be opened until the key versions of then are retired. This retires them at
// the time that was promised, unless a rotation did before.
import { defineWorkflow, type WorkflowDefinition } from '@falaj/runtime';

export interface ClosingBackups {
  readonly erasureId: string;
  readonly zone: string;
}

export interface ClosingPorts<Tx> {
  /** Begins a rotation that retires; `BUSY` where another, or the erasure itself, still runs, `CLOSED` where one retired since the erasure. */
  retire(
    tx: Tx,
    place: { readonly workspaceId: string; readonly zone: string; readonly principalId: string },
    closing: ClosingBackups,
  ): Promise<'BEGUN' | 'BUSY' | 'CLOSED'>;
}

const FIRST_MS = 10_000;
/** A rotation that fails today, over an artifact that nobody can open, fails in a minute too: about a day at last. */
const MOST_DOUBLINGS = 13;

export const closingWorkflow = <Tx>(ports: ClosingPorts<Tx>): WorkflowDefinition<ClosingBackups, void, Tx> =>
  defineWorkflow({
    name: 'close-backups',
    version: 1,
    async run(flow, closing) {
      const { workspaceId, principalId } = flow;
      const place = { workspaceId, principalId, zone: closing.zone };
      let begun = 0;
      for (let attempt = 1; ; attempt++) {
        const done = await flow.commit(`attempt ${attempt}`, async (tx) => ({
          state: await ports.retire(tx, place, closing),
          now: Date.now(),
        }));
        if (done.state === 'CLOSED') return;
        if (done.state === 'BEGUN') begun += 1;
        // A rotation that fails leaves them open: look again until one has retired.
        const wait = FIRST_MS * 2 ** Math.min(Math.max(0, begun - 1), MOST_DOUBLINGS);
        await flow.sleepUntil(`wait ${attempt}`, new Date(done.now + wait));
      }
    },
  });
