import type { TrainingTask } from '@falaj/contracts';
import { type FloatTensor, type OnnxNode, writeOnnx } from '@falaj/plugin-sdk/onnx';
import type { DenseLayer } from './network.js';
import type { Standardisation } from './standardisation.js';

export const INPUT_NAME = 'features';

export const OUTPUT_NAMES: Readonly<Record<TrainingTask, string>> = {
  binary: 'probability',
  multiclass: 'probabilities',
  regression: 'prediction',
};

const ACTIVATIONS = { relu: 'Relu', tanh: 'Tanh' } as const;

/** The network with everything around it: raw columns in, missing values among them; probabilities or values out. */
export function exportOnnx(
  layers: readonly DenseLayer[],
  task: TrainingTask,
  columns: readonly string[],
  { center, scale }: Standardisation,
  activation: keyof typeof ACTIVATIONS,
  label: { readonly center: number; readonly spread: number },
  producerVersion: string,
): Uint8Array {
  const constants: FloatTensor[] = [];
  const nodes: OnnxNode[] = [];
  const constant = (name: string, dimensions: readonly number[], values: ArrayLike<number>): string => {
    constants.push({ name, dimensions, values });
    return name;
  };
  const node = (
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: OnnxNode['attributes'] = {},
  ) => {
    nodes.push({ operator, domain: '', inputs, output, attributes });
    return output;
  };
  const wide = columns.length;
  const missing = node('IsNaN', [INPUT_NAME], 'missing');
  const centered = node('Sub', [INPUT_NAME, constant('center', [1, wide], center)], 'centered');
  const scaled = node('Mul', [centered, constant('scale', [1, wide], scale)], 'scaled');
  let value = node('Where', [missing, constant('absent', [1, 1], [0]), scaled], 'standardised');
  const output = OUTPUT_NAMES[task];
  for (const [place, { units, kernel, bias }] of layers.entries()) {
    const last = place === layers.length - 1;
    const from = place === 0 ? wide : (layers[place - 1] as DenseLayer).units;
    const weighted = node('MatMul', [value, constant(`kernel${place}`, [from, units], kernel)], `weighted${place}`);
    value = node('Add', [weighted, constant(`bias${place}`, [1, units], bias)], `sum${place}`);
    if (!last) value = node(ACTIVATIONS[activation], [value], `hidden${place}`);
  }
  if (task === 'binary') node('Sigmoid', [value], output);
  else if (task === 'multiclass') node('Softmax', [value], output, { axis: { integer: 1 } });
  else {
    const stretched = node('Mul', [value, constant('spread', [1, 1], [label.spread])], 'stretched');
    node('Add', [stretched, constant('middle', [1, 1], [label.center])], output);
  }
  return writeOnnx({
    producer: 'falaj-trainer-tfjs',
    producerVersion,
    graph: task,
    nodes,
    constants,
    input: { name: INPUT_NAME, dimensions: ['N', wide] },
    output: { name: output, dimensions: ['N', (layers.at(-1) as DenseLayer).units] },
    operatorSets: { '': 17 },
    metadata: { trainer: 'tfjs', task, columns: JSON.stringify(columns) },
  });
}
