import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { CallerKind, PrincipalKind } from './enums.js';

@EntityType(
  'Workspace',
  'Where people work together: its rows, roles and rules are its own, and so are the zones of its data.',
)
export class Workspace {
  @Attribute(() => ID, 'open', 'Opaque id; `platform` for the workspace of the installation itself.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the installation.') name!: string;
  @Attribute(() => [String], 'internal', 'Zones in which its data may be stored and processed.')
  allowedZones!: string[];
  @Attribute(() => String, 'internal', 'Zone of data for which none is named.') defaultZone!: string | null;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(
    () => RoleBindingConnection,
    'internal',
    'Roles in force that were granted to principals themselves, newest first; seen from within the workspace only.',
  )
  members!: unknown;
}

@EntityType('Principal', 'A person or a program that acts.')
export class Principal {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => PrincipalKind, 'internal', 'A person or a program.') kind!: string;
  @Attribute(() => String, 'pii', 'Name.') name!: string;
  @Attribute(() => String, 'pii', 'E-mail address.') email!: string | null;
  @Attribute(() => String, 'internal', 'Zone from which it works.') zone!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When it was disabled; null while it is not.') disabledAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(
    () => [String],
    'internal',
    'Roles held in the workspace of the request, sorted, those of its groups included.',
  )
  roles!: unknown;
}

@ObjectType({ description: 'A role that was granted to a principal itself, in the workspace.' })
export class RoleBinding {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Role.') role!: string;
  @Attribute(() => DateTime, 'internal', 'Since when.') grantedAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who granted it.') grantedBy!: string;
  @Attribute(() => DateTime, 'internal', 'When it ends by itself; null where it does not.') expiresAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(() => Principal, 'internal', 'Who holds it.') principal!: unknown;
}

export const WorkspaceConnection = connectionOf(() => Workspace, 'Workspace');
export const PrincipalConnection = connectionOf(() => Principal, 'Principal');
export const RoleBindingConnection = connectionOf(() => RoleBinding, 'RoleBinding');

@ObjectType({ description: 'A workspace in which the caller holds a role.' })
export class Membership {
  @Attribute(() => ID, 'open', 'Id of the workspace; name it in a request to work there.') workspaceId!: string;
  @Attribute(() => String, 'internal', 'Name of the workspace.') name!: string;
  @Attribute(() => [String], 'internal', 'Roles held there.') roles!: string[];
  @Attribute(() => [String], 'internal', 'Zones of its data.') zones!: string[];
}

@ObjectType({ description: 'Who asks, as this request is judged.' })
export class CurrentPrincipal {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => CallerKind, 'internal', 'A person, a program, or a piece of work.') kind!: string;
  @Attribute(() => String, 'internal', 'Own name.') name!: string;
  @Attribute(() => String, 'internal', 'Zone from which the principal works.') zone!: string;
  @Attribute(() => ID, 'internal', 'Workspace of this request; `none` where the principal is no member.')
  workspaceId!: string;
  @Attribute(() => [String], 'internal', 'Roles held in that workspace.') roles!: string[];
  @Attribute(() => [ID], 'internal', 'Groups of that workspace to which the principal belongs.') groups!: string[];
  @Attribute(() => [String], 'internal', 'Zones whose rows the principal may see in that workspace.') zones!: string[];
  @Attribute(() => [ID], 'internal', 'All that a piece of work may touch, by id; empty for everyone else.')
  resources!: string[];
  @Attribute(() => ID, 'internal', 'Principal who is answerable for a piece of work.', { nullable: true })
  onBehalfOf?: string | null;
}

@InputType({ description: 'Restricts principals.' })
export class PrincipalFilter {
  @Field(() => PrincipalKind, { nullable: true, description: 'People, or programs.' }) kind?: 'USER' | 'SERVICE';
  @Field(() => String, { nullable: true, description: 'Part of the name, in any case.' }) nameContains?: string;
}

@InputType({ description: 'A new workspace; the caller becomes its first administrator.' })
export class CreateWorkspaceInput {
  @Field(() => String, { description: 'Unique in the installation.' }) name!: string;
  @Field(() => [String], { description: 'Zones in which its data may be stored and processed, e.g. `AE`.' })
  allowedZones!: string[];
  @Field(() => String, { nullable: true, description: 'One of the zones; default the first.' }) defaultZone?: string;
}

@InputType({ description: 'How an OpenID Connect issuer of the configuration names a principal.' })
export class ExternalIdentityInput {
  @Field(() => String, { description: 'Issuer, exactly as in its tokens.' }) issuer!: string;
  @Field(() => String, {
    description: 'Subject: what the issuer’s configured claim, mostly `sub`, says of the principal.',
  })
  subject!: string;
}

@InputType({ description: 'A new principal, whose home is the workspace of the request. It holds no role yet.' })
export class CreatePrincipalInput {
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => PrincipalKind, { description: 'A person or a program.' }) kind!: 'USER' | 'SERVICE';
  @Field(() => String, { nullable: true, description: 'E-mail address.' }) email?: string;
  @Field(() => String, { description: 'Zone from which it works, e.g. `AE`.' }) zone!: string;
  @Field(() => ExternalIdentityInput, {
    nullable: true,
    description: 'How it signs in with an issuer of its organisation; without one, with the built-in issuer.',
  })
  external?: ExternalIdentityInput;
}

@InputType({ description: 'A principal that is to act no more.' })
export class DisablePrincipalInput {
  @Field(() => ID, { description: 'Principal; its home must be the workspace of the request.' }) principalId!: string;
}

@InputType({ description: 'A principal that works from elsewhere now.' })
export class RelocatePrincipalInput {
  @Field(() => ID, { description: 'Principal; its home must be the workspace of the request.' }) principalId!: string;
  @Field(() => String, {
    description: 'Zone from which it works, e.g. `AE`: values of regulated data are shown where the law lets them go.',
  })
  zone!: string;
  @Field(() => String, { description: 'Why, e.g. the order of posting; at most 1,000 characters.' }) reason!: string;
}

@InputType({ description: 'A role to be held in the workspace of the request.' })
export class GrantRoleInput {
  @Field(() => ID, { description: 'Principal.' }) principalId!: string;
  @Field(() => String, { description: 'Role; see the query `roles`.' }) role!: string;
}

@InputType({ description: 'A role to be held no longer in the workspace of the request.' })
export class RevokeRoleInput extends GrantRoleInput {}

@InputType({ description: 'For whom a token is issued, and for how long.' })
export class IssueAccessTokenInput {
  @Field(() => ID, { description: 'Principal; its home must be the workspace of the request.' }) principalId!: string;
  @Field(() => Int, { description: 'Seconds until it expires, 1 to 900.' }) ttlSeconds!: number;
}

@ObjectType({ description: 'Result of createWorkspace.' })
export class CreateWorkspacePayload {
  @Attribute(() => Workspace, 'open', 'The new workspace.', { nullable: true }) workspace!: unknown;
}

@ObjectType({ description: 'Result of a change to a principal or its roles.' })
export class PrincipalPayload {
  @Attribute(() => Principal, 'open', 'The principal after the change; null where the caller may not see it.', {
    nullable: true,
  })
  principal!: unknown;
}

@ObjectType({ description: 'Result of issueAccessToken.' })
export class IssueAccessTokenPayload {
  @Attribute(() => String, 'secret', 'Bearer token; shown once, stored nowhere.') token!: string;
  @Attribute(() => ID, 'internal', 'Its id (`jti`), to revoke it before its time.') tokenId!: string;
  @Attribute(() => DateTime, 'internal', 'When it expires.') expiresAt!: Date;
}
