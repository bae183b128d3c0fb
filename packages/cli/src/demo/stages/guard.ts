import { AuditRecordsDocument, CreateEndpointDocument, GuardedSourcesDocument } from '@falaj/client';
import { type Actors, need, type Stage } from '../journey.js';

/** One query, four readers; a deployment outside the allowed zones; the audit trail of every mutation. */
export const guard: Stage = {
  title: 'guard',
  async run(journey) {
    const seen: string[] = [];
    for (const actor of ['engineer', 'scientist', 'approver', 'outsider'] as const satisfies (keyof Actors)[]) {
      const answer = await need(journey.actors, actor).client.request(GuardedSourcesDocument, { first: 10 });
      const rows = answer.data?.dataSources?.edges?.length ?? 0;
      const masked = answer.extensions?.falaj?.masked ?? [];
      const reasons = [...new Set(masked.map((entry) => `${entry.field}:${entry.reason}`))];
      seen.push(`${actor} ${rows} rows${reasons.length > 0 ? `, withheld ${reasons.join(' ')}` : ''}`);
    }
    const abroad = await need(journey.actors, 'approver').client.request(CreateEndpointDocument, {
      input: { name: 'abroad', modelVersionId: need(journey.ids, 'modelVersionId'), zone: 'US' },
    });
    const refusal = abroad.errors?.[0];
    if (refusal?.extensions.code !== 'RESIDENCY_VIOLATION')
      throw new Error(`A deployment to US answered ${refusal?.extensions.code ?? 'success'}.`);
    const { auditRecords } = await journey
      .connect({ token: journey.operatorToken, workspace: need(journey.ids, 'workspaceId') })
      .data(AuditRecordsDocument, { first: 1 });
    return `${seen.join('; ')}; to US: RESIDENCY_VIOLATION by ${String(refusal.extensions.details?.rule)}; ${auditRecords?.totalCount} audit records`;
  },
};
