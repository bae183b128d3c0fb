// PREPARE and VALIDATE: feature views, training sets and whether they are fit to learn from.
import { createHash } from 'node:crypto';
import { isPlatformError } from '@falaj/runtime';
import { type Bound, brokenBounds, refuseUnless } from './bounds.js';
import type { Values } from './definition.js';
import { type Perform, present, type StageContext } from './stage-context.js';

const BUILD_VIEW = /* GraphQL */ `
  mutation PipelineBuildView($id: ID!) { buildFeatureView(id: $id) { featureView { id } } }
`;
const CREATE_SET = /* GraphQL */ `
  mutation PipelineCreateTrainingSet($input: CreateTrainingSetInput!) {
    createTrainingSet(input: $input) { trainingSet { id digest rows } }
  }
`;
const FIND_SET = /* GraphQL */ `
  query PipelineFindTrainingSet($name: String!) {
    trainingSets(first: 5, filter: { nameContains: $name }) { edges { node { id name digest rows } } }
  }
`;
const SERVICE = /* GraphQL */ `
  query PipelineService($service: ID!, $source: ID!) {
    featureService(id: $service) { views { featureViewId } }
    dataSource(id: $source) { digest }
  }
`;
const SET = /* GraphQL */ `
  query PipelineTrainingSet($id: ID!) { trainingSet(id: $id) { digest } }
`;
const VIEW = /* GraphQL */ `
  query PipelineView($id: ID!) { featureView(id: $id) { digest source { digest } } }
`;
const QUALITY = /* GraphQL */ `
  query PipelineTrainingSetQuality($id: ID!) { trainingSet(id: $id) { rows columns { name role nulls } } }
`;

interface FoundSet {
  readonly id: string;
  readonly name?: string | null;
  readonly digest: string | null;
  readonly rows: number | null;
}

/** The name stands for this stage of this run: a second attempt finds what the first one made. */
function nameOf({ plan, stage, inputs }: StageContext): string {
  const own = createHash('sha256').update(`${plan.runId}/${stage}`).digest('hex').slice(0, 32);
  return `${((inputs.name as string | undefined) ?? plan.pipeline).slice(0, 28)}_${own}`;
}

export const prepare: Perform = async (context) => {
  const { inputs, step, query } = context;
  for (const id of (inputs.featureViewIds ?? []) as string[]) {
    step.signal.throwIfAborted();
    await query(BUILD_VIEW, { id });
    step.log(`view ${id} is built`);
  }
  const name = nameOf(context);
  const set = await findSet(context, name).then((found) => found ?? createSet(context, name));
  return {
    trainingSetId: set.id,
    digest: present(set.digest, 'TrainingSet.digest'),
    rows: present(set.rows, 'TrainingSet.rows'),
  };
};

async function findSet({ query }: StageContext, name: string): Promise<FoundSet | undefined> {
  const { trainingSets } = await query<{ trainingSets: { edges: { node: FoundSet }[] } }>(FIND_SET, { name });
  return trainingSets.edges.map(({ node }) => node).find((node) => node.name === name);
}

async function createSet(context: StageContext, name: string): Promise<FoundSet> {
  const input = { ...(context.inputs.trainingSet as Values), name };
  try {
    const { createTrainingSet } = await context.query<{ createTrainingSet: { trainingSet: FoundSet | null } }>(
      CREATE_SET,
      { input },
    );
    return present(createTrainingSet.trainingSet, 'TrainingSet');
  } catch (error) {
    const found = isPlatformError(error) && error.code === 'CONFLICT' ? await findSet(context, name) : undefined;
    if (found) return found;
    throw error;
  }
}

/** Whether an earlier set may stand for a new one: it is there, and the principal may see it. */
export async function setHolds({ query }: Pick<StageContext, 'query'>, outputs: Values): Promise<boolean> {
  const { trainingSet } = await query<{ trainingSet: { digest: string | null } | null }>(SET, {
    id: outputs.trainingSetId,
  }).catch(() => ({ trainingSet: null }));
  return trainingSet?.digest === outputs.digest;
}

/** Digests of everything that a training set would be made of now. */
export async function sourcesOfSet({ inputs, query }: Pick<StageContext, 'inputs' | 'query'>): Promise<unknown> {
  const { featureServiceId: service, labelSourceId: source } = inputs.trainingSet as Values;
  const read = await query<{ featureService: { views: { featureViewId: string }[] | null } | null }>(SERVICE, {
    service,
    source,
  });
  const views = present(read.featureService?.views, 'FeatureService.views');
  return [read, await Promise.all(views.map(({ featureViewId }) => query(VIEW, { id: featureViewId })))];
}

/** Shares of nulls, rows and label rate beside their bounds. */
export const validate: Perform = async ({ inputs, query, labelRate }) => {
  const id = inputs.trainingSetId as string;
  const { trainingSet } = await query<{
    trainingSet: {
      rows: number | null;
      columns: { name: string; role: string | null; nulls: number | null }[] | null;
    } | null;
  }>(QUALITY, { id });
  const rows = present(trainingSet?.rows, 'TrainingSet.rows');
  const columns = present(trainingSet?.columns, 'TrainingSet.columns');
  const shares = Object.fromEntries(
    columns.map(({ name, nulls }) => [name, rows === 0 ? 1 : present(nulls, `nulls of ${name}`) / rows]),
  );
  const rate = await labelRate(id);
  const bounds: Bound[] = [
    {
      rule: 'ROWS',
      found: rows,
      minimum: inputs.minRows as number | undefined,
      maximum: inputs.maxRows as number | undefined,
      whatToDo: 'look at the sources of the training set, or change minRows and maxRows',
    },
    {
      rule: 'LABEL_RATE',
      found: rate,
      minimum: inputs.minLabelRate as number | undefined,
      maximum: inputs.maxLabelRate as number | undefined,
      whatToDo: 'look at the label and its source, or change minLabelRate and maxLabelRate',
    },
    ...nullBounds(
      inputs,
      shares,
      columns.filter(({ role }) => role === 'FEATURE').map(({ name }) => name),
    ),
  ];
  refuseUnless(brokenBounds(bounds));
  return { rows, labelRate: rate ?? 0, nullShares: shares };
};

function nullBounds(inputs: Values, shares: Readonly<Record<string, number>>, features: readonly string[]): Bound[] {
  const own = (inputs.nullShares ?? {}) as Record<string, number>;
  const general = inputs.maxNullShare as number | undefined;
  const named = [...new Set([...(general === undefined ? [] : features), ...Object.keys(own)])];
  return named.map((column) => ({
    rule: `NULL_SHARE ${column}`,
    found: shares[column] ?? null,
    maximum: own[column] ?? general,
    whatToDo: `mend the source of ${column}, or change its bound`,
  }));
}
