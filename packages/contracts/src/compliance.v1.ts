import type { Call, PluginInstance } from './call.js';

/** Missing data is FAIL or ERROR, never PASS. */
export type CheckStatus = 'PASS' | 'FAIL' | 'ERROR' | 'NOT_APPLICABLE' | 'MANUAL_PENDING';

/** What a check that does not pass does to the operation it guards. */
export type CheckGate = 'BLOCK_PROMOTION' | 'BLOCK_DEPLOYMENT' | 'OPEN_INCIDENT' | 'WARN';

/** How grave it is when a check does not pass. */
export type CheckSeverity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

export interface CheckInfo {
  /** Permanent, e.g. `RES-005`. */
  readonly id: string;
  readonly version: number;
  readonly title: string;
  /** Law or standard behind it, e.g. `{framework: 'PDPL', reference: 'Art. 22'}`. */
  readonly references: readonly { readonly framework: string; readonly reference: string }[];
  /** Which snapshot it reads, e.g. `deployment`. */
  readonly subject: string;
  readonly gate: CheckGate;
  /** Given by a plugin of the capability `severity`. */
  readonly severity?: CheckSeverity;
}

export interface CheckResult {
  readonly checkId: string;
  readonly version: number;
  readonly status: CheckStatus;
  /** One sentence: what was found, what the limit is, what would make it pass. */
  readonly reason: string;
  readonly evidence: readonly { readonly name: string; readonly value: string }[];
}

/** Kind `compliance`: judges a snapshot of platform state. Fails closed: an error blocks like a FAIL. */
export interface ComplianceV1 extends PluginInstance {
  list(args: Record<string, never>, call: Call): Promise<readonly CheckInfo[]>;
  /** Idempotent: a pure function of the snapshot, so that a verdict can be replayed. */
  evaluate(
    args: { subject: string; snapshot: Readonly<Record<string, unknown>> },
    call: Call,
  ): Promise<readonly CheckResult[]>;
}
