// Rows of the schema `workflows`, and the small conversions at its border.
import {
  errorCodes,
  isPlatformError,
  type Json,
  PlatformError,
  type PlatformErrorCode,
  type WorkflowError,
  type WorkflowRef,
  type WorkflowState,
} from '@falaj/runtime';

export interface RunRecord {
  readonly workspace_id: string;
  readonly zone: string;
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly principal_id: string;
  readonly state: WorkflowState;
  readonly input: Json;
  readonly output: Json;
  readonly error: WorkflowError | null;
  readonly progress: Json;
  readonly priority: number;
  readonly waiting_for: string[];
  readonly cancel_reason: string | null;
  readonly job_id: string | null;
  readonly fence: number;
  readonly holder: string | null;
  readonly fruitless_claims: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

export type StepKind = 'STEP' | 'COMMIT' | 'SIGNAL' | 'SLEEP';

export interface StepRecord {
  readonly kind: StepKind;
  readonly key: string;
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly output: Json;
  readonly error: WorkflowError | null;
  readonly attempts: number;
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

const LARGEST_VALUE = 1024 * 1024;

/** The text of a value for a jsonb column. Throws PAYLOAD_TOO_LARGE over 1 MiB and BAD_USER_INPUT for what JSON cannot say. */
export function toJson(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new PlatformError('BAD_USER_INPUT', `${what} cannot be written as JSON: ${(error as Error).message}.`);
  }
  const written = text ?? 'null';
  if (written.length > LARGEST_VALUE)
    throw new PlatformError(
      'PAYLOAD_TOO_LARGE',
      `${what} is ${written.length} characters of JSON; at most ${LARGEST_VALUE} are kept. Store the bytes as an artifact and hand on its digest.`,
      { details: { found: written.length, limit: LARGEST_VALUE } },
    );
  return written;
}

/** What is kept of a failure. The message of a fault without a code is for operators: mask it before it leaves the platform. */
export function toWorkflowError(error: unknown, step?: string): WorkflowError {
  if (isPlatformError(error)) {
    const { step: failed, ...details } = error.details as { step?: string } & Record<string, Json>;
    const key = failed ?? step;
    return { code: error.code, message: error.message, details, ...(key === undefined ? {} : { step: key }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message, ...(step === undefined ? {} : { step }) };
}

/** The same failure for the workflow function, whether it happened now or is read from the journal. */
export function toPlatformError(error: WorkflowError): PlatformError {
  const details = { ...error.details, ...(error.step === undefined ? {} : { step: error.step }) };
  // A newer process may know codes that this one does not.
  const code = error.code in errorCodes ? (error.code as PlatformErrorCode) : 'INTERNAL';
  return new PlatformError(code, error.message, { details });
}

export const keyOf = ({ workspaceId, id }: WorkflowRef): string => JSON.stringify([workspaceId, id]);
