-- Roles that end by themselves, and roles that come by membership in a group.
alter table identity.role_binding add column expires_at timestamptz,
  add check (expires_at is null or expires_at > granted_at);
--> statement-breakpoint
-- One lasting grant of a role; beside it there may be some that end.
drop index identity.role_binding_in_force;
--> statement-breakpoint
create unique index role_binding_lasting on identity.role_binding (workspace_id, principal_id, role)
  where revoked_at is null and expires_at is null;
--> statement-breakpoint
create table identity.user_group (
  id text not null unique,
  workspace_id text not null references identity.workspace,
  display_name text not null,
  -- How the directory of an organisation calls it.
  external_id text,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  deleted_by text,
  deleted_at timestamptz,
  primary key (workspace_id, id),
  check ((deleted_at is null) = (deleted_by is null))
);
--> statement-breakpoint
create unique index user_group_by_name on identity.user_group (workspace_id, lower(display_name)) where deleted_at is null;
--> statement-breakpoint
create unique index user_group_by_external_id on identity.user_group (workspace_id, external_id) where deleted_at is null;
--> statement-breakpoint
create table identity.group_member (
  id text not null unique,
  workspace_id text not null,
  group_id text not null,
  principal_id text not null references identity.principal,
  added_by text not null,
  added_at timestamptz not null default clock_timestamp(),
  removed_by text,
  removed_at timestamptz,
  primary key (workspace_id, group_id, principal_id, id),
  foreign key (workspace_id, group_id) references identity.user_group (workspace_id, id),
  check ((removed_at is null) = (removed_by is null))
);
--> statement-breakpoint
create unique index group_member_in_force on identity.group_member (workspace_id, group_id, principal_id)
  where removed_at is null;
--> statement-breakpoint
create index group_member_by_principal on identity.group_member (principal_id) where removed_at is null;
--> statement-breakpoint
create table identity.group_role (
  id text not null unique,
  workspace_id text not null,
  group_id text not null,
  role text not null,
  granted_by text not null,
  granted_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_by text,
  revoked_at timestamptz,
  primary key (workspace_id, group_id, id),
  foreign key (workspace_id, group_id) references identity.user_group (workspace_id, id),
  check ((revoked_at is null) = (revoked_by is null)),
  check (expires_at is null or expires_at > granted_at),
  check (role <> 'platform-administrator' or workspace_id = 'platform')
);
--> statement-breakpoint
create unique index group_role_lasting on identity.group_role (workspace_id, group_id, role)
  where revoked_at is null and expires_at is null;
--> statement-breakpoint
select falaj.protect('identity.user_group'), falaj.protect('identity.group_member'), falaj.protect('identity.group_role');
--> statement-breakpoint
-- Who was a member of what, and what that gave, stays on record.
revoke delete on identity.user_group, identity.group_member, identity.group_role from falaj_app, falaj_system;
--> statement-breakpoint
-- What a principal may act as, where, by which way (`BINDING`, or the id of a group) and until when. Everything that decides
-- what somebody may do reads this, and nothing else. It shows what its reader may see of the tables.
create view identity.role_in_force with (security_invoker = true) as
  select workspace_id, principal_id, role, 'BINDING' as via, granted_at, expires_at
    from identity.role_binding
    where revoked_at is null and (expires_at is null or expires_at > statement_timestamp())
  union all
  select m.workspace_id, m.principal_id, r.role, m.group_id, greatest(m.added_at, r.granted_at), r.expires_at
    from identity.group_member m
    join identity.group_role r on r.workspace_id = m.workspace_id and r.group_id = m.group_id
    join identity.user_group g on g.workspace_id = m.workspace_id and g.id = m.group_id
    where m.removed_at is null and g.deleted_at is null
      and r.revoked_at is null and (r.expires_at is null or r.expires_at > statement_timestamp());
--> statement-breakpoint
grant select on identity.role_in_force to falaj_app, falaj_system;
--> statement-breakpoint
-- Members of groups are seen as those who hold a role are.
drop policy falaj_app_read on identity.principal;
--> statement-breakpoint
create policy falaj_app_read on identity.principal for select to falaj_app
  using (home_workspace_id = (select falaj.workspace())
    or id in (select b.principal_id from identity.role_binding b where b.workspace_id = (select falaj.workspace()))
    or id in (select m.principal_id from identity.group_member m where m.workspace_id = (select falaj.workspace())));
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.user_group for each statement execute function identity.tell();
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.group_member for each statement execute function identity.tell();
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.group_role for each statement execute function identity.tell();
