import type { Call, Matrix, PlatformAccess } from '@falaj/contracts';
import type { ArtifactVault, PluginRegistry } from '@falaj/plugin-host';
import type { TrainingPorts } from '../domain/training-run.js';
import type { RunRecord } from './run-queue.js';

const PREDICT_ROWS = 4_096;

/** The ports of one training run over the plugins and the vault of this deployment. */
export function trainingPorts(
  plugins: PluginRegistry,
  vault: ArtifactVault,
  run: RunRecord,
  signal: AbortSignal,
  access: () => Promise<PlatformAccess | undefined>,
  /** Before the columns are handed to the trainer, that they are is on record. */
  logRead: (columns: readonly string[]) => Promise<void>,
): TrainingPorts {
  const call = (): Call => plugins.call({ id: run.ownerId }, { workspaceId: run.workspaceId, zone: run.zone, signal });
  return {
    async readTrainingSet(facts, columns) {
      const data = await vault.get(
        facts.artifactKey,
        facts.artifactDigest,
        { workspaceId: run.workspaceId, zone: facts.zone },
        call(),
      );
      const read = await plugins.get('offline-store').readTrainingSet({ data, columns }, call());
      await logRead(columns);
      return read;
    },
    async train(trainer, request, report) {
      const granted = await access();
      return plugins
        .get('trainer', trainer)
        .train(granted ? { ...request, access: granted } : request, { ...call(), report });
    },
    async predict(model, input, matrix) {
      const serving = plugins.get('serving');
      const handle = `parity/${run.id}`;
      await serving.load({ handle, format: 'onnx', model }, call());
      try {
        const parts: Float32Array[] = [];
        for (let from = 0; from < matrix.rows; from += PREDICT_ROWS) {
          const batch = rows(matrix, from, Math.min(from + PREDICT_ROWS, matrix.rows));
          const [output] = await serving.infer(
            {
              handle,
              inputs: [
                {
                  name: input,
                  datatype: 'FP32',
                  shape: [batch.length / matrix.columns.length, matrix.columns.length],
                  data: batch,
                },
              ],
            },
            call(),
          );
          parts.push(output?.data as Float32Array);
        }
        return concatenate(parts);
      } finally {
        await serving.unload({ handle }, call());
      }
    },
  };
}

const rows = (matrix: Matrix, from: number, to: number): Float32Array =>
  matrix.values.slice(from * matrix.columns.length, to * matrix.columns.length);

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
