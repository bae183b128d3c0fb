// What stands in the read log is what was shown, no more and no less, and nothing is shown that does not stand there.
import { auditUnavailable, createReadLog } from '@falaj/audit';
import type { Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { type ExecutionResult, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Subgraph, startSubgraph } from './subgraph.js';
import { depotSubgraph } from './testing/depot-subgraph.js';
import { type Depot, openDepot } from './testing/open-depot.js';
import { person } from './testing/requests.js';

interface Logged {
  readonly type: string;
  readonly ids: readonly string[];
  readonly fields: readonly string[];
}

let depot: Depot;
let logging: Subgraph;
let seen = 0;
beforeAll(async () => {
  depot = await openDepot();
  const readLog = createReadLog(depot.test.database);
  logging = await startSubgraph(depotSubgraph, { ...depot.platform, readLog });
});
afterAll(() => depot?.close());

/** Events since the last look. */
async function logged(): Promise<(Logged & Record<string, unknown>)[]> {
  const { rows } = await depot.test.database.asSystem((tx) =>
    tx.execute<Logged & Record<string, unknown>>(sql`
      select e.subject_type as type, e.subject_ids as ids, s.fields, e.principal_id, e.workspace_id, e.policy_version::int,
        e.request_id, e.purpose, e.operation_hash, e.reader_zone
      from audit.read_event e join audit.field_set s on s.id = e.field_set order by e.xid, e.id offset ${seen}`),
  );
  seen += rows.length;
  return rows.map((row) => ({ ...row, ids: row.ids.toSorted() }));
}

const ask = (role: string, query: string, variables = {}) =>
  logging.execute({ document: parse(query), variables, context: requestOf(person(role)) });

const shownTo = async (role: string, query: string, variables = {}): Promise<Logged[]> => {
  await ask(role, query, variables);
  return (await logged()).map(({ type, ids, fields }) => ({ type, ids, fields }));
};

const requestOf = (principal: Principal) => ({
  principal,
  requestId: 'r-7',
  traceparent: '',
  signal: new AbortController().signal,
  purpose: 'complaint 12',
  operationHash: 'ab12',
});

describe('the read log', () => {
  it('holds who was shown which logged fields of which record, and under which policy', async () => {
    const document = parse('{ parcel(id: "p-01") { id label weight recipient } }');
    await logging.execute({ document, variables: {}, context: requestOf(person('keeper')) });
    expect(await logged()).toEqual([
      {
        type: 'Parcel',
        ids: ['p-01'],
        fields: ['recipient', 'weight'],
        principal_id: 'p-keeper',
        workspace_id: 'w1',
        policy_version: 3,
        request_id: 'r-7',
        purpose: 'complaint 12',
        operation_hash: 'ab12',
        reader_zone: 'AE',
      },
    ]);
  });

  it('holds nothing of ordinary fields, of masked ones and of rows that are not there', async () => {
    expect(await shownTo('keeper', '{ parcels(first: 5) { totalCount edges { node { id label zone } } } }')).toEqual(
      [],
    );
    expect(
      await shownTo('clerk', '{ parcels(first: 5) { edges { node { id weight recipient weightClass } } } }'),
    ).toEqual([]);
    expect(await shownTo('keeper', '{ parcel(id: "none") { weight } }')).toEqual([]);
  });

  it('holds a field only of the rows that show it', async () => {
    const query = '{ parcels(first: 24) { edges { node { id label weight } } } }';
    const { data } = (await ask('weigher', query)) as ExecutionResult<{
      parcels: { edges: { node: { id: string; label: string } }[] };
    }>;
    const light = data?.parcels.edges.filter(({ node }) => node.label === 'light').map(({ node }) => node.id);
    expect(light?.length).toBeGreaterThan(3);
    expect(await logged()).toMatchObject([{ type: 'Parcel', ids: light?.toSorted(), fields: ['weight'] }]);
  });

  it('follows aliases, fragments, switches and computed fields', async () => {
    expect(
      await shownTo(
        'keeper',
        `query ($yes: Boolean!, $no: Boolean!) {
          parcel(id: "p-01") { ...Who mass: weight @include(if: $no) ... on Parcel @skip(if: $no) { weightClass } }
        }
        fragment Who on Parcel { addressee: recipient @include(if: $yes) }`,
        { yes: true, no: false },
      ),
    ).toEqual([{ type: 'Parcel', ids: ['p-01'], fields: ['recipient', 'weightClass'] }]);
  });

  it('holds what rows were chosen and ordered by, though no value is shown, and where none was found', async () => {
    const heavy = (over: number) => `{ heavyParcels(first: 2, over: ${over}) { edges { node { id label } } } }`;
    const { data } = (await ask('keeper', heavy(0))) as ExecutionResult<{
      heavyParcels: { edges: { node: { id: string } }[] };
    }>;
    const ids = data?.heavyParcels.edges.map(({ node }) => node.id).toSorted();
    expect(ids).toHaveLength(2);
    const fields = ['orderBy.recipient', 'where.weight'];
    expect(await logged()).toMatchObject([{ type: 'Parcel', ids, fields }]);
    expect(await shownTo('keeper', heavy(1e9))).toEqual([{ type: 'Parcel', ids: [], fields }]);
  });

  it('counts what stands in two places of an answer once', async () => {
    expect(
      await shownTo(
        'keeper',
        '{ a: parcel(id: "p-01") { weight } b: parcel(id: "p-01") { recipient } c: parcel(id: "p-02") { weight } }',
      ),
    ).toEqual([
      { type: 'Parcel', ids: ['p-01'], fields: ['recipient', 'weight'] },
      { type: 'Parcel', ids: ['p-02'], fields: ['weight'] },
    ]);
  });

  it('names the record that a value is part of, and the type alone where there is none', async () => {
    expect(await shownTo('keeper', '{ parcel(id: "p-03") { seals { colour inscription } } gauge { wiring } }')).toEqual(
      [
        { type: 'Gauge', ids: [], fields: ['wiring'] },
        { type: 'Parcel', ids: ['p-03'], fields: ['Seal.inscription'] },
      ],
    );
    expect(await shownTo('clerk', '{ parcel(id: "p-03") { seals { colour inscription } } gauge { wiring } }')).toEqual(
      [],
    );
  });

  it('holds what entities, mutations and events of a subscription show', async () => {
    const entities = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Parcel { weight } ... on Shelf { name } } }`;
    const representations = [
      { __typename: 'Parcel', id: 'p-05' },
      { __typename: 'Parcel', id: 'p-06' },
      { __typename: 'Shelf', id: 'a' },
      { __typename: 'Parcel', id: 'none' },
    ];
    expect(await shownTo('keeper', entities, { r: representations })).toEqual([
      { type: 'Parcel', ids: ['p-05', 'p-06'], fields: ['weight'] },
    ]);
    expect(await shownTo('keeper', 'mutation { relabelParcel(id: "p-07", label: "light") { recipient } }')).toEqual([
      { type: 'Parcel', ids: ['p-07'], fields: ['recipient'] },
    ]);
    const document = parse('subscription { parcelPassing(id: "p-08") { weight } }');
    const events = await logging.execute({ document, variables: {}, context: requestOf(person('keeper')) });
    if (!(Symbol.asyncIterator in events)) throw new Error(JSON.stringify(events));
    let count = 0;
    for await (const event of events) {
      expect(event.errors).toBeUndefined();
      count += 1;
      // Before the reader has the event, it stands.
      expect(await logged()).toMatchObject([{ type: 'Parcel', ids: ['p-08'], fields: ['weight'] }]);
    }
    expect(count).toBe(2);
  });
});

describe('without a read log', () => {
  const platformWithout = async () => ({
    ...depot.platform,
    log: { ...depot.platform.log, error: () => undefined },
    readLog: {
      append: async () => {
        throw auditUnavailable(new Error('no space left'));
      },
    },
  });

  it.each([
    ['a query', '{ parcel(id: "p-01") { id weight } gauge { reading } }', {}],
    [
      'entities',
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Parcel { id weight } } }',
      { r: [{ __typename: 'Parcel', id: 'p-01' }] },
    ],
    ['a mutation', 'mutation { relabelParcel(id: "p-01", label: "heavy") { id weight } }', {}],
  ])('%s that shows a logged field answers AUDIT_UNAVAILABLE and no data', async (_name, query, variables) => {
    const subgraph = await startSubgraph(depotSubgraph, await platformWithout());
    const result = (await subgraph.execute({
      document: parse(query),
      variables,
      context: requestOf(person('keeper')),
    })) as ExecutionResult;
    expect(result.data).toBeNull();
    expect(result.errors?.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'AUDIT_UNAVAILABLE', retryable: true },
    ]);
    expect(JSON.stringify(result)).not.toMatch(/p-01|no space/);
  });

  it('an event of a subscription answers it too, and what shows no logged field is answered', async () => {
    const subgraph = await startSubgraph(depotSubgraph, await platformWithout());
    const context = requestOf(person('keeper'));
    const document = parse('subscription { parcelPassing(id: "p-08") { id weight } }');
    const events = (await subgraph.execute({ document, variables: {}, context })) as AsyncIterable<ExecutionResult>;
    for await (const event of events) {
      expect(event.data).toBeNull();
      expect(event.errors?.[0]?.extensions.code).toBe('AUDIT_UNAVAILABLE');
    }
    const ordinary = parse('{ parcel(id: "p-01") { id label } }');
    expect(await subgraph.execute({ document: ordinary, variables: {}, context })).toMatchObject({
      data: { parcel: { id: 'p-01' } },
    });
  });
});
