import type { CheckInfo, CheckResult } from '@falaj/contracts';
import { refusedByAll } from '@falaj/runtime';

/** A check's verdict with what it refers to, as stored with the revision. */
export interface CheckVerdict extends CheckResult {
  readonly title: string;
  readonly gate: string;
  readonly references: readonly string[];
  /** Waiver in force by which it went out all the same. */
  readonly waiverId?: string;
}

export function verdicts(
  infos: readonly CheckInfo[],
  results: readonly CheckResult[],
  waivers: ReadonlyMap<string, { readonly id: string }>,
): CheckVerdict[] {
  return results.map((result) => {
    const info = infos.find((candidate) => candidate.id === result.checkId);
    const waiver = holds(result) ? undefined : waivers.get(result.checkId);
    return {
      ...result,
      title: info?.title ?? result.checkId,
      // A verdict that no known check gave cannot be trusted to pass.
      gate: info?.gate ?? 'BLOCK_DEPLOYMENT',
      references: (info?.references ?? []).map(({ framework, reference }) => `${framework} ${reference}`),
      ...(waiver ? { waiverId: waiver.id } : {}),
    };
  });
}

const holds = ({ status }: CheckResult): boolean => status === 'PASS' || status === 'NOT_APPLICABLE';

/** Throws COMPLIANCE_FAILED naming each blocking check that neither passed, nor is beside the point, nor is waived. */
export function assertDeployable(found: readonly CheckVerdict[]): void {
  const failed = found.filter(
    (verdict) => verdict.gate === 'BLOCK_DEPLOYMENT' && !holds(verdict) && verdict.waiverId === undefined,
  );
  if (failed.length === 0) return;
  const refusals = failed.map(({ checkId, status, reason, references, evidence }) => ({
    checkId,
    status,
    reason,
    references,
    evidence,
    rule: checkId,
    found: `${status}: ${reason || 'the check gave no reason'}`,
    limit: 'PASS, or a waiver in force',
    whatToDo: `mend what ${checkId} names, or ask for a waiver of it by requestWaiver`,
  }));
  throw refusedByAll(refusals, 'COMPLIANCE_FAILED');
}
