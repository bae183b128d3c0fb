import type { Noun } from '@falaj/policy';
import { type DeploymentsOptions, deploymentsSubgraph } from '@falaj/subgraph-deployments';
import { experimentsSubgraph } from '@falaj/subgraph-experiments';
import { featuresSubgraph } from '@falaj/subgraph-features';
import { type GovernanceServices, governanceSubgraph } from '@falaj/subgraph-governance';
import { describeSubgraph, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { type ModelsOptions, modelsSubgraph } from '@falaj/subgraph-models';

// biome-ignore lint/suspicious/noExplicitAny: five subgraphs with services of five types stand in one list.
export type AnySubgraph = SubgraphDefinition<any>;

/** The five subgraphs. Governance looks at the platform from above, hence its services come from outside. */
export function allSubgraphs(
  governance: GovernanceServices,
  deployments: DeploymentsOptions = {},
  models: ModelsOptions = {},
): AnySubgraph[] {
  return [
    featuresSubgraph,
    experimentsSubgraph,
    modelsSubgraph(models),
    deploymentsSubgraph(deployments),
    governanceSubgraph(governance),
  ];
}

export type SubgraphDescription = Awaited<ReturnType<typeof describeSubgraph>>;

/** Schemas and nouns of all five, for composition and for the rule validator; needs no database. */
export async function describeAll(): Promise<{ definitions: AnySubgraph[]; descriptions: SubgraphDescription[] }> {
  // A description asks nothing of the services.
  const definitions = allSubgraphs({} as GovernanceServices);
  const descriptions: SubgraphDescription[] = [];
  for (const definition of definitions) descriptions.push(await describeSubgraph(definition));
  return { definitions, descriptions };
}

/** One noun per type name: a type that several subgraphs add fields to is one thing to the policy. */
export function mergeNouns(descriptions: readonly SubgraphDescription[]): Noun[] {
  const merged = new Map<string, Noun>();
  for (const noun of descriptions.flatMap((description) => description.nouns)) {
    const known = merged.get(noun.name);
    merged.set(noun.name, {
      name: noun.name,
      fields: { ...known?.fields, ...noun.fields },
      attributes: { ...known?.attributes, ...noun.attributes },
      relations: { ...known?.relations, ...noun.relations },
    });
  }
  return [...merged.values()];
}
