// One record of the Open Source Vulnerability format (OSV schema 1.7, https://ossf.github.io/osv-schema/), as far as
// npm packages are judged by it.
import { z } from 'zod';
import { cvss3Score, type Severity, severityNamed, severityOfScore } from './severity.js';

const event = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
  limit: z.string().optional(),
});

const scores = z.array(z.object({ type: z.string(), score: z.string() })).nullish();
const specific = z.object({ severity: z.unknown().optional() }).nullish();

const affected = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string() }).optional(),
  ranges: z.array(z.object({ type: z.string(), events: z.array(event) })).nullish(),
  versions: z.array(z.string()).nullish(),
  severity: scores,
  ecosystem_specific: specific,
  database_specific: specific,
});
export type Affected = z.output<typeof affected>;

export const osvRecord = z.object({
  id: z.string().min(1),
  modified: z.iso.datetime({ offset: true }),
  withdrawn: z.string().nullish(),
  aliases: z.array(z.string()).nullish(),
  summary: z.string().nullish(),
  severity: scores,
  affected: z.array(affected).nullish(),
  database_specific: specific,
});
export type OsvRecord = z.output<typeof osvRecord>;

/** The worst that the record says of the package, in words before numbers; UNKNOWN where it says nothing that is understood. */
export function severityOf({ id, severity, database_specific: own }: OsvRecord, of: Affected): Severity {
  // A package that is malicious as a whole has no score.
  if (id.startsWith('MAL-')) return 'CRITICAL';
  for (const said of [of.database_specific, of.ecosystem_specific, own]) {
    const named = typeof said?.severity === 'string' ? severityNamed(said.severity) : undefined;
    if (named) return named;
  }
  const numbers = [...(of.severity ?? []), ...(severity ?? [])].flatMap(({ score }) => cvss3Score(score) ?? []);
  return numbers.length > 0 ? severityOfScore(Math.max(...numbers)) : 'UNKNOWN';
}
