// The durable workflow of a pipeline's run. Every effect stands in the journal under a key that names its stage, so a run
// that is taken up again goes on at the stage that has no record; see the port of workflows for the rules.
import {
  defineWorkflow,
  type Flow,
  isPlatformError,
  type Json,
  PlatformError,
  publicError,
  type Step,
  type WorkflowDefinition,
  type WorkflowEnd,
} from '@falaj/runtime';
import { refuseUnless } from './bounds.js';
import type { Values } from './definition.js';
import { type Decision, decisionSignal, type PlannedStage, type RunPlan, type StoredError } from './pipeline-run.js';
import { resolveInputs } from './references.js';

export interface CachedResult {
  readonly outputs: Values;
  readonly stageId: string;
}

/** What the workflow is given by storage and stages. Methods with a transaction commit with the journal's record. */
export interface PipelinePorts<Transaction> {
  begin(tx: Transaction, runId: string): Promise<RunPlan>;
  beginStage(tx: Transaction, plan: RunPlan, stage: string, inputs: Values): Promise<void>;
  ask(tx: Transaction, plan: RunPlan, stage: string, inputs: Values): Promise<void>;
  finishStage(
    tx: Transaction,
    plan: RunPlan,
    stage: string,
    result: { readonly outputs: Values; readonly cacheKey: string | null; readonly cachedFrom: string | null },
  ): Promise<void>;
  failStage(tx: Transaction, plan: RunPlan, stage: string, error: StoredError): Promise<void>;
  endRun(tx: Transaction, end: WorkflowEnd<PipelineInput, Json>): Promise<void>;
  /** Key of the work and, where there is one that still holds, its earlier result. */
  lookUp(
    plan: RunPlan,
    stage: PlannedStage,
    inputs: Values,
    step: Step,
  ): Promise<{ readonly key: string; readonly hit: CachedResult | null }>;
  perform(plan: RunPlan, stage: PlannedStage, inputs: Values, step: Step): Promise<Values>;
  /** Outputs of a stage whose work others must finish; null while they have not. Throws where they said no. */
  settled(plan: RunPlan, outputs: Values, step: Step): Promise<Values | null>;
}

export interface PipelineInput {
  readonly runId: string;
}

export const PIPELINE_WORKFLOW = { name: 'pipeline', version: 1 } as const;

export function pipelineWorkflow<Transaction>(
  ports: PipelinePorts<Transaction>,
): WorkflowDefinition<PipelineInput, Json, Transaction> {
  return defineWorkflow<PipelineInput, Json, Transaction>({
    ...PIPELINE_WORKFLOW,
    run: (flow, { runId }) => executePipeline(flow, runId, ports),
    onEnd: (tx, end) => ports.endRun(tx, end),
  });
}

type Outcome = { readonly outputs: Values } | { readonly error: PlatformError } | { readonly skipped: true };

async function executePipeline<Transaction>(
  flow: Flow<Transaction>,
  runId: string,
  ports: PipelinePorts<Transaction>,
): Promise<Json> {
  const plan = await flow.commit('plan', (tx) => ports.begin(tx, runId));
  const outcomes = new Map<string, Promise<Outcome>>();
  for (const stage of plan.stages) {
    const before = stage.dependencies.map((name) => [name, outcomes.get(name) as Promise<Outcome>] as const);
    outcomes.set(stage.name, runStage(flow, plan, stage, before, ports));
  }
  // A branch that failed does not stop the others: what they make is kept for the resumption.
  const ended = await Promise.all(outcomes.values());
  for (const outcome of ended) if ('error' in outcome) throw outcome.error;
  return null;
}

async function runStage<Transaction>(
  flow: Flow<Transaction>,
  plan: RunPlan,
  stage: PlannedStage,
  before: readonly (readonly [string, Promise<Outcome>])[],
  ports: PipelinePorts<Transaction>,
): Promise<Outcome> {
  const { name } = stage;
  const outputs = new Map<string, Values>();
  const earlier = await Promise.all(before.map(async ([other, outcome]) => [other, await outcome] as const));
  for (const [other, outcome] of earlier) {
    if (!('outputs' in outcome)) return { skipped: true };
    outputs.set(other, outcome.outputs);
  }
  try {
    const inputs = resolveInputs(stage.parameters, { parameters: plan.parameters, outputs });
    return { outputs: await performStage(flow, plan, stage, inputs, ports) };
  } catch (error) {
    const failure = isPlatformError(error) ? error : new PlatformError('INTERNAL', String(error), { cause: error });
    await flow.commit(`failed:${name}`, (tx) => ports.failStage(tx, plan, name, storedError(failure, name)));
    return { error: failure };
  }
}

