// A model of an endpoint's revision whose every inference passes the observer.
import type { Tensor } from '@falaj/contracts';
import { currentTraceId, isPlatformError, type Principal, publicError } from '@falaj/runtime';
import type { ReadData } from '@falaj/subgraph-kit';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import { type JoinedFeatures, newInferenceId, type ServedModel } from '../inference/index.js';
import type { LogInference } from './inference-reads.js';
import { modelData } from './model-data.js';
import type { HostedEndpoint, LoadedModel } from './model-host.js';

/** What its answers are known by. */
export interface Answering {
  readonly endpoint: HostedEndpoint;
  readonly revision: number;
  readonly variant: string;
  readonly role: Inference['role'];
}

export function observedModel(
  { served, model }: LoadedModel,
  { endpoint, revision, variant, role }: Answering,
  observer: InferenceObserver,
  /** Who is answered must be on record first; shadows answer nobody. */
  logRead: LogInference = async () => undefined,
  /** Throws where the answer may not go to where the caller works. */
  assertReader: (reader: Principal, data: ReadData) => Promise<void> = async () => undefined,
): ServedModel {
  const known = {
    endpoint: { id: endpoint.id, name: endpoint.name, workspaceId: endpoint.workspaceId, zone: endpoint.zone },
    revision,
    modelVersionId: model.id,
    modelVersion: model.version,
    variant,
    role,
  };
  const data = modelData(model);
  return {
    name: served.name,
    version: served.version,
    versions: served.versions,
    platform: served.platform,
    inputs: served.inputs,
    outputs: served.outputs,
    ...(served.properties ? { properties: served.properties } : {}),
    get ready() {
      return served.ready;
    },
    parameters: { variant, revision },
    statistics: () => served.statistics(),
    async infer(inputs, outputs, context) {
      await assertReader(context.principal, data);
      const at = Date.now();
      const began = performance.now();
      let features: JoinedFeatures | null = null;
      const observe = (response: readonly Tensor[] | null, error: Inference['error']): void =>
        observer.observe({
          ...known,
          id: context.inferenceId ?? newInferenceId(),
          at,
          subject: context.subject ?? null,
          principalId: context.principal.id,
          requestId: context.id ?? null,
          traceId: currentTraceId() ?? null,
          request: inputs,
          features,
          response,
          latencyMs: performance.now() - began,
          error,
        });
      const onJoined = (joined: JoinedFeatures): void => {
        features = joined;
      };
      try {
        const response = await served.infer(inputs, outputs, { ...context, onJoined });
        await logRead({ endpoint, model, context, joined: features });
        observe(response, null);
        return response;
      } catch (error) {
        observe(null, faultOf(error));
        throw error;
      }
    },
  };
}

/** An abort's reason may carry a code of its own. */
function faultOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!isPlatformError(error) && error instanceof Error && 'code' in error && typeof error.code === 'string')
    return { code: error.code, message: error.message };
  const { code, message } = publicError(error);
  return { code, message };
}
