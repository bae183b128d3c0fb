// The second look at every field, and what an execution lets out.
import { Field, ObjectType } from 'type-graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSubgraph } from './subgraph.js';
import { depotSubgraph } from './testing/depot-subgraph.js';
import { type Depot, openDepot } from './testing/open-depot.js';
import { person } from './testing/requests.js';

let depot: Depot;
beforeAll(async () => {
  depot = await openDepot();
});
afterAll(() => depot?.close());

describe('guard', () => {
  it('lets out no object of a governed type that was not read through the policy', async () => {
    for (const field of ['smuggled', 'halfSmuggled']) {
      const result = await depot.ask(person('keeper'), `{ ${field} { id label } }`);
      expect(result.data?.[field]).toBeNull();
      expect(result.errors?.[0]).toMatchObject({ path: [field], extensions: { code: 'INTERNAL' } });
      expect(JSON.stringify(result)).not.toContain('stolen');
    }
  });

  it('masks what is computed from masked columns', async () => {
    const query = `{ parcel(id: "p-02") { weight weightClass shelfCode maskedFields } }`;
    const clerk = await depot.ask(person('clerk'), query);
    expect(clerk.data?.parcel).toEqual({
      weight: null,
      weightClass: null,
      shelfCode: 'shelf a',
      maskedFields: expect.arrayContaining(['weight', 'weightClass', 'recipient']),
    });
    expect((await depot.ask(person('keeper'), query)).data?.parcel).toEqual({
      weight: 0,
      weightClass: 'class of 0',
      shelfCode: 'shelf a',
      maskedFields: [],
    });
  });

  it('judges types without a table by the class of the field', async () => {
    const clerk = await depot.ask(person('clerk'), '{ gauge { reading wiring } }');
    expect(clerk.data).toEqual({ gauge: { reading: 7, wiring: null } });
    expect(clerk.extensions).toEqual({
      falaj: { masked: [{ type: 'Gauge', field: 'wiring', reason: 'PLATFORM_RESTRICTED', count: 1 }] },
    });
    expect(await depot.ask(person('keeper'), '{ gauge { wiring } }')).toEqual({
      data: { gauge: { wiring: 'red to red' } },
    });
  });

  it('makes an error of a mutation without an audit record', async () => {
    const result = await depot.ask(person('keeper'), 'mutation { unrecorded }');
    expect(result.data).toEqual({ unrecorded: null });
    expect(result.errors?.[0]?.extensions?.code).toBe('INTERNAL');
    expect(
      (await depot.ask(person('keeper'), 'mutation { renameParcel(id: "p-01", label: "x") }')).errors,
    ).toBeUndefined();
  });

  it('does not let one mutation’s record stand for another', async () => {
    const result = await depot.ask(person('keeper'), 'mutation { renameParcel(id: "p-01", label: "y") unrecorded }');
    expect(result.data).toEqual({ renameParcel: 1, unrecorded: null });
  });
});

describe('execution', () => {
  it('tells nothing of an unexpected fault', async () => {
    const result = await depot.ask(person('keeper'), '{ broken }');
    expect(result.errors?.[0]).toMatchObject({ path: ['broken'], extensions: { code: 'INTERNAL', retryable: false } });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('gives a platform error with its code and details, and the rest of the answer', async () => {
    const result = await depot.ask(person('clerk'), '{ parcel(id: "none") { id } gauge { reading } }');
    expect(result.data).toEqual({ parcel: null, gauge: { reading: 7 } });
    expect(result.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', details: { type: 'Parcel' } } }]);
  });

  it('counts every withheld value by type, field and reason', async () => {
    const { extensions } = await depot.ask(person('clerk'), '{ parcels(first: 5) { edges { node { id } } } }');
    expect((extensions as { falaj: { masked: unknown[] } }).falaj.masked).toContainEqual({
      type: 'Parcel',
      field: 'recipient',
      reason: 'PII_RESTRICTED',
      count: 5,
    });
  });

  it('calls a missing variable bad input', async () => {
    const result = await depot.ask(person('clerk'), 'query ($id: ID!) { parcel(id: $id) { id } }');
    expect(result.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  });
});

it('a subgraph with one field that has no class does not start, and says which', async () => {
  class Crate {
    contents!: string;
  }
  // Called by hand, for this file is compiled without decorators.
  ObjectType({ description: 'A crate.' })(Crate);
  Field(() => String, { description: 'What is in it.', nullable: true })(Crate.prototype, 'contents');
  await expect(startSubgraph({ ...depotSubgraph, orphanedTypes: [Crate] }, depot.platform)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('Crate.contents has no class'),
  });
});
