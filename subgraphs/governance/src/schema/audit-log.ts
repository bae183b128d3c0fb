import { verifyAuditLog } from '@falaj/audit';
import { Attribute } from '@falaj/subgraph-kit';
import { Ctx, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { GovernanceContext } from './context.js';

@ObjectType({ description: 'A place where the audit log is not what was signed.' })
export class AuditFault {
  @Attribute(
    () => String,
    'internal',
    'CHANGED: another record than was signed; MISSING: it is gone; INSERTED: it was put in behind the log.',
  )
  kind!: string;
  @Attribute(() => ID, 'internal', 'The audit record.') recordId!: string;
  @Attribute(() => Int, 'internal', 'Place in the log, from 0; null for a record that has none.', { nullable: true })
  seq!: number | null;
}

@ObjectType({ description: 'What hashing every audit record of the workspace again found.' })
export class AuditLogVerification {
  @Attribute(() => Boolean, 'internal', 'No fault, and the tree is the one that was signed.') intact!: boolean;
  @Attribute(() => Int, 'internal', 'Records that were hashed again.') verified!: number;
  @Attribute(() => Int, 'internal', 'Records written since the last checkpoint, at most a few seconds old.')
  pending!: number;
  @Attribute(() => String, 'internal', 'Root of the Merkle tree (RFC 6962) over the records as they are now, in hex.')
  root!: string;
  @Attribute(() => String, 'internal', 'The newest checkpoint as a C2SP signed note; null for an empty log.', {
    nullable: true,
  })
  checkpoint!: string | null;
  @Attribute(() => Boolean, 'internal', 'Whether the checkpoint is signed by this platform and says this tree.')
  checkpointHolds!: boolean;
  @Attribute(() => [AuditFault], 'internal', 'The first hundred faults.') faults!: readonly AuditFault[];
}

@Resolver()
export class AuditLogResolver {
  @Query(() => AuditLogVerification, {
    nullable: true,
    description: 'Hashes every audit record of the workspace again and holds it to the signed log.',
  })
  verifyAuditLog(@Ctx() context: GovernanceContext): Promise<AuditLogVerification> {
    context.ability.authorize('read', 'AuditLogVerification');
    const { workspaceId } = context.principal;
    return context.transaction((tx) => verifyAuditLog(tx, workspaceId, context.services.auditKey));
  }
}
