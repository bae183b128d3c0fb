// A small subgraph over real tables, so that the kit is tested as subgraphs use it: shelves with parcels.
import type { Rule } from '@falaj/policy';
import { eq, gt, type InferSelectModel, isNotNull } from 'drizzle-orm';
import { integer, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import {
  Arg,
  Args,
  Ctx,
  FieldResolver,
  Float,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { type Connection, connectionOf, PageArguments } from '../connection.js';
import type { SubgraphContext } from '../context.js';
import { Attribute, EntityType } from '../decorators.js';
import { type GovernedTable, governedTable, shownColumns } from '../governed-table.js';
import { referencesTo, type SubgraphDefinition } from '../subgraph.js';

export const depotMigration = `
create schema depot;
--> statement-breakpoint
create table depot.shelf (
  id text primary key, workspace_id text not null, name text not null, created_at timestamptz not null
);
--> statement-breakpoint
create table depot.parcel (
  id text primary key, workspace_id text not null, zone text not null, shelf_id text not null,
  label text not null, weight integer, recipient text, created_at timestamptz not null
);
--> statement-breakpoint
create index on depot.parcel (workspace_id, created_at desc, id);
--> statement-breakpoint
select falaj.protect('depot.shelf');
--> statement-breakpoint
select falaj.protect('depot.parcel');
`;

const schema = pgSchema('depot');
const createdAt = timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull();
export const shelf = schema.table('shelf', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  name: text('name').notNull(),
  createdAt,
});
export const parcel = schema.table('parcel', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  shelfId: text('shelf_id').notNull(),
  label: text('label').notNull(),
  weight: integer('weight'),
  recipient: text('recipient'),
  createdAt,
});

type ShelfRow = Omit<InferSelectModel<typeof shelf>, 'workspaceId'>;
export type ParcelRow = Omit<InferSelectModel<typeof parcel>, 'workspaceId'>;

export const shelves: GovernedTable<ShelfRow> = governedTable({
  noun: 'Shelf',
  table: shelf,
  id: shelf.id,
  createdAt: shelf.createdAt,
  fields: shownColumns(shelf, ['workspaceId']),
  attributes: { workspaceId: shelf.workspaceId },
});
export const parcels: GovernedTable<ParcelRow> = governedTable({
  noun: 'Parcel',
  table: parcel,
  id: parcel.id,
  createdAt: parcel.createdAt,
  fields: shownColumns(parcel, ['workspaceId']),
  attributes: { workspaceId: parcel.workspaceId, zone: parcel.zone, label: parcel.label },
});

// `shelfId` and `createdAt` are columns and no fields: for resolvers only.
@EntityType('Parcel', 'A parcel.')
class Parcel {
  @Attribute(() => ID, 'open', 'Id.') id!: string;
  @Attribute(() => String, 'internal', 'Label.') label!: string;
  @Attribute(() => Int, 'sensitive', 'Grams.') weight!: number | null;
  @Attribute(() => String, 'pii', 'Who gets it.') recipient!: string | null;
  @Attribute(() => String, 'internal', 'Where it lies.') zone!: string;
  @Attribute(() => [String], 'open', 'Withheld fields.') maskedFields!: string[];
}
const ParcelConnection = connectionOf(() => Parcel, 'Parcel');

@EntityType('Shelf', 'A shelf.')
class Shelf {
  @Attribute(() => ID, 'open', 'Id.') id!: string;
  @Attribute(() => String, 'internal', 'Name.') name!: string;
  @Attribute(() => [String], 'open', 'Withheld fields.') maskedFields!: string[];
}

@ObjectType({ description: 'A gauge; it has no table.' })
class Gauge {
  @Attribute(() => Int, 'open', 'What it shows.') reading!: number;
  @Attribute(() => String, 'platform', 'How it is wired.') wiring!: string;
}

@ObjectType({ description: 'The seal of a parcel; a value without an id.' })
class Seal {
  @Attribute(() => String, 'internal', 'Its colour.') colour!: string;
  @Attribute(() => String, 'sensitive', 'What is written on it.') inscription!: string;
}

@Resolver(() => Parcel)
class ParcelResolver {
  @Query(() => ParcelConnection, { description: 'Parcels.' })
  parcels(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: SubgraphContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(parcels, page);
  }

  @Query(() => ParcelConnection, { description: 'Parcels over a weight, by their recipients.' })
  heavyParcels(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('over', () => Float) over: number,
    @Ctx() context: SubgraphContext,
  ): Promise<Connection<unknown>> {
    const filters = [
      { field: 'weight', condition: gt(parcel.weight, over) },
      { field: 'label', condition: isNotNull(parcel.label) },
    ] as const;
    return context.reads.page(parcels, { ...page, filters, orderBy: { field: 'recipient', direction: 'ASC' } });
  }

  @Query(() => Parcel, { nullable: true, description: 'A parcel.' })
  parcel(@Arg('id', () => ID) id: string, @Ctx() context: SubgraphContext) {
    return context.reads.required(parcels, id);
  }

  @Query(() => Parcel, { nullable: true, description: 'A parcel that went round the policy.' })
  smuggled() {
    return { id: 'p', label: 'stolen', maskedFields: [] };
  }

