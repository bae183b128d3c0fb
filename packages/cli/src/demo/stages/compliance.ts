import { RunComplianceDocument, VerifyAuditLogDocument } from '@falaj/client';
import { need, type Stage } from '../journey.js';

const AUDIT_WAIT_MS = 15_000;

/** Every check over the workspace as it stands; then each audit record hashed again and held to the signed log. */
export const compliance: Stage = {
  title: 'compliance and audit',
  async run(journey) {
    const { runCompliance } = await need(journey.actors, 'approver').client.data(RunComplianceDocument, { input: {} });
    const report = need(runCompliance, 'report');
    const open = (report.findings ?? []).filter(({ status }) => status !== 'PASS' && status !== 'NOT_APPLICABLE');
    const administrator = journey.connect({
      token: journey.operatorToken,
      workspace: need(journey.ids, 'workspaceId'),
    });
    let log = (await administrator.data(VerifyAuditLogDocument, {})).verifyAuditLog;
    for (const until = Date.now() + AUDIT_WAIT_MS; log?.pending !== 0 && Date.now() < until; ) {
      journey.progress(`${log?.pending} records wait for their checkpoint`);
      await new Promise((resolve) => setTimeout(resolve, 250));
      log = (await administrator.data(VerifyAuditLogDocument, {})).verifyAuditLog;
    }
    if (!log?.intact || log.pending !== 0) throw new Error(`The audit log does not verify: ${JSON.stringify(log)}`);
    return (
      `${report.passed} checks passed, ${report.failed} failed, ${report.unknown} unknown` +
      `${open.length > 0 ? ` (${open.map(({ checkId }) => checkId).join(', ')})` : ''}; ` +
      `audit log of ${log.verified} records intact, root ${log.root?.slice(0, 12)}…`
    );
  },
};
