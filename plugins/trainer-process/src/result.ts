// What a command hands back is checked before it is believed.
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { TrainingParameter, TrainRequest, TrainResult } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { readNpy } from './npy.js';

const described = z.strictObject({
  input: z.string().min(1).default('features'),
  output: z.string().min(1).default('predictions'),
  bestStep: z.number().int().min(1).default(1),
  importance: z.record(z.string(), z.number().min(0)).default({}),
});

const RESULT_BYTES = 2 ** 20;

export async function readResult(
  output: string,
  request: TrainRequest,
  parameters: Readonly<Record<string, TrainingParameter>>,
  maxModelBytes: number,
): Promise<TrainResult> {
  const { columns } = request.features;
  const width = request.task === 'multiclass' ? (request.classes ?? 0) : 1;
  const text = await read(output, 'result.json', RESULT_BYTES).catch(() => Buffer.from('{}'));
  let told: unknown;
  try {
    told = JSON.parse(text.toString('utf8'));
  } catch (cause) {
    throw new PluginError('FAILED', 'result.json is no JSON.', { cause });
  }
  const checked = described.safeParse(told);
  if (!checked.success) {
    const issues = checked.error.issues.map((issue) => `${issue.path.join('.') || 'result'}: ${issue.message}`);
    throw new PluginError('FAILED', `result.json does not fit: ${issues.join('; ')}.`);
  }
  const { input, output: name, bestStep, importance } = checked.data;
  const stranger = Object.keys(importance).find((column) => !columns.includes(column));
  if (stranger !== undefined)
    throw new PluginError('FAILED', `result.json: importance names "${stranger}", which is no column.`);
  const total = Object.values(importance).reduce((sum, share) => sum + share, 0);
  const model = await read(output, 'model.onnx', maxModelBytes);
  if (model.length === 0) throw new PluginError('FAILED', 'model.onnx is empty.');
  return {
    format: 'onnx',
    model: new Uint8Array(model),
    input: { name: input, columns: [...columns] },
    output: { name, width },
    bestStep,
    ...(request.holdout
      ? {
          holdoutPredictions: readNpy(
            'holdout-predictions.npy',
            await read(output, 'holdout-predictions.npy', 64 + 8 * width * (request.holdout.rows + 128)),
            request.holdout.rows * width,
          ),
        }
      : {}),
    importance:
      total > 0 ? Object.fromEntries(Object.entries(importance).map(([column, share]) => [column, share / total])) : {},
    parameters,
  };
}

/** A regular file of bounded size: a link could point anywhere. */
async function read(folder: string, name: string, maxBytes: number): Promise<Buffer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = (await import('node:fs')).constants;
  const handle = await open(path.join(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: Error) => {
    throw new PluginError('FAILED', `The command left no file ${name} in its output folder.`, { cause });
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new PluginError('FAILED', `${name} is no regular file.`);
    if (stat.size > maxBytes) {
      throw new PluginError('FAILED', `${name} has ${stat.size} bytes; this installation allows ${maxBytes}.`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