  @Query(() => [Parcel], { nullable: true, description: 'One read parcel and one that went round the policy.' })
  async halfSmuggled(@Ctx() context: SubgraphContext) {
    return [await context.reads.required(parcels, 'p-00'), { id: 'p', label: 'stolen', maskedFields: [] }];
  }

  @Query(() => Gauge, { nullable: true, description: 'The gauge.' })
  gauge() {
    return { reading: 7, wiring: 'red to red' };
  }

  @Query(() => Int, { nullable: true, description: 'Breaks with a message that is nobody’s business.' })
  broken(): number {
    throw new Error('password=hunter2');
  }

  @FieldResolver(() => String, { nullable: true })
  @Attribute(() => String, 'sensitive', 'Computed from the weight.')
  weightClass(@Root() row: ParcelRow): string {
    return `class of ${row.weight}`;
  }

  @FieldResolver(() => String, { nullable: true })
  @Attribute(() => String, 'internal', 'Computed from a column that is no field.')
  shelfCode(@Root() row: ParcelRow): string {
    return `shelf ${row.shelfId}`;
  }

  @FieldResolver(() => [Seal], { nullable: true })
  @Attribute(() => [Seal], 'internal', 'Its seals.')
  seals(@Root() row: ParcelRow): Seal[] {
    return [{ colour: 'red', inscription: `seal of ${row.id}` }];
  }

  @Subscription(() => Parcel, {
    nullable: true,
    description: 'A parcel, each time that it passes: twice.',
    subscribe: async function* () {
      yield {};
      yield {};
    },
  })
  parcelPassing(@Arg('id', () => ID) id: string, @Ctx() context: SubgraphContext) {
    return context.reads.required(parcels, id);
  }

  @Mutation(() => Parcel, { nullable: true, description: 'Renames, and answers the parcel.' })
  async relabelParcel(
    @Arg('id', () => ID) id: string,
    @Arg('label', () => String) label: string,
    @Ctx() context: SubgraphContext,
  ) {
    await context.mutate({ action: 'relabelParcel', noun: 'Parcel', verb: 'update', subjectId: id }, (tx) =>
      tx.update(parcel).set({ label }).where(eq(parcel.id, id)),
    );
    return context.reads.required(parcels, id);
  }

  @Mutation(() => Int, { nullable: true, description: 'Renames.' })
  async renameParcel(
    @Arg('id', () => ID) id: string,
    @Arg('label', () => String) label: string,
    @Ctx() context: SubgraphContext,
  ): Promise<number> {
    return context.mutate({ action: 'renameParcel', noun: 'Parcel', verb: 'update', subjectId: id }, async (tx) => {
      await tx.update(parcel).set({ label }).where(eq(parcel.id, id));
      return 1;
    });
  }

  @Mutation(() => Int, { nullable: true, description: 'Forgets the audit record.' })
  unrecorded(): number {
    return 1;
  }
}

@Resolver(() => Shelf)
class ShelfResolver {
  @Query(() => [Shelf], { nullable: true, description: 'All shelves.' })
  async shelves(@Ctx() context: SubgraphContext) {
    return (await context.reads.page(shelves, { first: 100 })).edges.map((edge) => edge.node);
  }

  @FieldResolver(() => ParcelConnection, { nullable: true })
  @Attribute(() => ParcelConnection, 'internal', 'What lies on it.')
  parcels(@Root() row: ShelfRow, @Args(() => PageArguments) page: PageArguments, @Ctx() context: SubgraphContext) {
    return context.children(parcels, parcel.shelfId, row.id, page);
  }
}

const read = (
  subject: string,
  classes: Rule['classes'],
  roles: readonly string[],
  conditions?: Rule['conditions'],
) => ({
  id: `depot.${subject}.${classes?.join('-')}`,
  effect: 'ALLOW' as const,
  actions: ['read'],
  subject,
  ...(classes ? { classes } : {}),
  ...(conditions ? { conditions } : {}),
  roles,
  reason: conditions ? 'OWN_LABEL_ONLY' : 'READ',
});

export const depotSubgraph: SubgraphDefinition<undefined> = {
  name: 'depot',
  resolvers: [ParcelResolver, ShelfResolver],
  tables: [shelves, parcels],
  references: referencesTo([shelves, parcels]),
  rules: [
    read('Shelf', ['open', 'internal'], ['clerk', 'keeper']),
    read('Parcel', ['open', 'internal'], ['clerk', 'keeper']),
    read('Parcel', ['sensitive', 'pii'], ['keeper']),
    read('Parcel', ['sensitive'], ['weigher'], { label: 'light' }),
    read('Parcel', ['open', 'internal'], ['weigher']),
    read('Seal', ['open', 'internal'], ['clerk', 'keeper']),
    read('Seal', ['sensitive'], ['keeper']),
    read('Gauge', ['open'], ['clerk']),
    read('Gauge', ['open', 'platform'], ['keeper']),
    {
      id: 'depot.rename',
      effect: 'ALLOW',
      actions: ['update'],
      subject: 'Parcel',
      roles: ['keeper'],
      reason: 'KEEPER',
    },
  ],
  migrations: { name: 'depot', folder: '' },
  createServices: async () => ({ services: undefined }),
};
