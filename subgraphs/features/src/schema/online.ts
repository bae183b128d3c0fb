import type { OnlineRow } from '@falaj/contracts';
import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  JSONObject,
  newId,
  PageArguments,
  readPseudonyms,
} from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Float, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { ColumnClass } from '../domain/data-source.js';
import { assembleVector, entityKey } from '../domain/online-vector.js';
import { featurePlan } from '../domain/training-set.js';
import { featureServices, featureViews, type MaterializationRow, materializations } from '../store/governed.js';
import { plannedView, requiredService, requiredView, specOf, viewsWithSources } from '../store/lookups.js';
import { pluginEngine } from '../store/plugin-engine.js';
import { materialization } from '../store/tables.js';
import { insertMaterialization } from '../store/writes.js';
import type { FeaturesContext, Relation } from './context.js';
import { FeatureStatus } from './enums.js';
import { FeatureView } from './feature-view.js';
import { MaterializeFeatureViewInput, OnlineFeaturesInput } from './inputs.js';
import { readsValue } from './value-classes.js';

@EntityType('Materialization', 'One writing of a view into the online store.')
export class Materialization {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => DateTime, 'internal', 'Instant whose values were written.') asOf!: Date;
  @Attribute(() => Int, 'internal', 'Entities written.') rowsWritten!: number;
  @Attribute(() => Int, 'internal', 'Entities left alone because the store held newer values.') rowsStale!: number;
  @Attribute(() => DateTime, 'internal', 'Start.') startedAt!: Date;
  @Attribute(() => DateTime, 'internal', 'End.') finishedAt!: Date;
  @Attribute(() => String, 'internal', 'Zone in which the values are stored.') zone!: string;
  @Attribute(() => String, 'pii', 'Who asked for it.') owner!: string;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

const MaterializationConnection = connectionOf(() => Materialization, 'Materialization');

@ObjectType({ description: 'Result of materializeFeatureView.' })
export class MaterializeFeatureViewPayload {
  @Attribute(() => Materialization, 'open', 'What was done.', { nullable: true }) materialization!: unknown;
}

@ObjectType({ description: 'One online value and why it is missing where it is.' })
export class OnlineValue {
  @Attribute(() => String, 'open', 'Column, `<view>__<feature>`.') feature!: string;
  @Attribute(() => Float, 'pii', 'Value where it is a number; null where the class of the feature is withheld.')
  number!: number | null;
  @Attribute(() => String, 'pii', 'Value where it is text; null where the class of the feature is withheld.')
  text!: string | null;
  @Attribute(() => FeatureStatus, 'internal', 'Whether it is there.') status!: string;
  @Attribute(() => DateTime, 'internal', 'When it became true.') eventTime!: Date | null;
}

@ObjectType({ description: 'The online values of one entity row.' })
export class FeatureVector {
  @Attribute(() => JSONObject, 'internal', 'The entity row as asked.') entityRow!: Record<string, unknown>;
  @Attribute(() => [OnlineValue], 'internal', 'Values in the order of the service.') values!: OnlineValue[];
}

@Resolver(() => Materialization)
export class MaterializationResolver {
  @Query(() => MaterializationConnection, { description: 'Materialisations of a view, newest first.' })
  materializations(
    @Arg('featureViewId', () => ID, { description: 'View version.' }) featureViewId: string,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: FeaturesContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(materializations, { ...page, where: eq(materialization.featureViewId, featureViewId) });
  }

  @Attribute(() => FeatureView, 'internal', 'View that was written.')
  featureView(
    @Root() done: MaterializationRow,
    @Ctx() context: FeaturesContext,
  ): Promise<Relation<FeatureView> | null> {
    return context.load('FeatureView', done.featureViewId, (ids) =>
      context.reads.byIds(featureViews, ids),
    ) as unknown as Promise<Relation<FeatureView> | null>;
  }