async function performStage<Transaction>(
  flow: Flow<Transaction>,
  plan: RunPlan,
  stage: PlannedStage,
  inputs: Values,
  ports: PipelinePorts<Transaction>,
): Promise<Values> {
  const { name } = stage;
  if (stage.type === 'APPROVE') return approval(flow, plan, stage, inputs, ports);
  let key: string | null = null;
  if (stage.cached) {
    const found = await flow.step(`cache:${name}`, RETRIES_OF_LOOK_UP, (step) =>
      ports.lookUp(plan, stage, inputs, step),
    );
    key = found.key;
    const { hit } = found;
    if (hit) {
      const result = { outputs: hit.outputs, cacheKey: key, cachedFrom: hit.stageId };
      await flow.commit(`done:${name}`, (tx) => ports.finishStage(tx, plan, name, result));
      return hit.outputs;
    }
  }
  await flow.commit(`begin:${name}`, (tx) => ports.beginStage(tx, plan, name, inputs));
  const options = {
    retries: stage.retries,
    backoffMs: stage.backoffSeconds * 1000,
    maxBackoffMs: 3_600_000,
    retryIf: (error: unknown) => !isPlatformError(error) || error.retryable || error.code === 'STAGE_FAILED',
  };
  const made = await flow.step(`run:${name}`, options, (step) =>
    within(stage, step, (own) => ports.perform(plan, stage, inputs, own)),
  );
  const outputs = made.promotionState === 'PENDING' ? await untilPromoted(flow, plan, made, ports) : made;
  const result = { outputs, cacheKey: key, cachedFrom: null };
  await flow.commit(`done:${name}`, (tx) => ports.finishStage(tx, plan, name, result));
  return outputs;
}

/** Looks ever more seldom, as approvals take minutes or days; between two looks the run is in no process's memory. */
async function untilPromoted<Transaction>(
  flow: Flow<Transaction>,
  plan: RunPlan,
  outputs: Values,
  ports: PipelinePorts<Transaction>,
): Promise<Values> {
  // Keys name the promotion: a resumed run that asks for another one waits for that.
  const { promotionId } = outputs;
  for (let look = 0; ; look += 1) {
    const wait = Math.min(FIRST_LOOK_MS * 2 ** look, LONGEST_LOOK_MS);
    await flow.sleepUntil(`wait:${promotionId}:${look}`, new Date(Date.now() + wait));
    const done = await flow.step(`promotion:${promotionId}:${look}`, RETRIES_OF_LOOK_UP, (step) =>
      ports.settled(plan, outputs, step),
    );
    if (done) return done;
  }
}

const FIRST_LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 300_000;

const RETRIES_OF_LOOK_UP = { retries: 3 };

async function approval<Transaction>(
  flow: Flow<Transaction>,
  plan: RunPlan,
  { name }: PlannedStage,
  inputs: Values,
  ports: PipelinePorts<Transaction>,
): Promise<Values> {
  await flow.commit(`ask:${name}`, (tx) => ports.ask(tx, plan, name, inputs));
  const { approved, role, reason } = await flow.waitFor<Decision>(decisionSignal(name));
  refuseUnless(
    approved
      ? []
      : [
          {
            rule: 'APPROVAL',
            found: `rejected in role ${role}: ${reason}`,
            limit: 'an approval',
            whatToDo: 'meet the reason and resume the run; it is asked anew',
          },
        ],
  );
  const outputs = { role, reason };
  await flow.commit(`done:${name}`, (tx) =>
    ports.finishStage(tx, plan, name, { outputs, cacheKey: null, cachedFrom: null }),
  );
  return outputs;
}

/** One attempt under the time limit of its stage: over it, its signal aborts and the attempt fails. */
async function within<T>(stage: PlannedStage, step: Step, work: (step: Step) => Promise<T>): Promise<T> {
  const { timeoutSeconds } = stage;
  if (timeoutSeconds === undefined) return work(step);
  const over = new AbortController();
  const late = new PlatformError(
    'STAGE_FAILED',
    `Stage ${stage.name} ran over its time of ${timeoutSeconds} s. What to do: raise timeoutSeconds, or give it less to do.`,
    { details: { reason: 'TIMEOUT', stage: stage.name, limit: timeoutSeconds } },
  );
  const timer = setTimeout(() => over.abort(late), timeoutSeconds * 1000);
  try {
    return await work({ ...step, signal: AbortSignal.any([step.signal, over.signal]) });
  } catch (error) {
    throw over.signal.aborted && !step.signal.aborted ? late : error;
  } finally {
    clearTimeout(timer);
  }
}

/** What callers may see of a failure: the text of an unexpected fault stays in the log. */
export function storedError(error: unknown, stage?: string): StoredError {
  const { code, message, details } = publicError(error);
  const { step: _step, ...facts } = details;
  return { code, message, ...(stage === undefined ? {} : { stage }), details: facts };
}
