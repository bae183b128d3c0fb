// Sealed artifacts that do not open: their readers are refused, and people hear of it by an incident.
import type { CorruptArtifact } from '@falaj/plugin-host';
import type { Logger } from '@falaj/runtime';
import type { GraphClient } from '@falaj/subgraph-kit';

/** A reader may ask a thousand times a second; its incident counts one occurrence a minute from each process. */
const QUIET_MS = 60_000;
const MOST_REMEMBERED = 10_000;
const LIMIT_MS = 10_000;

const OPEN = /* GraphQL */ `
  mutation RaiseArtifactIncident($input: OpenIncidentInput!) {
    openIncident(input: $input) { incident { id } }
  }
`;

/** What the vault calls. Opening the incident never holds up or changes the refusal. */
export function artifactAlarm(graph: GraphClient, log: Logger): (artifact: CorruptArtifact) => void {
  const told = new Map<string, number>();
  return ({ key, workspaceId, zone, found }) => {
    const alarm = `artifact ${workspaceId} ${zone} ${key}`;
    const now = Date.now();
    if (now - (told.get(alarm) ?? 0) < QUIET_MS) return;
    if (told.size >= MOST_REMEMBERED) told.clear();
    told.set(alarm, now);
    log.error('a sealed artifact does not open', { key, workspace: workspaceId, zone, found });
    const input = {
      dedupKey: `artifact:${key}`,
      title: 'A sealed artifact does not open',
      description: `${found} Find out who could write to the artifact store or to the keys. Restore it from a backup, or make it anew.`,
      impact: 'HIGH',
      urgency: 'HIGH',
      category: 'SECURITY',
      zone,
      evidence: { artifactKey: key, found },
    };
    const principal = {
      id: 'artifact-vault',
      kind: 'SERVICE',
      name: 'artifact vault',
      workspaceId,
      roles: ['service'],
      zone,
      zones: [zone],
    } as const;
    const request = { principal, requestId: alarm, traceparent: '', signal: AbortSignal.timeout(LIMIT_MS) };
    graph.query(OPEN, { input }, request).catch((error: unknown) => {
      told.delete(alarm);
      log.error('the incident of a corrupt artifact could not be opened', { key, error: String(error) });
    });
  };
}
