import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, ObjectType } from 'type-graphql';

@EntityType('ServiceKey', 'A public key with which a service proves who it is at the token endpoint.')
export class ServiceKey {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Service, a principal.') principalId!: string;
  @Attribute(() => String, 'internal', 'Id of the key (`kid`), as the header of an assertion names it.') keyId!: string;
  @Attribute(() => DateTime, 'internal', 'When it was registered.') createdAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who registered it.') createdBy!: string;
  @Attribute(() => DateTime, 'internal', 'When it opens nothing more.') expiresAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When it was revoked; null while it was not.') revokedAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@EntityType(
  'WorkloadIdentity',
  'What an issuer outside, such as a Kubernetes cluster, calls the workload of a service.',
)
export class WorkloadIdentity {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Service, a principal.') principalId!: string;
  @Attribute(() => String, 'internal', 'Issuer, exactly as in its tokens.') issuer!: string;
  @Attribute(() => String, 'internal', 'Subject, e.g. `system:serviceaccount:scoring:nightly`.') subject!: string;
  @Attribute(() => DateTime, 'internal', 'When it was bound.') createdAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who bound it.') createdBy!: string;
  @Attribute(() => DateTime, 'internal', 'When it was unbound; null while it is bound.') revokedAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const ServiceKeyConnection = connectionOf(() => ServiceKey, 'ServiceKey');
export const WorkloadIdentityConnection = connectionOf(() => WorkloadIdentity, 'WorkloadIdentity');

@InputType({ description: 'Restricts keys of services.' })
export class ServiceKeyFilter {
  @Field(() => ID, { nullable: true, description: 'Keys of this service.' }) principalId?: string;
}

@InputType({ description: 'Restricts workloads of services.' })
export class WorkloadIdentityFilter {
  @Field(() => ID, { nullable: true, description: 'Workloads of this service.' }) principalId?: string;
}

@InputType({ description: 'A public key of a service of this workspace.' })
export class RegisterServiceKeyInput {
  @Field(() => ID, { description: 'Service; its home must be the workspace of the request.' }) principalId!: string;
  @Field(() => String, {
    description: 'Public JSON Web Key as text: Ed25519, EC P-256, or RSA of 2048 bits or more. Never a private key.',
  })
  publicKey!: string;
  @Field(() => DateTime, { description: 'When it opens nothing more: within 90 days.' }) expiresAt!: Date;
}

@InputType({ description: 'A key that is to open nothing more.' })
export class RevokeServiceKeyInput {
  @Field(() => ID, { description: 'Id of the key, not its `keyId`.' }) serviceKeyId!: string;
}

@InputType({ description: 'A workload that is a service of this workspace.' })
export class BindWorkloadIdentityInput {
  @Field(() => ID, { description: 'Service; its home must be the workspace of the request.' }) principalId!: string;
  @Field(() => String, {
    description: 'Issuer, exactly as in its tokens; one of `workloadIssuers` of the configuration.',
  })
  issuer!: string;
  @Field(() => String, { description: 'Subject, e.g. `system:serviceaccount:scoring:nightly`.' }) subject!: string;
}

@InputType({ description: 'A workload that is to be a service no more.' })
export class UnbindWorkloadIdentityInput {
  @Field(() => ID, { description: 'Id of the binding.' }) workloadIdentityId!: string;
}

@ObjectType({ description: 'Result of a change to a key.' })
export class ServiceKeyPayload {
  @Attribute(() => ServiceKey, 'open', 'The key after the change; null where the caller may not see it.', {
    nullable: true,
  })
  serviceKey!: unknown;
}

@ObjectType({ description: 'Result of a change to a workload of a service.' })
export class WorkloadIdentityPayload {
  @Attribute(() => WorkloadIdentity, 'open', 'The binding after the change; null where the caller may not see it.', {
    nullable: true,
  })
  workloadIdentity!: unknown;
}
