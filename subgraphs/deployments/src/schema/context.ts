import type { ReaderZones, SubgraphContext } from '@falaj/subgraph-kit';
import type { EndpointRoutes } from '../store/endpoint-routes.js';
import type { InferenceLogSettings } from '../store/inference-record-settings.js';
import type { ModelHost } from '../store/model-host.js';
import type { MonitorSweep } from '../store/monitor-sweep.js';

/** What this subgraph wires once: the models that this process serves. */
export interface DeploymentsServices {
  readonly host: ModelHost;
  /** Which of them answers whom. */
  readonly routes: EndpointRoutes;
  /** Which inferences this process writes down, and how. */
  readonly logSettings: InferenceLogSettings;
  readonly monitorSweep: MonitorSweep;
  /** Whether content may be shown where the reader works. */
  readonly readers: ReaderZones;
}

export type DeploymentsContext = SubgraphContext<DeploymentsServices>;

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;
