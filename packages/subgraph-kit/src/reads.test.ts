// Reads over a real PostgreSQL: nothing lost or repeated in paging, nothing shown that policy withholds.
import { eq, gt } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Connection } from './connection.js';
import type { SubgraphContext } from './context.js';
import type { PageRequest } from './reads.js';
import { type ParcelRow, parcel, parcels } from './testing/depot-subgraph.js';
import { type Depot, openDepot } from './testing/open-depot.js';
import { person } from './testing/requests.js';

let depot: Depot;
let keeper: SubgraphContext;
let clerk: SubgraphContext;
beforeAll(async () => {
  depot = await openDepot();
  keeper = await depot.contextOf(person('keeper'));
  clerk = await depot.contextOf(person('clerk'));
});
afterAll(() => depot?.close());
afterEach(() => vi.restoreAllMocks());

const ids = (page: Connection<unknown>): string[] => page.edges.map((edge) => (edge.node as { id: string }).id);

/** Every page of a list, one after another. */
async function walk(context: SubgraphContext, request: PageRequest<ParcelRow>): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | null = null; ; ) {
    const page: Connection<unknown> = await context.reads.page(parcels, { ...request, after });
    expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
    found.push(...ids(page));
    if (!page.pageInfo.hasNextPage) return found;
    after = page.pageInfo.endCursor;
  }
}

/** Reads of parcels that reach the database meanwhile. */
function countReads(): string[] {
  const seen: string[] = [];
  const query = pg.Client.prototype.query;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [first] = args;
    const text = typeof first === 'string' ? first : String((first as { text?: string })?.text ?? '');
    if (/"parcel"|"shelf"/.test(text)) seen.push(text);
    return (query as (...a: unknown[]) => never).apply(this, args);
  });
  return seen;
}

