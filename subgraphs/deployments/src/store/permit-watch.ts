// Finds placements whose transfer instrument ended, whether by time or by revocation, and carries out what the workspace
// wants of them. Any process may look at any time: each step is one statement that only the first can take.
import { recordAudit } from '@falaj/audit';
import type { Tx } from '@falaj/database';
import type { Platform } from '@falaj/subgraph-kit';
import { and, eq, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import { drainsAt } from '../domain/instrument-end.js';
import type { EndpointRoutes } from './endpoint-routes.js';
import { openIncident } from './incident.js';
import { placementPolicyOf } from './placement-policy.js';
import { askAsProgram } from './program.js';
import { shadow } from './rollout-tables.js';
import { endpointRevision } from './tables.js';
import { endStudies, lockEndpoint } from './writes.js';

const ACTOR = 'permit-watch';
const REVOKED = /* GraphQL */ `
  query RevokedInstruments($after: String) {
    transferInstruments(first: 500, after: $after, filter: { state: REVOKED }) {
      edges { node { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

interface RevokedAnswer {
  readonly transferInstruments: {
    readonly edges: readonly { readonly node: { readonly id: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

type Revision = typeof endpointRevision.$inferSelect;

/** Live, or with a share of the traffic, or mirrored to. */
const serves: SQL = sql`exists (select from deployments.endpoint e where e.id = ${endpointRevision.endpointId}
  and e.state = 'READY' and (e.revision = ${endpointRevision.revision}
    or exists (select from deployments.traffic_split s where s.endpoint_id = e.id
      and s.variants @> jsonb_build_array(jsonb_build_object('revision', ${endpointRevision.revision})))
    or exists (select from deployments.shadow m where m.endpoint_id = e.id and m.state = 'ACTIVE'
      and m.revision = ${endpointRevision.revision})))`;

/** Rests on an instrument, and nobody noted yet that it ended. */
const permitted = and(isNotNull(endpointRevision.permittedUntil), isNull(endpointRevision.permitEndedAt));

export class PermitWatch {
  readonly #platform: Pick<Platform, 'database' | 'graph' | 'log' | 'policyVersion'>;
  readonly #routes: Pick<EndpointRoutes, 'announce' | 'refresh'>;

  constructor(
    platform: Pick<Platform, 'database' | 'graph' | 'log' | 'policyVersion'>,
    routes: Pick<EndpointRoutes, 'announce' | 'refresh'>,
  ) {
    this.#platform = platform;
    this.#routes = routes;
  }

  /** Looks once. What governance cannot take or tell now is left to the next look; the recorded end needs nobody. */
  async look(): Promise<void> {
    await this.#note('EXPIRED', lte(endpointRevision.permittedUntil, sql`clock_timestamp()`));
    await this.#attempt('asking for revoked instruments', () => this.#revoke());
    await this.#attempt('opening the incident of an ended instrument', () => this.#report());
    await this.#drain();
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.#platform.log.warn(`${what} failed`, { error: String(error) }));
  }

  /** From now on these revisions are loaded nowhere. */
  async #note(end: 'EXPIRED' | 'REVOKED', which: SQL | undefined): Promise<void> {
    await this.#platform.database.asSystem(async (tx) => {
      const noted = await tx
        .update(endpointRevision)
        .set({
          permitEnd: end,
          permitEndedAt: end === 'EXPIRED' ? sql`${endpointRevision.permittedUntil}` : sql`clock_timestamp()`,
        })
        .where(and(permitted, which))
        .returning();
      for (const revision of noted) await this.#audit(tx, revision, 'endPlacementPermit', { end });
    });
  }

  /** Revocation is a fact of governance: one that was read counts, and one that cannot be read now is read later. */
  async #revoke(): Promise<void> {
    const { database, graph } = this.#platform;
    const places = await database.asSystem((tx) =>
      tx
        .selectDistinctOn([endpointRevision.workspaceId], {
          workspaceId: endpointRevision.workspaceId,
          zone: endpointRevision.zone,
        })
        .from(endpointRevision)
        .where(permitted),
    );
    for (const { workspaceId, zone } of places) {
      const program = { id: ACTOR, name: 'permit watch', workspaceId, zone };
      const revoked: string[] = [];
      for (let after: string | null = null; ; ) {
        const { transferInstruments }: RevokedAnswer = await askAsProgram(graph, program, REVOKED, { after }, ACTOR);
        revoked.push(...transferInstruments.edges.map(({ node }) => node.id));
        if (!transferInstruments.pageInfo.hasNextPage) break;
        after = transferInstruments.pageInfo.endCursor;
      }
      if (revoked.length === 0) continue;
      await this.#note(
        'REVOKED',
        and(
          eq(endpointRevision.workspaceId, workspaceId),
          sql`${endpointRevision.transferInstruments} && ${sql.param(revoked)}::text[]`,
        ),
      );
    }
  }

  async #report(): Promise<void> {
    const { database } = this.#platform;
    const due = and(isNotNull(endpointRevision.permitEndedAt), isNull(endpointRevision.permitIncidentId), serves);
    for (const revision of await database.asSystem((tx) => tx.select().from(endpointRevision).where(due))) {
      const policy = await database.asSystem((tx) => placementPolicyOf(tx, revision.workspaceId));
      const stops = drainsAt(policy, revision.permitEndedAt ?? new Date());
      const { id } = await openEndIncident(this.#platform, revision, stops);
      await database.asSystem((tx) =>
        tx.update(endpointRevision).set({ permitIncidentId: id }).where(eq(endpointRevision.id, revision.id)),
      );
    }
  }

  async #drain(): Promise<void> {
    const { database } = this.#platform;
    const ended = and(isNotNull(endpointRevision.permitEndedAt), isNull(endpointRevision.drainedAt), serves);
    for (const { id, endpointId, workspaceId, permitEndedAt } of await database.asSystem((tx) =>
      tx.select().from(endpointRevision).where(ended),
    )) {
      const drained = await database.asSystem(async (tx) => {
        const stops = drainsAt(await placementPolicyOf(tx, workspaceId), permitEndedAt as Date);
        if (!stops || stops.getTime() > Date.now()) return false;
        // Always the endpoint first, as the mutations lock.
        const record = await lockEndpoint(tx, endpointId);
        const [revision] = await tx
          .update(endpointRevision)
          .set({ drainedAt: sql`clock_timestamp()` })
          .where(and(eq(endpointRevision.id, id), isNull(endpointRevision.drainedAt)))
          .returning();
        if (!revision) return false;
        // A study of it is over; the subjects that it had go back to the live revision.
        if (record.revision !== revision.revision) {
          await endStudies(tx, endpointId, `INSTRUMENT_ENDED: revision ${revision.revision} may not serve any more.`);
        }
        await tx
          .update(shadow)
          .set({ state: 'STOPPED', stoppedAt: new Date() })
          .where(
            and(eq(shadow.endpointId, endpointId), eq(shadow.state, 'ACTIVE'), eq(shadow.revision, revision.revision)),
          );
        await this.#audit(tx, revision, 'drainPlacement', { live: record.revision === revision.revision });
        await this.#routes.announce(tx, endpointId);
        return true;
      });
      if (drained) await this.#routes.refresh(endpointId);
    }
  }

  async #audit(tx: Tx, revision: Revision, action: string, details: Record<string, unknown>): Promise<void> {
    const { workspaceId, ownerId, endpointId, zone, transferInstruments, permittedUntil } = revision;
    await recordAudit(tx, {
      workspaceId,
      actorId: ACTOR,
      actorKind: 'SERVICE',
      onBehalfOf: ownerId,
      action,
      subjectType: 'Endpoint',
      subjectId: endpointId,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: revision.id,
      traceId: null,
      policyVersion: await this.#platform.policyVersion(workspaceId),
      details: { ...details, revision: revision.revision, zone, transferInstruments, permittedUntil },
    });
  }
}

/** One per endpoint while it is open. */
function openEndIncident(platform: Pick<Platform, 'graph'>, revision: Revision, stops: Date | null) {
  const { workspaceId, zone, endpointId, model, permitEnd, transferInstruments, permitEndedAt } = revision;
  const version = `${model.name} v${model.version}`;
  const then = stops
    ? `It stops answering at ${stops.toISOString()}.`
    : 'It goes on until it is taken away: the policy of the workspace is INCIDENT.';
  return openIncident(
    platform,
    { id: ACTOR, name: 'permit watch', workspaceId, zone },
    {
      dedupKey: `instrument-end:${endpointId}`,
      title: `${version} serves in ${zone} without a transfer instrument in force`,
      description: `${transferInstruments.join(', ')} ${permitEnd === 'REVOKED' ? 'was revoked' : 'ended'}; nothing new is loaded by it. ${then} Deploy in a zone that the law allows, or record the instrument that follows and deploy the version anew.`,
      impact: 'HIGH',
      urgency: 'HIGH',
      category: 'RESIDENCY',
      links: [
        { type: 'Endpoint', id: endpointId },
        { type: 'ModelVersion', id: revision.modelVersionId },
        ...transferInstruments.map((id) => ({ type: 'TransferInstrument', id })),
      ],
      evidence: {
        revision: revision.revision,
        zone,
        permitEnd,
        permitEndedAt: permitEndedAt?.toISOString() ?? null,
        stopsAt: stops?.toISOString() ?? null,
      },
    },
  );
}
