import type { ReadLog } from '@falaj/audit';
import type { Database, Tx } from '@falaj/database';
import type { WorkloadTokens } from '@falaj/identity';
import type { ArtifactVault, PluginRegistry } from '@falaj/plugin-host';
import type { Ability } from '@falaj/policy';
import type { Logger, Principal, WorkflowEngine } from '@falaj/runtime';
import type { CursorSeal } from './cursor.js';
import type { GraphClient } from './graph-client.js';

/** Who asks and until when: made at the edge, passed by reference in process, rebuilt from the internal token over HTTP. */
export interface RequestContext {
  readonly principal: Principal;
  readonly requestId: string;
  readonly traceparent: string;
  readonly signal: AbortSignal;
  readonly clientName?: string;
  /** Why the caller reads, as they say in `x-falaj-purpose`; stands in the read log. */
  readonly purpose?: string | undefined;
  /** SHA-256 of the caller's document, in hex. */
  readonly operationHash?: string | undefined;
}

/** What every subgraph is given once, at start. */
export interface Platform {
  readonly database: Database;
  readonly plugins: PluginRegistry;
  /** Artifacts, sealed before any store sees them. */
  readonly vault: ArtifactVault;
  readonly abilityFor: (principal: Principal) => Promise<Ability>;
  readonly policyVersion: (workspaceId: string) => Promise<number>;
  /** Where answers that show logged fields are written down first; without it they are not, which only tests want. */
  readonly readLog?: ReadLog;
  readonly cursors: CursorSeal;
  /** Subjects that a figure must be made of to be shown to who may not see the values; default 5. */
  readonly smallestGroup?: number;
  readonly log: Logger;
  /** The whole graph, as the same principal. */
  readonly graph: GraphClient;
  /** Durable workflows: define yours while the subgraph starts; workers begin once the whole platform stands. */
  readonly workflows?: WorkflowEngine<Tx>;
  /** Credentials for programs that work for somebody. */
  readonly workloads?: Workloads;
}

/** How a program that a subgraph starts reaches the graph as itself. */
export interface Workloads {
  readonly tokens: Pick<WorkloadTokens, 'issue' | 'extend' | 'revoke'>;
  /** Where the graph is asked over HTTP; resolves once the platform listens. */
  readonly graphUrl: Promise<string>;
}
