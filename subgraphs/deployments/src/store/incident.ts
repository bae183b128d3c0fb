// Incidents of endpoints live in governance; this is how the platform's own programs open one.
import type { Principal } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';

const LIMIT_MS = 10_000;

const OPEN = /* GraphQL */ `
  mutation RaiseIncident($input: OpenIncidentInput!) {
    openIncident(input: $input) { created incident { id } }
  }
`;

interface Answer {
  readonly openIncident: { readonly created: boolean; readonly incident: { readonly id: string } | null } | null;
}

/** A program of the platform, in the workspace and zone of what it watches. */
export interface Reporter {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly zone: string;
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
  reporter: Reporter,
  report: IncidentReport,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const { id, name, workspaceId, zone } = reporter;
  const principal: Principal = { id, kind: 'SERVICE', name, workspaceId, roles: ['service'], zone, zones: [zone] };
  const answer = await graph.query<Answer>(
    OPEN,
    { input: { ...report, title: report.title.slice(0, LONGEST_TITLE), zone } },
    { principal, requestId: report.dedupKey, traceparent: '', signal: AbortSignal.timeout(LIMIT_MS) },
  );
  if (!answer.openIncident?.incident) throw new Error('Governance opened an incident that its own zone does not show.');
  return { id: answer.openIncident.incident.id, created: answer.openIncident.created };
}
