import type { ArtifactStoreV1 } from './artifact-store.v1.js';
import type { ComplianceV1 } from './compliance.v1.js';
import type { DriftV1 } from './drift.v1.js';
import type { KeysV1 } from './keys.v1.js';
import type { OfflineStoreV1 } from './offline-store.v1.js';
import type { OnlineStoreV1 } from './online-store.v1.js';
import type { ServingV1 } from './serving.v1.js';
import type { TrainerV1 } from './trainer.v1.js';

/** The contract that the platform speaks, per kind. A released contract file never changes: version 2 is a new file. */
export interface Kinds {
  trainer: TrainerV1;
  serving: ServingV1;
  compliance: ComplianceV1;
  'online-store': OnlineStoreV1;
  'offline-store': OfflineStoreV1;
  'artifact-store': ArtifactStoreV1;
  keys: KeysV1;
  drift: DriftV1;
}

export type Kind = keyof Kinds;

/** What the platform does when a plugin of the kind fails: refuse the operation, tell the caller, fail the run, or go on with an alarm. */
export type FailurePosture = 'CLOSED' | 'ERROR_TO_CALLER' | 'RUN_FAILED' | 'OPEN';
