import type { SubgraphContext } from '@falaj/subgraph-kit';
import type { ModelHost } from '../store/model-host.js';

/** What this subgraph wires once: the models that this process serves. */
export interface DeploymentsServices {
  readonly host: ModelHost;
}

export type DeploymentsContext = SubgraphContext<DeploymentsServices>;

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;
