// One transaction for a change and its record, over a real PostgreSQL.
import { PlatformError, refused, refusedByAll } from '@falaj/runtime';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MutationSpec } from './mutation.js';
import { parcel } from './testing/depot-subgraph.js';
import { type Depot, openDepot } from './testing/open-depot.js';
import { person } from './testing/requests.js';

let depot: Depot;
beforeAll(async () => {
  depot = await openDepot();
});
afterAll(() => depot?.close());

const rename = { action: 'renameParcel', noun: 'Parcel', verb: 'update', subjectId: 'p-01' } as const;
const labelOf = async (id: string) =>
  depot.test.database.asSystem(async (tx) => (await tx.select().from(parcel).where(eq(parcel.id, id)))[0]?.label);
const newRecords = async (work: () => Promise<unknown>) => {
  const before = (await depot.audited()).length;
  await work();
  return (await depot.audited()).slice(before);
};
const lastDetails = () =>
  depot.test.database.asSystem(async (tx) => {
    const { rows } = await tx.execute<{ details: object }>(
      sql`select details from audit.record order by id desc limit 1`,
    );
    return rows[0]?.details;
  });

describe('mutations', () => {
  it('commit the change and its record together, with what the work named', async () => {
    const context = await depot.contextOf(person('keeper'));
    const records = await newRecords(() =>
      context.mutate({ ...rename, details: { from: 'heavy' } }, async (tx, audit) => {
        await tx.update(parcel).set({ label: 'named' }).where(eq(parcel.id, 'p-01'));
        audit.subject('p-01-new', { to: 'named' });
      }),
    );
    expect(await labelOf('p-01')).toBe('named');
    expect(records).toEqual([{ action: 'renameParcel', outcome: 'SUCCEEDED', reason: null, subject_id: 'p-01-new' }]);
  });

  it('prepare after authorisation and before the transaction, and hand on what was prepared', async () => {
    const context = await depot.contextOf(person('keeper'));
    const order: string[] = [];
    const spied = {
      ...context.platform,
      database: {
        ...depot.test.database,
        inWorkspace: ((...args: Parameters<typeof depot.test.database.inWorkspace>) => {
          order.push('transaction');
          return depot.test.database.inWorkspace(...args);
        }) as typeof depot.test.database.inWorkspace,
      },
    };
    Object.assign(context, { platform: spied });
    const spec: MutationSpec<number> = {
      ...rename,
      prepare: async () => {
        order.push('prepare');
        return 42;
      },
    };
    expect(await context.mutate(spec, async (_tx, _audit, prepared) => prepared)).toBe(42);
    expect(order).toEqual(['prepare', 'transaction']);
  });

  it('prepare nothing for who may not, and record the refusal', async () => {
    const context = await depot.contextOf(person('clerk'));
    let touched = false;
    const touch = async () => {
      touched = true;
    };
    const records = await newRecords(() =>
      expect(context.mutate({ ...rename, prepare: touch }, touch)).rejects.toMatchObject({ code: 'FORBIDDEN' }),
    );
    expect(touched).toBe(false);
    expect(records).toEqual([{ action: 'renameParcel', outcome: 'REFUSED', reason: 'FORBIDDEN', subject_id: 'p-01' }]);
  });

  it.each(['RESIDENCY_VIOLATION', 'COMPLIANCE_FAILED'] as const)(
    'record a %s that the work itself finds',
    async (code) => {
      const context = await depot.contextOf(person('keeper'));
      const records = await newRecords(() =>
        expect(
          context.mutate(rename, async (tx) => {
            await tx.update(parcel).set({ label: 'never' }).where(eq(parcel.id, 'p-02'));
            throw new PlatformError(code, 'not there');
          }),
        ).rejects.toMatchObject({ code }),
      );
      expect(records).toMatchObject([{ outcome: 'REFUSED', reason: code }]);
      expect(await labelOf('p-02')).toBe('light');
    },
  );

  const rule = { rule: 'FULL', found: '3 parcels', limit: 'at most 2', whatToDo: 'send one away' };
  it.each([
    ['one rule', refused(rule), rule],
    ['several rules', refusedByAll([rule, rule], 'STAGE_REFUSED'), { refusals: [rule, rule] }],
  ])('record what %s refused, whatever its code, with all that was said', async (_, refusal, details) => {
    const context = await depot.contextOf(person('keeper'));
    const work = async () => {
      throw refusal;
    };
    const records = await newRecords(() => expect(context.mutate(rename, work)).rejects.toBe(refusal));
    expect(records).toMatchObject([{ outcome: 'REFUSED', reason: refusal.code }]);
    expect(await lastDetails()).toMatchObject({ ...details, message: refusal.message });
  });

  it('record nothing of a precondition that no rule names', async () => {
    const context = await depot.contextOf(person('keeper'));
    const work = async () => {
      throw new PlatformError('PRECONDITION_FAILED', 'The shelf is empty.');
    };
    const records = await newRecords(() =>
      expect(context.mutate(rename, work)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' }),
    );
    expect(records).toEqual([]);
  });

  it('leave nothing of work that fails, record included', async () => {
    const context = await depot.contextOf(person('keeper'));
    const records = await newRecords(() =>
      expect(
        context.mutate(rename, async (tx) => {
          await tx.update(parcel).set({ label: 'never' }).where(eq(parcel.id, 'p-02'));
          throw new Error('halfway');
        }),
      ).rejects.toThrow('halfway'),
    );
    expect(records).toEqual([]);
    expect(await labelOf('p-02')).toBe('light');
  });

  it('change nothing when the record cannot be written', async () => {
    const context = await depot.contextOf(person('keeper'));
    const broken = { ...rename, action: null as unknown as string };
    await expect(
      context.mutate(broken, (tx) => tx.update(parcel).set({ label: 'never' }).where(eq(parcel.id, 'p-02'))),
    ).rejects.toThrow();
    expect(await labelOf('p-02')).toBe('light');
  });
});
