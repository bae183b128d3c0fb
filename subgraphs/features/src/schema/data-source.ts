import { assertZoneAmong } from '@falaj/policy';
import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  EntityType,
  newId,
  PageArguments,
  parseInput,
  READER_ABROAD,
} from '@falaj/subgraph-kit';
import { ilike } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { classifyColumns, dataSourceInput } from '../domain/data-source.js';
import { type DataSourceRow, dataSources } from '../store/governed.js';
import { personColumns } from '../store/lookups.js';
import { pluginEngine } from '../store/plugin-engine.js';
import { dataSource } from '../store/tables.js';
import { insertDataSource } from '../store/writes.js';
import type { FeaturesContext } from './context.js';
import { SourceFormat } from './enums.js';
import { CreateDataSourceInput, NameFilter } from './inputs.js';
import { isReaderAbroad } from './regulated-values.js';

const SAMPLE =
  'The first rows; values of columns that the reader may not see are null, and all of regulated data is withheld from those who work where it may not go.';

@ObjectType({ description: 'A column of a data source.' })
export class SourceColumn {
  @Attribute(() => String, 'open', 'Name in the file.') name!: string;
  @Attribute(() => String, 'internal', 'Type as found in the file.') type!: string;
  @Attribute(() => String, 'internal', 'Class that decides who may see its values.') fieldClass!: string;
}

@ObjectType({ description: 'One value of a sample row.' })
export class SampleCell {
  @Attribute(() => String, 'open', 'Column.') column!: string;
  @Attribute(() => String, 'pii', 'Value as text; null where the class of the column is withheld.') value!:
    | string
    | null;
}

@ObjectType({ description: 'A row of a data source.' })
export class SampleRow {
  @Attribute(() => [SampleCell], 'open', 'Values in column order.') cells!: SampleCell[];
}

@EntityType('DataSource', 'A file of events or facts, with its zone and the class of each column.')
export class DataSource {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => SourceFormat, 'internal', 'Format of the file.') format!: string;
  @Attribute(() => String, 'internal', 'Path relative to an allowed folder.') path!: string;
  @Attribute(() => [SourceColumn], 'internal', 'Columns with their classes.') columns!: SourceColumn[];
  @Attribute(() => Int, 'internal', 'Number of rows.') rows!: number;
  @Attribute(() => Int, 'internal', 'Size in bytes.') bytes!: number;
  @Attribute(() => String, 'sensitive', 'SHA-256 of the file when it was registered.') digest!: string;
  @Attribute(() => [String], 'internal', 'Categories of data that it holds.') categories!: string[];
  @Attribute(() => String, 'internal', 'Zone in which it is stored.') zone!: string;
  @Attribute(() => String, 'pii', 'Who registered it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was registered.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const DataSourceConnection = connectionOf(() => DataSource, 'DataSource');

@ObjectType({ description: 'Result of createDataSource.' })
export class CreateDataSourcePayload {
  @Attribute(() => DataSource, 'open', 'The new data source.', { nullable: true }) dataSource!: unknown;
}

@Resolver(() => DataSource)
export class DataSourceResolver {
  @Query(() => DataSource, { nullable: true, description: 'A data source by id.' })
  dataSource(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: FeaturesContext) {
    return context.reads.required(dataSources, id);
  }

  @Query(() => DataSourceConnection, { description: 'Data sources, newest first.' })
  dataSources(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => NameFilter, { nullable: true, description: 'Restriction.' }) filter: NameFilter | undefined,
    @Ctx() context: FeaturesContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(dataSources, {
      ...page,
      filters: filter?.nameContains
        ? [
            {
              field: 'name',
              condition: ilike(dataSource.name, `%${filter.nameContains.replaceAll(/[\\%_]/g, '\\$&')}%`),
            },
          ]
        : [],
    });
  }

  @Attribute(() => [SampleRow], 'internal', SAMPLE)
  async sampleRows(
    @Root() source: DataSourceRow,
    @Arg('first', () => Int, { defaultValue: 5, description: 'How many rows, 1 to 100.' }) first: number,
    @Ctx() context: FeaturesContext,
  ): Promise<SampleRow[] | null> {
    if (await isReaderAbroad(context, 'DataSource', source.id)) {
      context.masked.record('DataSource', 'sampleRows', READER_ABROAD);
      return null;
    }
    const columns = source.columns ?? [];
    const persons = await context.load('DataSource.personColumns', source.id, (ids) =>
      context.transaction((tx) => personColumns(tx, ids)),
    );
    const rows = await pluginEngine(context, source.zone).previewSource(
      { format: source.format, path: source.path },
      columns.map((column) => column.name),
      Math.min(Math.max(first, 1), 100),
      persons,
    );
    const verdicts = columns.map((column) =>
      context.ability.check('read', 'SampleCell', { columnClass: column.fieldClass }, 'value'),
    );
    return rows.map((row) => ({
      cells: columns.map((column, place) => {
        const verdict = verdicts[place];
        if (!verdict?.allowed)
          context.masked.record('SampleCell', 'value', `${column.fieldClass.toUpperCase()}_RESTRICTED`);
        return { column: column.name, value: verdict?.allowed ? (row[place] ?? null) : null };
      }),
    }));
  }

  @Mutation(() => CreateDataSourcePayload, {
    description: 'Registers a file as a data source, in a zone, with the classes of its columns.',
  })
  async createDataSource(
    @Arg('input', () => CreateDataSourceInput, { description: 'What to register.' }) input: CreateDataSourceInput,
    @Ctx() context: FeaturesContext,
  ): Promise<CreateDataSourcePayload> {
    const source = parseInput(dataSourceInput, input);
    const id = newId('ds');
    const file = { format: source.format, path: source.path };
    const describe = () => {
      assertZoneAmong({
        targetZone: source.zone,
        allowedZones: context.principal.zones,
        ruleId: 'WORKSPACE_ZONES',
        operation: 'store',
      });
      return pluginEngine(context, source.zone).describeSource(file);
    };
    await context.mutate(
      {
        action: 'createDataSource',
        noun: 'DataSource',
        verb: 'create',
        subjectId: id,
        details: { name: source.name, zone: source.zone },
        prepare: describe,
      },
      async (tx, _audit, found) => {
        await insertDataSource(tx, {
          id,
          ...context.ownership,
          ...file,
          name: source.name,
          zone: source.zone,
          categories: [...source.categories],
          columns: classifyColumns(found, source.columnClasses),
          rows: found.rows,
          bytes: found.bytes,
          digest: found.digest,
        });
      },
    );
    return { dataSource: await context.reads.byId(dataSources, id) };
  }
}
