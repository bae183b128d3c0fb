import { z } from 'zod';
import { type Check, defineCheck, everyOne, oneFact } from '../check.js';
import { parts } from '../snapshot.js';

export const operationsChecks: readonly Check[] = [
  defineCheck(
    {
      id: 'LAW-009',
      title: 'The register of AI systems is whole: every endpoint has a model, a purpose and an owner',
      severity: 'HIGH',
      gate: 'WARN',
      perObject: true,
    },
    z.object({ endpoints: parts.endpoints }),
    ({ endpoints }) =>
      everyOne(
        'endpoints',
        endpoints,
        ({ name }) => name,
        ({ purpose, owner }) => (!purpose?.trim() ? 'its model has no purpose' : owner ? null : 'has no owner'),
        'Describe the model: its description is the purpose.',
      ),
  ),
  defineCheck(
    {
      id: 'OPS-001',
      title: 'No incident is past its promise without an entry in its timeline, and P1 and P2 have an assignee',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ incidents: parts.incidents }),
    ({ incidents: { open, overdue, unattended } }) => {
      const silent = overdue.filter(({ told }) => !told).map(({ id }) => id);
      return oneFact(
        silent.length === 0 && unattended.length === 0,
        `${open} open, ${overdue.length} overdue, not noted: ${silent.join(', ') || 'none'}, without assignee: ${unattended.join(', ') || 'none'}`,
        'none not noted, none without assignee',
        'Assign them with assignIncident; see that a process of subgraph governance runs.',
      );
    },
  ),
  defineCheck(
    {
      id: 'OPS-002',
      title: 'Every live revision of an endpoint was made by a change that is on record',
      severity: 'HIGH',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ changes: parts.changes }),
    ({ changes }) =>
      everyOne(
        'live revisions',
        changes,
        ({ endpoint, revision }) => `${endpoint} revision ${revision}`,
        ({ auditRecordId }) => (auditRecordId ? null : 'has no audit record'),
        'Find who changed the endpoint past the graph; deploy again.',
      ),
  ),
];
