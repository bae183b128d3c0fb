// What a run was made of, for the law on who may be shown what was logged with it.
import type { Origin, ReadData, SubgraphContext } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { runInput } from './run-tables.js';
import { run } from './tables.js';

const SOURCES = /* GraphQL */ `
  query SourcesOfRunInput($id: ID!) {
    trainingSet(id: $id) { labelSource { zone categories } featureViews { source { zone categories } } }
  }
`;

interface Answer {
  readonly trainingSet: {
    readonly labelSource: Origin;
    readonly featureViews: readonly { readonly source: Origin }[] | null;
  } | null;
}

/** Of a run that the caller may see. A source that the caller may not see is an unknown origin. */
export async function runData(
  context: Pick<SubgraphContext, 'platform' | 'request' | 'transaction'>,
  id: string,
): Promise<ReadData> {
  const [found] = await context.transaction((tx) =>
    tx.select({ categories: run.categories, allowedZones: run.allowedZones }).from(run).where(eq(run.id, id)),
  );
  // A run that is gone meanwhile could have been of anything.
  if (!found) return { categories: ['unknown'], origins: () => [null] };
  return {
    ...found,
    async origins() {
      const inputs = await context.transaction((tx) =>
        tx.select({ id: runInput.trainingSetId }).from(runInput).where(eq(runInput.runId, id)),
      );
      const sets = await Promise.all(
        inputs.map((input) => context.platform.graph.query<Answer>(SOURCES, { id: input.id }, context.request)),
      );
      return sets.flatMap(({ trainingSet }) => [
        trainingSet?.labelSource ?? null,
        ...(trainingSet?.featureViews ?? [null]).map((view) => view?.source ?? null),
      ]);
    },
  };
}
