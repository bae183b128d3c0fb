// Which TensorFlow.js runs. What really ran is told, never what was hoped for.
import { createRequire } from 'node:module';
import path from 'node:path';
import { PluginError } from '@falaj/plugin-sdk';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

/** The part of TensorFlow.js that is used here; the native package brings its own copy of it. */
export type TensorFlow = typeof core & typeof layers;

export interface Backend {
  readonly tf: TensorFlow;
  /** As TensorFlow.js names it: `tensorflow`, `wasm` or `cpu`. */
  readonly name: string;
  readonly device: 'gpu' | 'cpu';
  readonly version: string;
}

export type BackendChoice = 'auto' | 'tensorflow' | 'wasm' | 'cpu';

const require = createRequire(import.meta.url);
const opened = new Map<BackendChoice, Promise<Backend>>();

/** Opened once a process. Errors: UNAVAILABLE naming what was tried and why it failed. */
export function openBackend(choice: BackendChoice): Promise<Backend> {
  const known = opened.get(choice) ?? open(choice);
  opened.set(choice, known);
  return known;
}

async function open(choice: BackendChoice): Promise<Backend> {
  const tries: [BackendChoice, () => Promise<Backend> | Backend][] = [
    ['tensorflow', openNative],
    ['wasm', openWasm],
    ['cpu', openCpu],
  ];
  const failures: string[] = [];
  for (const [name, start] of tries) {
    if (choice !== 'auto' && choice !== name) continue;
    try {
      const backend = await start();
      trial(backend.tf);
      return backend;
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  throw new PluginError('UNAVAILABLE', `No backend of TensorFlow.js works here. ${failures.join('; ')}.`);
}

/** An optional peer: taken where the operator installed it. */
function openNative(): Backend {
  // 4.22 calls two functions that Node 23 took away (tensorflow/tfjs#8609); the module object may be written to.
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  const missing: string[] = [];
  for (const [name, device] of [
    ['@tensorflow/tfjs-node-gpu', 'gpu'],
    ['@tensorflow/tfjs-node', 'cpu'],
  ] as const) {
    let found: string;
    try {
      found = require.resolve(name);
    } catch {
      missing.push(name);
      continue;
    }
    const tf = require(found) as TensorFlow & { version: Record<string, string> };
    return { tf, name: tf.getBackend(), device, version: tf.version_core };
  }
  throw new Error(`neither ${missing.join(' nor ')} is installed`);
}

async function openWasm(): Promise<Backend> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`);
  return openPortable('wasm');
}

async function openCpu(): Promise<Backend> {
  await import('@tensorflow/tfjs-backend-cpu');
  return openPortable('cpu');
}

async function openPortable(name: string): Promise<Backend> {
  if (!(await core.setBackend(name))) throw new Error('the backend does not start');
  await core.ready();
  return { tf: { ...core, ...layers } as TensorFlow, name, device: 'cpu', version: core.version_core };
}

/** One step of everything that a network here uses: a kernel that a backend lacks shows itself now. */
function trial(tf: TensorFlow): void {
  tf.tidy(() => {
    const weights = tf.variable(tf.tensor2d([[0.1], [0.2]]));
    const step = () =>
      tf.losses.sigmoidCrossEntropy(
        tf.tensor2d([[1]]),
        tf.dropout(tf.tanh(tf.relu(tf.matMul(tf.tensor2d([[1, 2]]), weights))), 0.1),
      ) as core.Scalar;
    tf.train.adam(0.01).minimize(step, false, [weights]);
    if (!Number.isFinite(weights.dataSync()[0])) throw new Error('a training step gives no number');
    weights.dispose();
  });
}
