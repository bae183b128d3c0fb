import { PluginError, type Tensor, type TensorSpec } from '@falaj/plugin-sdk';
import { arrayOf } from './datatypes.js';

/** Throws BAD_INPUT naming the tensor, what was expected and what was found. */
export function checkInputs(specs: readonly TensorSpec[], inputs: readonly Tensor[]): void {
  let batch: number | undefined;
  for (const spec of specs) {
    const tensor = inputs.find((input) => input.name === spec.name);
    if (tensor === undefined) refuse(spec.name, 'to be given', `the inputs ${quoted(inputs)}`);
    if (tensor.datatype !== spec.datatype) refuse(spec.name, `datatype ${spec.datatype}`, tensor.datatype);
    if (!(tensor.data instanceof arrayOf(spec.datatype))) {
      refuse(
        spec.name,
        `values in a ${arrayOf(spec.datatype).name}`,
        tensor.data?.constructor?.name ?? String(tensor.data),
      );
    }
    checkShape(spec, tensor);
    if (spec.shape[0] !== -1) continue;
    batch ??= tensor.shape[0];
    if (tensor.shape[0] !== batch)
      refuse(spec.name, `${batch} rows, as the other inputs have`, `${tensor.shape[0]} rows`);
  }
  if (inputs.length === specs.length) return;
  const unknown = inputs.find((input) => !specs.some((spec) => spec.name === input.name));
  if (unknown !== undefined) refuse(unknown.name, `one of the inputs ${quoted(specs)}`, 'an unknown name');
  const twice = inputs.find((input, index) => inputs.findIndex(({ name }) => name === input.name) !== index);
  refuse(twice?.name ?? '', 'to be given once', 'it twice');
}

function checkShape(spec: TensorSpec, { shape, data }: Tensor): void {
  let count = 1;
  let fits = shape.length === spec.shape.length;
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis] as number;
    const wanted = spec.shape[axis] as number;
    count *= size;
    if (!Number.isSafeInteger(size) || size < 1 || (wanted !== -1 && wanted !== size)) fits = false;
  }
  if (!fits) refuse(spec.name, `shape [${spec.shape}] (-1 = any size of at least 1)`, `[${shape}]`);
  if (data.length !== count) refuse(spec.name, `${count} values for shape [${shape}]`, `${data.length}`);
}

/** The outputs to compute, in the asked order; all when none is asked. */
export function checkOutputs(specs: readonly TensorSpec[], outputs: readonly string[] | undefined): readonly string[] {
  if (outputs === undefined || outputs.length === 0) return specs.map(({ name }) => name);
  for (const name of outputs) {
    if (!specs.some((spec) => spec.name === name)) {
      throw new PluginError('BAD_INPUT', `Output "${name}": expected one of ${quoted(specs)}, found an unknown name.`);
    }
  }
  return outputs;
}

const quoted = (named: readonly { readonly name: string }[]) =>
  named.map(({ name }) => `"${name}"`).join(', ') || 'none';

function refuse(tensor: string, expected: string, found: string): never {
  throw new PluginError('BAD_INPUT', `Input "${tensor}": expected ${expected}, found ${found}.`, {
    details: { tensor, expected, found },
  });
}
