// Findings against what the operator allows.
import { resolve } from 'node:path';
import { PlatformError } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';
import { type NpmPackage, packagesIn } from './bill-of-materials.js';
import { checkAdvisories, type Finding } from './check-advisories.js';
import { isAtLeast } from './severity.js';

const DAY_MS = 86_400_000;
export const PRODUCT_BILL = 'dist/falaj.cdx.json';

export interface Judged {
  readonly packages: number;
  readonly records: number;
  readonly newest: string;
  readonly findings: readonly (Finding & { readonly accepted?: string })[];
  readonly failures: readonly string[];
}

/** What is known of packages in use, and why the check fails. Throws CONFIG_INVALID without a mirror, BAD_USER_INPUT for no bill. */
export async function judgeBills(
  { advisories, directory }: Pick<ResolvedConfig, 'advisories' | 'directory'>,
  bills: readonly string[],
  mirror: string | undefined = advisories.mirror && resolve(directory, advisories.mirror),
  now: number = Date.now(),
): Promise<Judged> {
  if (!mirror)
    throw new PlatformError(
      'CONFIG_INVALID',
      'Name the folder of OSV records: advisories.mirror in falaj.config.ts, or --mirror.',
    );
  const packages = new Map<string, NpmPackage>();
  for (const bill of bills.length > 0 ? bills : [resolve(directory, PRODUCT_BILL)])
    for (const one of await packagesIn(bill)) packages.set(`${one.name}@${one.version}`, one);
  const { findings, records, newest } = await checkAdvisories(mirror, [...packages.values()]);
  const marked = findings.map((finding) => {
    const names = [finding.advisory, ...finding.aliases];
    const accepted = advisories.accepted.find(({ id, until }) => names.includes(id) && Date.parse(until) > now);
    return accepted ? { ...finding, accepted: `${accepted.reason} (until ${accepted.until})` } : finding;
  });
  const open = marked.filter((finding) => !('accepted' in finding) && isAtLeast(finding.severity, advisories.failFrom));
  const days = Math.floor((now - newest.getTime()) / DAY_MS);
  return {
    packages: packages.size,
    records,
    newest: newest.toISOString(),
    findings: marked,
    failures: [
      ...(open.length > 0 ? [`${open.length} at or above ${advisories.failFrom}.`] : []),
      ...(days > advisories.maxAgeDays
        ? [
            `The newest record of the mirror is ${days} days old (limit ${advisories.maxAgeDays}): what became known since is missing. Mirror anew.`,
          ]
        : []),
    ],
  };
}
