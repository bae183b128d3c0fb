import { deploymentsSubgraph } from '@falaj/subgraph-deployments';
import { experimentsSubgraph } from '@falaj/subgraph-experiments';
import { featuresSubgraph } from '@falaj/subgraph-features';
import { governanceSubgraph, type GovernanceServices } from '@falaj/subgraph-governance';
import { modelsSubgraph } from '@falaj/subgraph-models';
import { describeSubgraph, type SubgraphDefinition } from '@falaj/subgraph-kit';

export const subgraphNames = ['features', 'experiments', 'models', 'deployments', 'governance'] as const;
export type SubgraphName = (typeof subgraphNames)[number];

// biome-ignore lint/suspicious/noExplicitAny: five subgraphs with services of five types stand in one list.
export type AnySubgraph = SubgraphDefinition<any>;

/** The five subgraphs. Only governance looks at the platform from above, hence its services come from outside. */
export function allSubgraphs(governance: GovernanceServices): AnySubgraph[] {
  return [featuresSubgraph, experimentsSubgraph, modelsSubgraph, deploymentsSubgraph, governanceSubgraph(governance)];
}

export type SubgraphDescription = Awaited<ReturnType<typeof describeSubgraph>>;

/** Schemas and nouns of all five, for composition and for the rule validator; needs no database. */
export async function describeAll(): Promise<{ definitions: AnySubgraph[]; descriptions: SubgraphDescription[] }> {
  const absent = () => {
    throw new Error('described, not started');
  };
  const definitions = allSubgraphs(new Proxy({} as GovernanceServices, { get: absent }));
  const descriptions: SubgraphDescription[] = [];
  for (const definition of definitions) descriptions.push(await describeSubgraph(definition));
  return { definitions, descriptions };
}
