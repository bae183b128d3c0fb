import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Principal } from './identity-types.js';

@EntityType('Group', 'Principals of a workspace who hold the same roles, as long as they are members.')
export class Group {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Name; unique in the workspace, whatever its case.') name!: string;
  @Attribute(() => String, 'internal', 'What the directory of the organisation calls it.') externalId!: string | null;
  @Attribute(() => Boolean, 'internal', 'Whether the directory of the organisation keeps its members, over SCIM.')
  fromDirectory!: boolean;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who created it.') createdBy!: string;
  @Attribute(() => DateTime, 'internal', 'When its name or its members changed last.') updatedAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When it was deleted; null while it gives its roles.')
  deletedAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(() => GroupMemberConnection, 'internal', 'Who is in it now, newest first.') members!: unknown;
  @Attribute(() => GroupRoleConnection, 'internal', 'Roles that its members hold now, newest first.') roles!: unknown;
}

@ObjectType({ description: 'A principal in a group.' })
export class GroupMember {
  @Attribute(() => ID, 'open', 'Opaque id of the membership.') id!: string;
  @Attribute(() => ID, 'internal', 'Id of the principal.') principalId!: string;
  @Attribute(() => DateTime, 'internal', 'Since when.') addedAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who added it.') addedBy!: string;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
  @Attribute(() => Principal, 'internal', 'Who it is.') principal!: unknown;
}

@ObjectType({ description: 'A role that the members of a group hold.' })
export class GroupRole {
  @Attribute(() => ID, 'open', 'Opaque id of the grant.') id!: string;
  @Attribute(() => String, 'internal', 'Role.') role!: string;
  @Attribute(() => DateTime, 'internal', 'Since when.') grantedAt!: Date;
  @Attribute(() => String, 'pii', 'Id of the principal who granted it.') grantedBy!: string;
  @Attribute(() => DateTime, 'internal', 'When it ends by itself; null where it does not.') expiresAt!: Date | null;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const GroupConnection = connectionOf(() => Group, 'Group');
export const GroupMemberConnection = connectionOf(() => GroupMember, 'GroupMember');
export const GroupRoleConnection = connectionOf(() => GroupRole, 'GroupRole');

@InputType({ description: 'Restricts groups.' })
export class GroupFilter {
  @Field(() => String, { nullable: true, description: 'Part of the name, in any case.' }) nameContains?: string;
  @Field(() => String, { nullable: true, description: 'What the directory of the organisation calls it.' })
  externalId?: string;
  @Field(() => ID, { nullable: true, description: 'Groups that this principal is a member of.' })
  principalId?: string;
}

@InputType({ description: 'A new group. It has no member and gives no role yet.' })
export class CreateGroupInput {
  @Field(() => String, { description: 'Unique in the workspace, whatever its case.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What the directory of the organisation calls it.' })
  externalId?: string;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the directory of the organisation may find and keep it over SCIM; default no.',
  })
  fromDirectory?: boolean;
}

@InputType({ description: 'A group and its new name.' })
export class RenameGroupInput {
  @Field(() => ID, { description: 'Group.' }) groupId!: string;
  @Field(() => String, { description: 'Unique in the workspace, whatever its case.' }) name!: string;
}

@InputType({ description: 'A group that is to be no more.' })
export class DeleteGroupInput {
  @Field(() => ID, { description: 'Group.' }) groupId!: string;
}

@InputType({ description: 'A principal who is to be in a group.' })
export class AddGroupMemberInput {
  @Field(() => ID, { description: 'Group.' }) groupId!: string;
  @Field(() => ID, { description: 'Principal; a member of the workspace, or one whose home it is.' })
  principalId!: string;
}

@InputType({ description: 'A principal who is to be in a group no longer.' })
export class RemoveGroupMemberInput extends AddGroupMemberInput {}

@InputType({ description: 'A role that the members of a group are to hold.' })
export class GrantGroupRoleInput {
  @Field(() => ID, { description: 'Group.' }) groupId!: string;
  @Field(() => String, { description: 'Role; see the query `roles`.' }) role!: string;
  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; default never.' }) expiresAt?: Date;
}

@InputType({ description: 'A role that the members of a group are to hold no longer.' })
export class RevokeGroupRoleInput {
  @Field(() => ID, { description: 'Group.' }) groupId!: string;
  @Field(() => String, { description: 'Role.' }) role!: string;
}

@ObjectType({ description: 'Result of a change to a group.' })
export class GroupPayload {
  @Attribute(() => Group, 'open', 'The group after the change; null where the caller may not see it.', {
    nullable: true,
  })
  group!: unknown;
}