describe('pages', () => {
  it.each([1, 2, 3, 7, 22, 500])(
    'of %i lose and repeat nothing, over ties and nulls, in every order',
    async (first) => {
      for (const field of ['weight', 'label', 'id'] as const) {
        for (const direction of ['ASC', 'DESC'] as const) {
          const request = { orderBy: { field, direction } } as const;
          const whole = ids(await keeper.reads.page(parcels, { ...request, first: 500 }));
          expect(new Set(whole).size).toBe(23);
          expect(await walk(keeper, { ...request, first })).toEqual(whole);
        }
      }
      const newest = ids(await keeper.reads.page(parcels, { first: 500 }));
      expect(newest.slice(0, 3)).toEqual(['p-20', 'p-21', 'p-22']);
      expect(await walk(keeper, { first })).toEqual(newest);
    },
  );

  it('put rows without a value last in both directions', async () => {
    for (const direction of ['ASC', 'DESC'] as const) {
      const page = await keeper.reads.page(parcels, { first: 500, orderBy: { field: 'weight', direction } });
      const weights = page.edges.map((edge) => edge.node.weight);
      const known = weights.filter((weight) => weight !== null) as number[];
      expect(weights.slice(known.length).every((weight) => weight === null)).toBe(true);
      expect(weights.length).toBeGreaterThan(known.length);
      expect(known).toEqual([...known].sort((a, b) => (direction === 'ASC' ? a - b : b - a)));
    }
  });

  it('count what matches the filters, on every page the same', async () => {
    const request = { first: 3, filters: [{ field: 'label', condition: eq(parcel.label, 'light') }] } as const;
    const page = await keeper.reads.page(parcels, request);
    expect(await page.totalCount()).toBe(12);
    const next = await keeper.reads.page(parcels, { ...request, after: page.pageInfo.endCursor });
    expect(await next.totalCount()).toBe(12);
    expect(await walk(keeper, request)).toHaveLength(12);
  });

  it('show no row of another zone or workspace', async () => {
    const both = await depot.contextOf(person('keeper', { zones: ['AE', 'SA'] }));
    expect(await (await both.reads.page(parcels, { first: 1 })).totalCount()).toBe(24);
    const stranger = await depot.contextOf(person('keeper', { workspaceId: 'w2' }));
    expect(await (await stranger.reads.page(parcels, { first: 1 })).totalCount()).toBe(0);
    expect(await stranger.reads.byId(parcels, 'p-01')).toBeNull();
    await expect(stranger.reads.required(parcels, 'p-01')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuse a size beyond the limits', async () => {
    for (const first of [0, -1, 501, 1.5, Number.NaN])
      await expect(keeper.reads.page(parcels, { first })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('refuse a cursor of another order, other filters, another parent or another principal', async () => {
    const light = { field: 'label', condition: eq(parcel.label, 'light') } as const;
    const heavy = { field: 'label', condition: eq(parcel.label, 'heavy') } as const;
    const own: PageRequest<ParcelRow> = { first: 2, filters: [light] };
    const after = (await keeper.reads.page(parcels, own)).pageInfo.endCursor;
    const since = (day: number): PageRequest<ParcelRow> => ({
      first: 1,
      where: gt(parcel.createdAt, new Date(Date.UTC(2025, 0, day))),
    });
    const dated = (await keeper.reads.page(parcels, since(1))).pageInfo.endCursor;
    await expect(keeper.reads.page(parcels, { ...since(2), after: dated })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    const another = await depot.contextOf(person('keeper', { id: 'p-other' }));
    const attempts: [SubgraphContext, PageRequest<ParcelRow>][] = [
      [another, own],
      [keeper, { first: 2 }],
      [keeper, { first: 2, filters: [heavy] }],
      [keeper, { ...own, orderBy: { field: 'id', direction: 'ASC' } }],
      [keeper, { ...own, where: eq(parcel.shelfId, 'a') }],
    ];
    for (const [context, request] of attempts)
      await expect(context.reads.page(parcels, { ...request, after })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    expect((await keeper.reads.page(parcels, { ...own, first: 5, after })).edges).toHaveLength(5);
  });
});

describe('masks', () => {
  it('leave the database as null, named on the row and in the answer; plain columns stay', async () => {
    const row = await clerk.reads.required(parcels, 'p-02');
    expect(row).toMatchObject({
      label: 'light',
      weight: null,
      recipient: null,
      shelfId: 'a',
      createdAt: expect.any(Date),
    });
    expect([...row.maskedFields].sort()).toEqual(['recipient', 'weight', 'weightClass']);
    expect(clerk.masked.list()).toContainEqual({
      type: 'Parcel',
      field: 'recipient',
      reason: 'PII_RESTRICTED',
      count: expect.any(Number),
    });
    expect(await keeper.reads.required(parcels, 'p-02')).toMatchObject({
      recipient: 'person 2',
      weight: 0,
      maskedFields: [],
    });
  });

  it('hang on the row where a rule does', async () => {
    const weigher = await depot.contextOf(person('weigher'));
    expect(await weigher.reads.required(parcels, 'p-06')).toMatchObject({ weight: 1, maskedFields: ['recipient'] });
    const heavy = await weigher.reads.required(parcels, 'p-05');
    expect(heavy.weight).toBeNull();
    expect(heavy.maskedFields).toContain('weight');
  });

  it('cannot be felt out by a filter or an order', async () => {
    const request = { first: 5, filters: [{ field: 'weight', condition: gt(parcel.weight, 0) }] } as const;
    await expect(clerk.reads.page(parcels, request)).rejects.toMatchObject({ code: 'FORBIDDEN_FILTER' });
    await expect(
      clerk.reads.page(parcels, { first: 5, orderBy: { field: 'recipient', direction: 'ASC' } }),
    ).rejects.toMatchObject({ code: 'FORBIDDEN_FILTER' });
    const weigher = await depot.contextOf(person('weigher'));
    const found = await weigher.reads.page(parcels, { ...request, first: 500 });
    expect(new Set(found.edges.map((edge) => edge.node.label))).toEqual(new Set(['light']));
    expect(await found.totalCount()).toBe(found.edges.length);
    expect(found.edges.length).toBeGreaterThan(0);
  });

  it('do not betray an order: rows that hide the value stand among those without one', async () => {
    const weigher = await depot.contextOf(person('weigher'));
    const order = { orderBy: { field: 'weight', direction: 'ASC' } } as const;
    const whole = await weigher.reads.page(parcels, { ...order, first: 500 });
    const shown = whole.edges.map((edge) => edge.node.weight);
    expect(shown.indexOf(null)).toBe(shown.filter((weight) => weight !== null).length);
    const hidden = ids(whole).slice(shown.indexOf(null));
    expect(hidden).toEqual([...hidden].sort());
    expect(await walk(weigher, { ...order, first: 2 })).toEqual(ids(whole));
  });
});

describe('children', () => {
  it('of all parents come in one statement, further pages by cursor, none lost', async () => {
    const context = await depot.contextOf(person('keeper'));
    const seen = countReads();
    const [a, b, twice] = await Promise.all(
      ['a', 'b', 'a'].map((id) => context.children(parcels, parcel.shelfId, id, { first: 3 })),
    );
    expect(seen).toHaveLength(1);
    expect(ids(a as never)).toEqual(ids(twice as never));
    expect(await a?.totalCount()).toBe(15);
    expect(await b?.totalCount()).toBe(8);
    expect(seen).toHaveLength(1);

    for (const [shelfId, beginning] of [
      ['a', a],
      ['b', b],
    ] as const) {
      const found = ids(beginning as never);
      let page = beginning as Connection<unknown>;
      while (page.pageInfo.hasNextPage) {
        page = await context.children(parcels, parcel.shelfId, shelfId, { first: 3, after: page.pageInfo.endCursor });
        found.push(...ids(page));
      }
      expect(found).toEqual(ids(await context.reads.page(parcels, { first: 500, where: eq(parcel.shelfId, shelfId) })));
    }
  });

  it('refuse the cursor of another parent', async () => {
    const context = await depot.contextOf(person('keeper'));
    const page = await context.children(parcels, parcel.shelfId, 'a', { first: 1 });
    await expect(
      context.children(parcels, parcel.shelfId, 'b', { first: 1, after: page.pageInfo.endCursor }),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('of a parent without any are an empty page', async () => {
    const page = await keeper.children(parcels, parcel.shelfId, 'none', { first: 4 });
    expect(page).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
    expect(await page.totalCount()).toBe(0);
  });

  it('keep restrictions apart that hang on the same column', async () => {
    const context = await depot.contextOf(person('keeper'));
    const of = (label: string) =>
      context.children(parcels, parcel.shelfId, 'a', { first: 100 }, { where: eq(parcel.label, label) });
    const [light, heavy] = await Promise.all([of('light'), of('heavy')]);
    expect(light.edges.every((edge) => edge.node.label === 'light')).toBe(true);
    expect(heavy.edges.every((edge) => edge.node.label === 'heavy')).toBe(true);
  });
});

describe('references', () => {
  it('are answered by one statement per type, in their order, null where not visible', async () => {
    const seen = countReads();
    const place = (__typename: string, id: string) => ({ __typename, id });
    const { data, errors } = await depot.ask(
      person('clerk'),
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Parcel { id label } ... on Shelf { name } } }`,
      {
        r: [
          place('Parcel', 'p-03'),
          place('Shelf', 'b'),
          place('Parcel', 'nowhere'),
          place('Parcel', 'p-23'),
          place('Parcel', 'p-01'),
          place('Parcel', 'p-03'),
          place('Shelf', 'a'),
        ],
      },
    );
    expect(errors).toBeUndefined();
    expect(data?._entities).toEqual([
      { id: 'p-03', label: 'heavy' },
      { name: 'shelf b' },
      null,
      null,
      { id: 'p-01', label: 'heavy' },
      { id: 'p-03', label: 'heavy' },
      { name: 'shelf a' },
    ]);
    expect(seen.filter((text) => text.includes('"parcel"'))).toHaveLength(1);
    expect(seen.filter((text) => text.includes('"shelf"'))).toHaveLength(1);
  });

  it('and the lists below them cost one statement more, however many there are', async () => {
    const seen = countReads();
    const { data } = await depot.ask(
      person('clerk'),
      `{ shelves { name parcels(first: 2) { totalCount edges { node { label shelfCode } } } } }`,
    );
    expect(data?.shelves).toHaveLength(2);
    expect(seen).toHaveLength(2);
  });
});
