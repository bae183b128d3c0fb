import type { Tx } from '@falaj/database';
import type { Directory } from '@falaj/identity';
import type { WorkflowEngine } from '@falaj/runtime';

/** What the resolvers of pipelines need beside the request. */
export interface PipelineServices {
  readonly engine: WorkflowEngine<Tx>;
  readonly directory: Directory;
  /** Calls back at every change of the run until the returned function is called. */
  onPipelineChange(runId: string, callback: () => void): () => void;
}
