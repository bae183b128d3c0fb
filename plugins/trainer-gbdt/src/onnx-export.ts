/**
 * Trees as ONNX. Always TreeEnsembleRegressor with Sigmoid or Softmax behind it: TreeEnsembleClassifier silently drops
 * the base value of a binary model in ONNX Runtime.
 */
import type { TrainingTask } from '@falaj/contracts';
import { type Attribute, type OnnxNode, writeOnnx } from '@falaj/plugin-sdk/onnx';
import type { Ensemble } from './boosting.js';
import type { Tree } from './tree.js';

const TREES_DOMAIN = 'ai.onnx.ml';

export const INPUT_NAME = 'features';

export const OUTPUT_NAMES: Readonly<Record<TrainingTask, string>> = {
  binary: 'probability',
  multiclass: 'probabilities',
  regression: 'prediction',
};

/** Serialises the ensemble: float32 `features` [N, columns] in, one float32 output [N, outputs]. */
export function exportOnnx(
  ensemble: Ensemble,
  task: TrainingTask,
  columns: readonly string[],
  trainer: { readonly name: string; readonly version: string },
): Uint8Array {
  const output = OUTPUT_NAMES[task];
  const raw = task === 'regression' ? output : 'scores';
  const nodes: OnnxNode[] = [
    {
      operator: 'TreeEnsembleRegressor',
      domain: TREES_DOMAIN,
      inputs: [INPUT_NAME],
      output: raw,
      attributes: treeAttributes(ensemble),
    },
  ];
  if (task === 'binary') nodes.push({ operator: 'Sigmoid', domain: '', inputs: [raw], output, attributes: {} });
  if (task === 'multiclass') {
    nodes.push({ operator: 'Softmax', domain: '', inputs: [raw], output, attributes: { axis: { integer: 1 } } });
  }
  return writeOnnx({
    producer: `falaj-trainer-${trainer.name}`,
    producerVersion: trainer.version,
    graph: task,
    nodes,
    input: { name: INPUT_NAME, dimensions: ['N', columns.length] },
    output: { name: output, dimensions: ['N', ensemble.outputs] },
    operatorSets: { '': 17, [TREES_DOMAIN]: 3 },
    metadata: { trainer: trainer.name, version: trainer.version, task, columns: JSON.stringify(columns) },
  });
}

function treeAttributes({ trees, outputs, base }: Ensemble): Record<string, Attribute> {
  const node = { tree: [], id: [], column: [], threshold: [], trueId: [], falseId: [], missingTrue: [] } as Record<
    'tree' | 'id' | 'column' | 'threshold' | 'trueId' | 'falseId' | 'missingTrue',
    number[]
  >;
  const modes: string[] = [];
  const leaf = { tree: [], id: [], target: [], weight: [] } as Record<'tree' | 'id' | 'target' | 'weight', number[]>;
  trees.forEach((tree, index) => {
    for (let id = 0; id < tree.column.length; id++) {
      const isLeaf = at(tree, 'column', id) < 0;
      modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ');
      node.tree.push(index);
      node.id.push(id);
      node.column.push(isLeaf ? 0 : at(tree, 'column', id));
      node.threshold.push(at(tree, 'threshold', id));
      node.trueId.push(at(tree, 'left', id));
      node.falseId.push(at(tree, 'right', id));
      node.missingTrue.push(at(tree, 'missingLeft', id));
      if (!isLeaf) continue;
      leaf.tree.push(index);
      leaf.id.push(id);
      leaf.target.push(index % outputs);
      leaf.weight.push(at(tree, 'value', id));
    }
  });
  return {
    aggregate_function: { text: 'SUM' },
    base_values: { floats: base },
    n_targets: { integer: outputs },
    nodes_falsenodeids: { integers: node.falseId },
    nodes_featureids: { integers: node.column },
    nodes_missing_value_tracks_true: { integers: node.missingTrue },
    nodes_modes: { texts: modes },
    nodes_nodeids: { integers: node.id },
    nodes_treeids: { integers: node.tree },
    nodes_truenodeids: { integers: node.trueId },
    nodes_values: { floats: node.threshold },
    post_transform: { text: 'NONE' },
    target_ids: { integers: leaf.target },
    target_nodeids: { integers: leaf.id },
    target_treeids: { integers: leaf.tree },
    target_weights: { floats: leaf.weight },
  };
}

function at(tree: Tree, field: keyof Tree, node: number): number {
  return tree[field][node] as number;
}
