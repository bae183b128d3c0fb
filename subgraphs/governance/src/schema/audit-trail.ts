// Types of other subgraphs, to which this one adds what the audit trail says about them.
import { Attribute, ExtendedEntityType, PageArguments } from '@falaj/subgraph-kit';
import { Args, Ctx, FieldResolver, ID, Resolver, Root } from 'type-graphql';
import { auditedTypes } from '../domain/audited-types.js';
import { auditTrails } from '../store/audit-reads.js';
import { AuditRecordConnection } from './audit-record.js';
import type { GovernanceContext } from './context.js';

interface AuditedType {
  readonly name: string;
  readonly stub: new () => object;
  readonly resolver: new () => object;
}

function withTrail(name: string): AuditedType {
  @ExtendedEntityType(name, `The ${name} of another subgraph, with its audit trail.`)
  class Stub {
    @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
    @Attribute(() => AuditRecordConnection, 'internal', 'What was done to it, newest first.') auditTrail!: unknown;
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
  }

  return { name, stub: Stub, resolver: Trail };
}

export const audited = auditedTypes.map(withTrail);
