import { randomUUID } from 'node:crypto';

/** Unique id of one inference: 48 bits of time so that indexes stay dense, then random. */
export const newInferenceId = (): string =>
  `inf_${Date.now().toString(16).padStart(12, '0')}${randomUUID().replaceAll('-', '').slice(0, 20)}`;
