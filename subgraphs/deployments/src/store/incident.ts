// Incidents of endpoints live in governance; this is how the platform's own programs open one.
import type { Platform } from '@falaj/subgraph-kit';
import { askAsProgram, type Program } from './program.js';

const OPEN = /* GraphQL */ `
  mutation RaiseIncident($input: OpenIncidentInput!) {
    openIncident(input: $input) { created incident { id } }
  }
`;

interface Answer {
  readonly openIncident: { readonly created: boolean; readonly incident: { readonly id: string } | null } | null;
}

export interface IncidentReport {
  /** Same key, same incident while one is open. */
  readonly dedupKey: string;
  readonly title: string;
  readonly description: string;
  readonly impact: 'LOW' | 'MEDIUM' | 'HIGH';
  readonly urgency: 'LOW' | 'MEDIUM' | 'HIGH';
  /** As governance counts them, e.g. `DRIFT`, `ROLLBACK`. */
  readonly category: string;
  readonly links: readonly { readonly type: string; readonly id: string }[];
  readonly evidence: Readonly<Record<string, unknown>>;
}

const LONGEST_TITLE = 300;

/** Opens an incident, or joins what is wrong to the one that is open under its key. */
export async function openIncident(
  { graph }: Pick<Platform, 'graph'>,
  reporter: Program,
  report: IncidentReport,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const input = { ...report, title: report.title.slice(0, LONGEST_TITLE), zone: reporter.zone };
  const answer = await askAsProgram<Answer>(graph, reporter, OPEN, { input }, report.dedupKey);
  if (!answer.openIncident?.incident) throw new Error('Governance opened an incident that its own zone does not show.');
  return { id: answer.openIncident.incident.id, created: answer.openIncident.created };
}
