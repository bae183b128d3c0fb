import type { ComplianceV1 } from '@falaj/contracts';
import { jsonDigest, PluginError, throwIfCancelled } from '@falaj/plugin-sdk';
import { modelChecks } from './model-checks.js';
import { residencyChecks } from './residency-checks.js';
import type { ResidencyRule } from './residency-rules.js';

const checks = [...residencyChecks, ...modelChecks];

/** Nothing is kept between calls and nothing else is read: the same snapshot and rules give the same verdicts for ever. */
export function openCompliance(rules: readonly ResidencyRule[]): ComplianceV1 {
  const rulesDigest = jsonDigest(rules);
  return {
    async list() {
      return checks.map(({ info }) => info);
    },
    async evaluate({ subject, snapshot }, call) {
      throwIfCancelled(call);
      const due = checks.filter(({ info }) => info.subject === subject);
      if (due.length === 0)
        throw new PluginError(
          'UNSUPPORTED',
          `There are no checks for the subject ${JSON.stringify(subject)}; there are for: deployment.`,
        );
      const basis = [
        { name: 'snapshotDigest', value: jsonDigest(snapshot) },
        { name: 'rulesDigest', value: rulesDigest },
      ];
      return due.map((check) => {
        const result = check.evaluate(snapshot, rules);
        return { ...result, evidence: [...result.evidence, ...basis] };
      });
    },
    async health() {
      return { ok: true };
    },
    async close() {},
  };
}