  @Mutation(() => MaterializeFeatureViewPayload, {
    description:
      'Writes the values of a view, as of an instant, into the online store. Repeating it changes nothing; an older value never replaces a newer one.',
  })
  async materializeFeatureView(
    @Arg('input', () => MaterializeFeatureViewInput, { description: 'What to write.' })
    input: MaterializeFeatureViewInput,
    @Ctx() context: FeaturesContext,
  ): Promise<MaterializeFeatureViewPayload> {
    await context.reads.required(featureViews, input.featureViewId);
    const id = newId('mat');
    const asOf = input.asOf ?? new Date();
    const startedAt = new Date();
    const write = async () => {
      const found = await context.transaction((tx) => requiredView(tx, input.featureViewId));
      const { view } = found;
      const engine = pluginEngine(context, view.zone);
      const { columns, subject } = plannedView(found);
      const online = { view: view.name, version: view.version, columns, ...(subject ? { subject } : {}) };
      const total = { rowsWritten: 0, rowsStale: 0, zone: view.zone };
      for await (const rows of engine.latestRows(specOf(found), asOf)) {
        const { written, stale } = await engine.writeOnline(online, rows);
        total.rowsWritten += written;
        total.rowsStale += stale;
      }
      return total;
    };
    await context.mutate(
      {
        action: 'materializeFeatureView',
        noun: 'Materialization',
        verb: 'create',
        subjectId: id,
        details: { featureViewId: input.featureViewId, asOf: asOf.toISOString() },
        prepare: write,
      },
      (tx, _audit, total) =>
        insertMaterialization(tx, {
          id,
          ...context.ownership,
          ...total,
          featureViewId: input.featureViewId,
          asOf,
          startedAt,
          finishedAt: new Date(),
        }),
    );
    return { materialization: await context.reads.byId(materializations, id) };
  }

  @Query(() => [FeatureVector], {
    nullable: true,
    description: 'Online values of entities, as inference would see them.',
  })
  async onlineFeatures(
    @Arg('input', () => OnlineFeaturesInput, { description: 'Which entities.' }) input: OnlineFeaturesInput,
    @Ctx() context: FeaturesContext,
  ): Promise<FeatureVector[]> {
    await context.reads.required(featureServices, input.featureServiceId);
    const { plan, zone, classes, data } = await context.transaction(async (tx) => {
      const service = await requiredService(tx, input.featureServiceId);
      const views = await viewsWithSources(
        tx,
        service.views.map((view) => view.featureViewId),
      );
      const columns = new Map(views.map((found) => [found.view.id, plannedView(found)]));
      const classes = new Map(
        views.flatMap(({ view }) =>
          view.features.map(({ name, fieldClass }): [string, ColumnClass] => [`${view.name}__${name}`, fieldClass]),
        ),
      );
      const held = views.map(({ view }) => view);
      const data = {
        categories: [...new Set(held.flatMap(({ categories }) => categories))],
        origins: () => held,
      };
      return { plan: featurePlan(service, columns), zone: held[0]?.zone ?? '', classes, data };
    });
    await context.services.readers.assert(context.principal, data);
    const requests = plan.views.map((view) => ({
      view,
      keys: input.entityRows.map((row) => entityKey(view.keys, row)),
    }));
    const found = await pluginEngine(context, zone).readOnline(requests);
    await noteSubjects(context, plan, requests);
    const at = input.at ?? new Date();
    return input.entityRows.map((entityRow, place) => {
      const rows = new Map<string, OnlineRow | null>(
        plan.views.map((view, index) => [view.view, found[index]?.[place] ?? null]),
      );
      return {
        entityRow,
        values: assembleVector(plan, rows, at).map(({ feature, value, status, eventTime }) => {
          const number = typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : null;
          const text = typeof value === 'string' ? value : null;
          const shown = (field: 'number' | 'text') => readsValue(context, 'OnlineValue', field, classes.get(feature));
          return {
            feature,
            number: number !== null && shown('number') ? number : null,
            text: text !== null && shown('text') ? text : null,
            status,
            eventTime,
          };
        }),
      };
    });
  }
}

/** Whose rows were asked for, in the read log: by ids that end with the person's key. */
async function noteSubjects(
  context: FeaturesContext,
  plan: ReturnType<typeof featurePlan>,
  requests: readonly { readonly view: { readonly view: string }; readonly keys: readonly string[] }[],
): Promise<void> {
  for (const [place, { view, subject }] of plan.views.entries()) {
    if (!subject) continue;
    const names = (requests[place]?.keys ?? []).map((key) => (JSON.parse(key) as string[])[subject.part] as string);
    const at = { workspaceId: context.principal.workspaceId, zone: subject.zone };
    const taken = plan.columns.flatMap((column) =>
      column.kind === 'view' && column.view === view ? [`${view}.${column.feature}`] : [],
    );
    // Of whom there is no key, there was no row.
    for (const id of readPseudonyms(await context.services.subjects.known(at, names)))
      for (const field of taken) context.shown.record('DataSubject', id, field);
  }
}
