import type { CheckInfo, CheckResult } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';

/** A check's verdict with what it refers to, as stored with the revision. */
export interface CheckVerdict extends CheckResult {
  readonly title: string;
  readonly gate: string;
  readonly references: readonly string[];
}

export function verdicts(infos: readonly CheckInfo[], results: readonly CheckResult[]): CheckVerdict[] {
  return results.map((result) => {
    const info = infos.find((candidate) => candidate.id === result.checkId);
    return {
      ...result,
      title: info?.title ?? result.checkId,
      // A verdict that no known check gave cannot be trusted to pass.
      gate: info?.gate ?? 'BLOCK_DEPLOYMENT',
      references: (info?.references ?? []).map(({ framework, reference }) => `${framework} ${reference}`),
    };
  });
}

/** Throws COMPLIANCE_FAILED naming each blocking check that neither passed nor is beside the point. */
export function assertDeployable(found: readonly CheckVerdict[]): void {
  const failed = found.filter(
    (verdict) =>
      verdict.gate === 'BLOCK_DEPLOYMENT' && verdict.status !== 'PASS' && verdict.status !== 'NOT_APPLICABLE',
  );
  if (failed.length === 0) return;
  throw new PlatformError(
    'COMPLIANCE_FAILED',
    failed.map((verdict) => `${verdict.checkId} ${verdict.status}: ${verdict.reason}`).join('; '),
    {
      details: {
        checks: failed.map(({ checkId, status, reason, references, evidence }) => ({
          checkId,
          status,
          reason,
          references,
          evidence,
        })),
      },
    },
  );
}
