export const subgraphNames = ['features', 'experiments', 'models', 'deployments', 'governance'] as const;
export type SubgraphName = (typeof subgraphNames)[number];

/** What one process does; all of it by default. */
export interface Roles {
  readonly gateway: boolean;
  readonly subgraphs: readonly SubgraphName[];
}

export const everything: Roles = { gateway: true, subgraphs: subgraphNames };
