import { createHash } from 'node:crypto';
import type { ComplianceV1 } from '@falaj/contracts';
import { PluginError, throwIfCancelled } from '@falaj/plugin-sdk';
import { modelChecks } from './model-checks.js';
import { residencyChecks } from './residency-checks.js';
import type { ResidencyRule } from './residency-rules.js';

const checks = [...residencyChecks, ...modelChecks];

/** Nothing is kept between calls and nothing else is read: the same snapshot and rules give the same verdicts for ever. */
export function openCompliance(rules: readonly ResidencyRule[]): ComplianceV1 {
  const rulesDigest = digestOf(rules);
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
        { name: 'snapshotDigest', value: digestOf(snapshot) },
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

/** SHA-256 of the JSON with sorted keys, so that the order in which the caller set members does not matter. */
function digestOf(value: unknown): string {
  const sorted = (_key: string, member: unknown): unknown =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return `sha256:${createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex')}`;
}
