import { createHash } from 'node:crypto';
import { canonicalJson } from '@falaj/runtime';
import type { StageType, Value, Values } from './definition.js';
import { isArtifact, stageSpecs } from './stage-types.js';

/**
 * Equal keys mean equal work: type and version of the stage, its inputs with the digests of every artifact, the code that
 * runs it, and a fingerprint of what it reads beside its inputs (`null` where that is nothing).
 */
export function cacheKey(work: {
  readonly type: StageType;
  readonly inputs: Values;
  readonly fingerprint: unknown;
  readonly codeReference: string;
}): string {
  const { type, inputs, fingerprint, codeReference } = work;
  const content = canonicalJson({
    type,
    version: stageSpecs[type].version,
    inputs: byContent(inputs),
    fingerprint,
    codeReference,
  });
  return createHash('sha256').update(content).digest('hex');
}

/** Artifacts by their digest, wherever they are kept. */
function byContent(value: Value): Value {
  if (isArtifact(value)) return { digest: value.digest };
  if (Array.isArray(value)) return value.map((part: Value) => byContent(part));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value as Values).map(([name, part]) => [name, byContent(part)]));
  return value;
}
