// Types of other subgraphs, to which this one adds their audit trail and their incidents.
import { Attribute, ExtendedEntityType, PageArguments } from '@falaj/subgraph-kit';
import { Args, Ctx, FieldResolver, ID, Resolver, Root } from 'type-graphql';
import { auditedTypes } from '../domain/audited-types.js';
import { auditTrails } from '../store/audit-reads.js';
import { costsOf } from '../store/costs/spending.js';
import { incidents } from '../store/incidents/governed.js';
import { incidentLinksOf } from '../store/incidents/reads.js';
import { incidentLink } from '../store/incidents/tables.js';
import { AuditRecordConnection } from './audit-record.js';
import type { GovernanceContext } from './context.js';
import { shownCost } from './costs/cost.js';
import { Cost } from './costs/cost-types.js';
import { IncidentConnection } from './incidents/incident-types.js';

interface AuditedType {
  readonly name: string;
  readonly stub: new () => object;
  readonly resolver: new () => object;
}

function withTrail(name: string): AuditedType {
  @ExtendedEntityType(name, `The ${name} of another subgraph, with its audit trail and its incidents.`)
  class Stub {
    @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
    @Attribute(() => AuditRecordConnection, 'internal', 'What was done to it, newest first.') auditTrail!: unknown;
    @Attribute(() => IncidentConnection, 'internal', 'Incidents that concern it, newest first.') incidents!: unknown;
    @Attribute(() => Cost, 'internal', 'What it cost so far, by the usage that was recorded for it.') cost!: unknown;
  }

  @Resolver(() => Stub)
  class Trail {
    @FieldResolver()
    auditTrail(
      @Root() subject: Stub,
      @Args(() => PageArguments) page: PageArguments,
      @Ctx() context: GovernanceContext,
    ) {
      return context.load(`${name}.auditTrail:${page.first}:${page.after ?? ''}`, subject.id, (ids) =>
        auditTrails(context, name, ids, page),
      );
    }

    @FieldResolver()
    incidents(
      @Root() subject: Stub,
      @Args(() => PageArguments) page: PageArguments,
      @Ctx() context: GovernanceContext,
    ) {
      return context.children(incidents, incidentLink.subjectId, subject.id, page, {
        link: { table: incidentLink, on: incidentLinksOf(name) },
      });
    }

    @FieldResolver()
    async cost(@Root() subject: Stub, @Ctx() context: GovernanceContext): Promise<Cost> {
      return shownCost(
        await context.load(`${name}.cost`, subject.id, (ids) => context.transaction((tx) => costsOf(tx, name, ids))),
      );
    }
  }

  return { name, stub: Stub, resolver: Trail };
}

export const audited = auditedTypes.map(withTrail);
