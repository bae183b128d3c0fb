import { consistencyProof, inclusionProof, listCheckpoints, verifyAuditLog } from '@falaj/audit';
import { Attribute, DateTime } from '@falaj/subgraph-kit';
import { Arg, Ctx, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
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
  @Attribute(() => Int, 'internal', 'Leaves under the checkpoint: records hashed again, and archived ones.')
  verified!: number;
  @Attribute(() => Int, 'internal', 'Of these, records that are only in a verified export: their leaf stands.')
  archived!: number;
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

@ObjectType({
  description: 'A state of the audit log of the workspace, signed by the platform. Keep it elsewhere too.',
})
export class AuditCheckpoint {
  @Attribute(() => Int, 'internal', 'Records in the log.') size!: number;
  @Attribute(() => String, 'internal', 'Root of the Merkle tree (RFC 6962), in hex.') root!: string;
  @Attribute(() => String, 'internal', 'The C2SP signed note: log, size, root, signature.') note!: string;
  @Attribute(() => DateTime, 'internal', 'When it was signed.') signedAt!: Date;
}

@ObjectType({ description: 'That a record is in the log: RFC 9162 section 2.1.3.' })
export class AuditInclusionProof {
  @Attribute(() => Int, 'internal', 'Place of the record, from 0.') seq!: number;
  @Attribute(() => Int, 'internal', 'Size of the tree that holds it.') size!: number;
  @Attribute(() => String, 'internal', 'Hash of the record as a leaf, in hex.') leafHash!: string;
  @Attribute(() => [String], 'internal', 'Sibling hashes from the leaf up, in hex.') path!: readonly string[];
  @Attribute(() => String, 'internal', 'Signed note of that size.') checkpoint!: string;
}

@ObjectType({ description: 'That one state of the log grew out of another: RFC 9162 section 2.1.4.' })
export class AuditConsistencyProof {
  @Attribute(() => Int, 'internal', 'Size of the earlier tree.') from!: number;
  @Attribute(() => Int, 'internal', 'Size of the later tree.') to!: number;
  @Attribute(() => [String], 'internal', 'Hashes of the proof, in hex.') path!: readonly string[];
  @Attribute(() => String, 'internal', 'Signed note of the earlier tree.') fromCheckpoint!: string;
  @Attribute(() => String, 'internal', 'Signed note of the later tree.') toCheckpoint!: string;
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

  @Query(() => [AuditCheckpoint], { description: 'Signed states of the audit log, newest first, up to 500.' })
  auditCheckpoints(
    @Arg('first', () => Int, { defaultValue: 20, description: 'How many, up to 500.' }) first: number,
    @Arg('below', () => Int, { nullable: true, description: 'Only of logs smaller than this.' }) below:
      | number
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<AuditCheckpoint[]> {
    context.ability.authorize('read', 'AuditLogVerification');
    return context.transaction((tx) =>
      listCheckpoints(tx, context.principal.workspaceId, { first, below: below ?? undefined }),
    );
  }

  @Query(() => AuditInclusionProof, {
    nullable: true,
    description: 'Proves that a record is in the signed log. Records enter it within seconds.',
  })
  auditInclusionProof(
    @Arg('recordId', () => ID, { description: 'The audit record.' }) recordId: string,
    @Arg('size', () => Int, { nullable: true, description: 'Size of a checkpoint; default the newest.' }) size:
      | number
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<AuditInclusionProof> {
    context.ability.authorize('read', 'AuditLogVerification');
    return context.transaction((tx) => inclusionProof(tx, context.principal.workspaceId, recordId, size ?? undefined));
  }

  @Query(() => AuditConsistencyProof, {
    nullable: true,
    description: 'Proves that the log only grew since a checkpoint: nothing before it was changed or taken out.',
  })
  auditConsistencyProof(
    @Arg('from', () => Int, { description: 'Size of the checkpoint that you kept.' }) from: number,
    @Arg('to', () => Int, { nullable: true, description: 'Size of a later one; default the newest.' }) to:
      | number
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<AuditConsistencyProof> {
    context.ability.authorize('read', 'AuditLogVerification');
    return context.transaction((tx) => consistencyProof(tx, context.principal.workspaceId, from, to ?? undefined));
  }
}
