import type { Call, CheckInfo, CheckResult } from '@falaj/contracts';
import type { Platform } from './platform.js';

export interface ComplianceJudgement {
  readonly infos: readonly CheckInfo[];
  readonly results: readonly CheckResult[];
  /** Whether every check that was made passed, or is beside the point. */
  readonly holds: boolean;
}

/**
 * What every configured compliance plugin says of a snapshot, by its checks of these subjects. One that is configured but
 * not loaded throws: its checks are not known to pass.
 */
export async function judgeCompliance(
  plugins: Platform['plugins'],
  subjects: readonly CheckInfo['subject'][],
  snapshot: Readonly<Record<string, unknown>>,
  call: Call,
): Promise<ComplianceJudgement> {
  const names = plugins.list().flatMap(({ kind, name }) => (kind === 'compliance' ? [name] : []));
  const infos: CheckInfo[] = [];
  const results: CheckResult[] = [];
  for (const plugin of names.map((name) => plugins.get('compliance', name))) {
    const own = await plugin.list({}, call);
    infos.push(...own);
    for (const subject of subjects)
      if (own.some((info) => info.subject === subject))
        results.push(...(await plugin.evaluate({ subject, snapshot }, call)));
  }
  return { infos, results, holds: results.every(({ status }) => status === 'PASS' || status === 'NOT_APPLICABLE') };
}
