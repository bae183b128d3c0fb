import type { CheckInfo, ComplianceV1 } from '@falaj/contracts';
import { jsonDigest, PluginError, throwIfCancelled } from '@falaj/plugin-sdk';
import type { Check } from './check.js';
import { accessChecks } from './checks/access.js';
import { cryptoChecks } from './checks/crypto.js';
import { loggingChecks } from './checks/logging.js';
import { modelChecks } from './checks/model.js';
import { operationsChecks } from './checks/operations.js';
import { residencyChecks } from './checks/residency.js';
import { iso27001 } from './regimes/iso-27001.js';
import { nistCsf } from './regimes/nist-csf.js';
import { pdpl } from './regimes/pdpl.js';
import type { Regime } from './regimes/regime.js';
import { cbuae, health, nistAiRmf } from './regimes/sector.js';

export const regimes: readonly Regime[] = [pdpl, iso27001, nistCsf, health, cbuae, nistAiRmf];
export const checks: readonly Check[] = [
  ...residencyChecks,
  ...operationsChecks,
  ...accessChecks,
  ...loggingChecks,
  ...cryptoChecks,
  ...modelChecks,
];

const infoOf = ({ id, title, severity, gate }: Check): CheckInfo => ({
  id,
  version: 1,
  title,
  severity,
  gate,
  subject: 'workspace',
  references: regimes.flatMap(({ framework, rows }) =>
    rows.filter((row) => row.checks.includes(id)).map(({ reference }) => ({ framework, reference })),
  ),
});

/** Nothing is kept between calls and nothing else is read: the same snapshot gives the same verdicts for ever. */
export function openCompliance(): ComplianceV1 {
  const infos = checks.map(infoOf);
  return {
    async list() {
      return infos;
    },
    async evaluate({ subject, snapshot }, call) {
      throwIfCancelled(call);
      if (subject !== 'workspace') {
        throw new PluginError(
          'UNSUPPORTED',
          `There are no checks for the subject ${JSON.stringify(subject)}; there are for: workspace.`,
        );
      }
      const basis = { name: 'snapshotDigest', value: jsonDigest(snapshot) };
      return checks
        .filter(({ perObject }) => perObject || snapshot.subject === undefined)
        .map((check) => {
          const result = check.evaluate(snapshot);
          return { ...result, evidence: [...result.evidence, basis] };
        });
    },
    async health() {
      return { ok: true };
    },
    async close() {},
  };
}
