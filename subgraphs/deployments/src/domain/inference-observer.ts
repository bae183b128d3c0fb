// The one joint through which every answered or failed inference passes: guardrail metrics, exposures of A/B tests,
// shadows, the inference log and monitors all hang here and nowhere else.
import type { Tensor } from '@falaj/contracts';
import type { Logger } from '@falaj/runtime';
import type { JoinedFeatures } from '../inference/index.js';

/** One request to one endpoint and what came of it. Tensors belong to the request: read them, never change them. */
export interface Inference {
  /** Unique; the caller gets it as response parameter `inference_id` and joins labels and outcomes by it. */
  readonly id: string;
  /** Milliseconds since the epoch at which the request was taken up. */
  readonly at: number;
  readonly endpoint: {
    readonly id: string;
    readonly name: string;
    readonly workspaceId: string;
    readonly zone: string;
  };
  readonly revision: number;
  readonly modelVersionId: string;
  readonly modelVersion: number;
  /** Name of the variant; `live` where the endpoint's traffic is not split. */
  readonly variant: string;
  /** A SHADOW answer was thrown away: nobody saw it. It bears the id of the request that it copies. */
  readonly role: 'ANSWER' | 'SHADOW';
  /** What kept the subject on its variant, as the caller sent it; null where none was sent. Personal data. */
  readonly subject: string | null;
  readonly principalId: string;
  /** The caller's own id of the request. */
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly request: readonly Tensor[];
  /** Raw model input that the server joined from entity keys; null where the caller gave it. */
  readonly features: JoinedFeatures | null;
  /** Null where it failed. */
  readonly response: readonly Tensor[] | null;
  /** From taking up the decoded request to the answer, feature join and queue included. */
  readonly latencyMs: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Takes note of inferences. Called before the answer leaves: it must return at once, never wait and never throw. */
export interface InferenceObserver {
  observe(inference: Inference): void;
}

/** All of them in turn; one that throws against its contract harms neither the answer nor the others. */
export function observeAll(observers: readonly InferenceObserver[], log: Pick<Logger, 'error'>): InferenceObserver {
  return {
    observe(inference) {
      for (const observer of observers) {
        try {
          observer.observe(inference);
        } catch (error) {
          log.error('an inference observer failed', { error: error instanceof Error ? error.stack : String(error) });
        }
      }
    },
  };
}
