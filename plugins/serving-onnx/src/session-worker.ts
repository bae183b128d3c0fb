/** Entry of a worker thread: one model, requests in the order in which they came. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Tensor } from '@falaj/plugin-sdk';
import { openSession } from './session.js';
import { detach, type WorkerData, type WorkerRequest } from './worker-messages.js';

const port = parentPort;
if (port === null) throw new Error('session-worker is the entry of a worker thread.');
const { model, options } = workerData as WorkerData;

try {
  const session = await openSession(model, options);
  port.on('message', async ({ id, inputs, outputs }: WorkerRequest) => {
    try {
      const [tensors, buffers] = detach(await session.run(inputs, outputs));
      port.postMessage({ id, tensors: tensors satisfies readonly Tensor[] }, buffers);
    } catch (error) {
      port.postMessage({ id, failure: (error as Error).message });
    }
  });
  port.postMessage({ id: 0, tensors: [] });
} catch (error) {
  port.postMessage({ id: 0, failure: (error as Error).message });
}
