/** One version of one model, ready to answer: feature join, micro-batches and the guarded plugin call together. */
import type { Call, LoadedModel, OnlineStoreV1, ServingV1, Tensor, TensorSpec } from '@falaj/contracts';
import { PlatformError, type Principal } from '@falaj/runtime';
import { createFeatureJoin, EVENT_TIME, type JoinedFeatures } from './feature-join.js';
import type { FeaturePlan } from './feature-plan.js';
import { type BatcherStatistics, MicroBatcher } from './micro-batcher.js';
import { bad } from './tensor-values.js';

export interface InferenceContext {
  readonly principal: Principal;
  readonly signal: AbortSignal | undefined;
  readonly id: string | undefined;
  /** What keeps the caller on one variant; absent where none was sent. */
  readonly subject?: string | undefined;
  /** Why the caller asks, as they say in `x-falaj-purpose`. */
  readonly purpose?: string | undefined;
  /** Unique id of this inference, as the caller is told it. */
  readonly inferenceId?: string;
  /** Told the rows that were joined for this request. Must not throw. */
  readonly onJoined?: (joined: JoinedFeatures) => void;
}

export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly properties?: Readonly<Record<string, string>>;
  readonly ready: boolean;
  /** Told with each answer, e.g. the variant. */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** Where several variants share the traffic: the one that answers this subject. */
  choose?(subject: string): ServedModel;
  /** No output named: all. Throws PlatformError. */
  infer(inputs: readonly Tensor[], outputs: readonly string[], context: InferenceContext): Promise<readonly Tensor[]>;
  statistics(): BatcherStatistics;
}

export interface ServedModelOptions {
  readonly name: string;
  readonly version: string;
  readonly versions: readonly string[];
  readonly loaded: LoadedModel;
  readonly serving: Pick<ServingV1, 'infer'>;
  /** The call that accompanies a plugin call; a batch has the callers of all its requests. */
  readonly call: (callers: readonly InferenceContext[]) => Call;
  readonly ready?: () => boolean;
  readonly maxBatchRows?: number;
  readonly maxQueuedRows?: number;
  readonly features?: {
    readonly plan: FeaturePlan;
    readonly online: Pick<OnlineStoreV1, 'read'>;
    readonly clock?: () => number;
  };
}

export function createServedModel(options: ServedModelOptions): ServedModel {
  const { loaded, serving, features } = options;
  const raw = loaded.inputs[0] as TensorSpec;
  const planned = features !== undefined;
  if (planned) checkFit(loaded, features.plan);
  const join = planned ? createFeatureJoin(features.plan, features.online, features.clock) : undefined;
  const batcher = new MicroBatcher<InferenceContext>({
    batchable: [...loaded.inputs, ...loaded.outputs].every(({ shape }) => shape[0] === -1),
    maxBatchRows: options.maxBatchRows ?? 128,
    maxQueuedRows: options.maxQueuedRows ?? 8192,
    run: (inputs, outputs, callers) =>
      serving.infer(
        { handle: loaded.handle, inputs, ...(outputs.length === 0 ? {} : { outputs }) },
        options.call(callers),
      ),
  });

  return {
    name: options.name,
    version: options.version,
    versions: options.versions,
    platform: loaded.platform,
    inputs: planned ? entityInputs(features.plan) : loaded.inputs,
    outputs: loaded.outputs,
    ...(planned
      ? {
          properties: {
            raw_input: `${raw.name} ${raw.datatype} [${raw.shape}], instead of the entity keys`,
            optional_inputs: EVENT_TIME,
          },
        }
      : {}),
    get ready() {
      return options.ready?.() ?? true;
    },
    async infer(inputs, outputs, context) {
      if (outputs.length > 0) checkOutputs(loaded.outputs, outputs);
      let rows = inputs;
      if (join !== undefined && !inputs.some(({ name }) => name === raw.name)) {
        const joined = await join(inputs, options.call([context]));
        context.onJoined?.(joined);
        rows = [{ name: raw.name, datatype: 'FP32', shape: [joined.rows, joined.columns], data: joined.values }];
      }
      const { signal } = context;
      // Checked here and not only in the plugin: a request that cannot fit must not fail the batch that it would join.
      return batcher.submit({ inputs: inOrder(loaded.inputs, rows), outputs, context, signal });
    },
    statistics: () => batcher.statistics(),
  };
}

function checkFit(loaded: LoadedModel, plan: FeaturePlan): void {
  const [input] = loaded.inputs;
  const width = input?.shape[1];
  if (
    loaded.inputs.length === 1 &&
    input?.datatype === 'FP32' &&
    input.shape.length === 2 &&
    (width === -1 || width === plan.columns.length)
  )
    return;
  throw new PlatformError(
    'PRECONDITION_FAILED',
    `A feature plan of ${plan.columns.length} columns needs one FP32 input [-1, ${plan.columns.length}]; the model has ${loaded.inputs.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape}]`).join(', ')}.`,
  );
}

function entityInputs(plan: FeaturePlan): readonly TensorSpec[] {
  return plan.entityKeys.map((name) => ({ name, datatype: 'BYTES', shape: [-1] }));
}

function checkOutputs(specs: readonly TensorSpec[], outputs: readonly string[]): void {
  for (const name of outputs) {
    if (!specs.some((spec) => spec.name === name)) {
      bad(`Output "${name}": expected one of ${specs.map((spec) => `"${spec.name}"`).join(', ')}.`);
    }
  }
}

/** The inputs in the model's order, so that requests which name them in another order still share a batch. */
function inOrder(specs: readonly TensorSpec[], inputs: readonly Tensor[]): readonly Tensor[] {
  let inPlace = inputs.length === specs.length;
  for (let i = 0; i < specs.length; i++) {
    const spec = specs[i] as TensorSpec;
    let tensor = inputs[i];
    if (tensor?.name !== spec.name) {
      inPlace = false;
      tensor = inputs.find(({ name }) => name === spec.name);
    }
    checkTensor(spec, tensor, inputs[0]?.shape[0]);
  }
  if (inPlace) return inputs;
  const unknown = inputs.find(({ name }) => !specs.some((spec) => spec.name === name));
  if (unknown !== undefined) bad(`Input "${unknown.name}": the model has no such input.`);
  if (inputs.length !== specs.length) bad('An input is given twice.');
  return specs.map(({ name }) => inputs.find((tensor) => tensor.name === name) as Tensor);
}

function checkTensor(spec: TensorSpec, tensor: Tensor | undefined, rows: number | undefined): void {
  const { name, datatype, shape: wanted } = spec;
  if (tensor === undefined) bad(`Input "${name}": expected ${datatype} [${wanted}], found none.`);
  if (tensor.datatype !== datatype) bad(`Input "${name}": expected datatype ${datatype}, found ${tensor.datatype}.`);
  const { shape } = tensor;
  let fits = shape.length === wanted.length;
  for (let axis = 0; axis < shape.length; axis++) {
    if ((shape[axis] as number) < 1 || (wanted[axis] !== -1 && wanted[axis] !== shape[axis])) fits = false;
  }
  if (!fits) bad(`Input "${name}": expected shape [${wanted}] (-1 = any size of at least 1), found [${shape}].`);
  if (wanted[0] === -1 && shape[0] !== rows) {
    bad(`Input "${name}": expected ${rows} rows as in the other inputs, found ${shape[0]}.`);
  }
}
