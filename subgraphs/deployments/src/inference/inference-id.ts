import { randomHex } from '@falaj/runtime';

let time = 0;
let prefix = '';

/** Unique id of one inference: 48 bits of time so that indexes stay dense, then 80 random ones. */
export function newInferenceId(): string {
  const now = Date.now();
  if (now !== time) {
    time = now;
    prefix = `inf_${now.toString(16).padStart(12, '0')}`;
  }
  return prefix + randomHex(10);
}
