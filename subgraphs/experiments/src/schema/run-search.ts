import { PlatformError } from '@falaj/runtime';
import { type Connection, PageArguments } from '@falaj/subgraph-kit';
import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import { compareBy } from '../domain/run-comparison.js';
import { parseFilter, parseOrder } from '../domain/run-search/parse.js';
import { runs } from '../store/governed.js';
import { latestMetrics, parametersOf, tagsOf } from '../store/metrics.js';
import { searchRuns } from '../store/run-search.js';
import type { ExperimentsContext } from './context.js';
import { RunComparison } from './run-log-types.js';
import { RunConnection } from './run-types.js';

const MAX_COMPARED = 50;

@Resolver()
export class RunSearchResolver {
  @Query(() => RunConnection, {
    description:
      'Runs that a filter matches. Fields: `metrics.<name>` (the latest value), `params.<name>`, `tags.<name>`, `attributes.<name>`; names with spaces in double quotes or backticks. ' +
      "Comparisons: =, !=, <, <=, >, >=, LIKE, ILIKE, IN (…), IS NULL and their NOT forms; texts in '…'. Joined by AND, OR, NOT and parentheses. " +
      'What is not there fails every comparison, != too. NaN equals only NaN and has no order. ' +
      'You can filter and sort by what you may see only.',
  })
  searchRuns(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ExperimentsContext,
    @Arg('filter', () => String, {
      nullable: true,
      description: "E.g. `metrics.auc > 0.7 AND (params.trainer = 'gbdt' OR tags.team LIKE 'risk%')`.",
    })
    filter?: string,
    @Arg('orderBy', () => String, {
      nullable: true,
      description:
        'A field, then ASC (default) or DESC, e.g. `metrics.auc DESC`; default newest first. Parameters are ordered as numbers. What is not there, and NaN, comes last.',
    })
    orderBy?: string,
    @Arg('experimentIds', () => [ID], { nullable: true, description: 'Only runs of these experiments.' })
    experimentIds?: string[],
    @Arg('includeArchived', () => Boolean, { defaultValue: false, description: 'Archived runs too.' })
    includeArchived = false,
  ): Promise<Connection<unknown>> {
    return searchRuns(context, {
      filter: parseFilter(filter ?? ''),
      order: orderBy?.trim() ? parseOrder(orderBy) : null,
      experimentIds: experimentIds ?? [],
      includeArchived,
      first: page.first,
      after: page.after,
    });
  }

  @Query(() => RunComparison, {
    description: 'Runs side by side: parameters, latest metrics and tags that differ, or all of them.',
  })
  async compareRuns(
    @Ctx() context: ExperimentsContext,
    @Arg('ids', () => [ID], { description: 'Two to 50 runs.' }) ids: string[],
    @Arg('differing', () => Boolean, { defaultValue: true, description: 'Only what differs between any two.' })
    differing: boolean,
  ): Promise<RunComparison> {
    const unique = [...new Set(ids)];
    if (unique.length < 2 || unique.length > MAX_COMPARED)
      throw new PlatformError('BAD_USER_INPUT', `ids: found ${unique.length}, expected 2 to ${MAX_COMPARED} runs.`);
    const rows = await context.reads.byIds(runs, unique);
    const missing = unique.filter((_, index) => rows[index] === null);
    if (missing.length > 0)
      throw new PlatformError('NOT_FOUND', `Run not found: ${missing.join(', ')}.`, {
        details: { type: 'Run', missing },
      });
    const shown = <T extends { readonly value: string | number }>(field: string, logged: readonly (readonly T[])[]) =>
      logged.map((own, index) => (rows[index]?.maskedFields.includes(field) ? [] : own));
    const table = <Value extends string | number>(logged: readonly (readonly { key: string; value: Value }[])[]) =>
      compareBy(logged)
        .filter((row) => row.differs || !differing)
        .map(({ values, ...row }) => ({
          ...row,
          values: values.map((value, index) => ({ runId: unique[index] as string, value })),
        }));
    const [parameters, metrics, tags] = await Promise.all([
      parametersOf(context, unique, null),
      latestMetrics(context, unique, null),
      tagsOf(context, unique, null),
    ]);
    const compared = table(shown('metrics', metrics));
    for (const { values } of compared) for (const value of values) context.shown.own('Run', { id: value.runId }, value);
    return {
      runs: rows,
      params: table(shown('params', parameters)),
      metrics: compared,
      tags: table(shown('tags', tags)),
    };
  }
}
