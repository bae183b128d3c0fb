// Bills of materials held against a mirror of advisories that the operator keeps: nothing is asked of anybody.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@falaj/runtime';
import { exposureOf } from './affected.js';
import type { NpmPackage } from './bill-of-materials.js';
import { type OsvRecord, osvRecord, severityOf } from './osv-record.js';
import type { Severity } from './severity.js';

export interface Finding {
  readonly package: NpmPackage;
  readonly advisory: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly severity: Severity;
  /** The lowest version above that is not affected; undefined where none is known. */
  readonly fixed: string | undefined;
}

export interface AdvisoryReport {
  readonly findings: readonly Finding[];
  /** Records of npm packages that are not withdrawn. */
  readonly records: number;
  /** When the newest of them was changed: what became known later is not in the mirror. */
  readonly newest: Date;
}

const ECOSYSTEM = 'npm';

/**
 * Reads every OSV record (`*.json`) in the folder and below. Throws CONFIG_INVALID for a folder without records of npm, and for a
 * record that cannot be read: it might be the one.
 */
export async function checkAdvisories(mirror: string, packages: readonly NpmPackage[]): Promise<AdvisoryReport> {
  const versions = Map.groupBy(packages, ({ name }) => name);
  const findings: Finding[] = [];
  let records = 0;
  let newest = 0;
  for await (const record of recordsIn(mirror)) {
    const ours = (record.affected ?? []).filter(({ package: one }) => one?.ecosystem === ECOSYSTEM);
    if (ours.length === 0) continue;
    newest = Math.max(newest, Date.parse(record.modified));
    if (record.withdrawn) continue;
    records += 1;
    for (const affected of ours)
      for (const used of versions.get(affected.package?.name ?? '') ?? []) {
        const exposure = exposureOf(affected, used.version);
        if (!exposure || findings.some((known) => known.package === used && known.advisory === record.id)) continue;
        findings.push({
          package: used,
          advisory: record.id,
          aliases: record.aliases ?? [],
          summary: record.summary ?? '',
          severity: severityOf(record, affected),
          fixed: exposure.fixed,
        });
      }
  }
  if (records === 0)
    throw new PlatformError('CONFIG_INVALID', `${mirror} holds no OSV record of an npm package: is the mirror there?`);
  return { findings, records, newest: new Date(newest) };
}

async function* recordsIn(mirror: string): AsyncGenerator<OsvRecord> {
  const entries = await readdir(mirror, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new PlatformError('CONFIG_INVALID', `The mirror of advisories ${mirror} cannot be read.`, { cause });
  });
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
    const file = join(entry.parentPath, entry.name);
    try {
      yield osvRecord.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch (cause) {
      throw new PlatformError('CONFIG_INVALID', `${file} is no OSV record.`, { cause });
    }
  }
}
