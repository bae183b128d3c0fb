-- People and groups that the directory of an organisation keeps (SCIM 2.0, RFC 7643).
alter table identity.user_group add column from_directory boolean not null default false;
--> statement-breakpoint
create table identity.provisioned_user (
  workspace_id text not null references identity.workspace,
  principal_id text not null references identity.principal,
  user_name text not null,
  -- How the directory names the person.
  external_id text,
  -- Names and e-mail addresses as the directory gave them, and nothing that nobody here needs.
  attributes jsonb not null,
  active boolean not null,
  -- Whether the directory disabled the principal: only what it closed may it open again.
  disabled_principal boolean not null default false,
  provisioned_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  primary key (workspace_id, principal_id),
  check (deleted_at is null or not active)
);
--> statement-breakpoint
create unique index provisioned_user_by_name on identity.provisioned_user (workspace_id, lower(user_name)) where deleted_at is null;
--> statement-breakpoint
create unique index provisioned_user_by_external_id on identity.provisioned_user (workspace_id, external_id) where deleted_at is null;
--> statement-breakpoint
create index provisioned_user_by_principal on identity.provisioned_user (principal_id);
--> statement-breakpoint
select falaj.protect('identity.provisioned_user');
--> statement-breakpoint
revoke delete on identity.provisioned_user from falaj_app, falaj_system;
--> statement-breakpoint
-- Names and addresses follow the directory, at home.
grant update (name, email) on identity.principal to falaj_app;
--> statement-breakpoint
create or replace view identity.role_in_force with (security_invoker = true) as
  select held.workspace_id, held.principal_id, held.role, held.via, held.granted_at, held.expires_at
  from (
    select workspace_id, principal_id, role, 'BINDING' as via, granted_at, expires_at
      from identity.role_binding
      where revoked_at is null and (expires_at is null or expires_at > statement_timestamp())
    union all
    select m.workspace_id, m.principal_id, r.role, m.group_id, greatest(m.added_at, r.granted_at), r.expires_at
      from identity.group_member m
      join identity.group_role r on r.workspace_id = m.workspace_id and r.group_id = m.group_id
      join identity.user_group g on g.workspace_id = m.workspace_id and g.id = m.group_id
      where m.removed_at is null and g.deleted_at is null
        and r.revoked_at is null and (r.expires_at is null or r.expires_at > statement_timestamp())
  ) held
  -- Whom the directory of a workspace calls inactive holds nothing there.
  where not exists (
    select from identity.provisioned_user u
    where u.workspace_id = held.workspace_id and u.principal_id = held.principal_id and not u.active);
--> statement-breakpoint
drop policy falaj_app_read on identity.principal;
--> statement-breakpoint
create policy falaj_app_read on identity.principal for select to falaj_app
  using (home_workspace_id = (select falaj.workspace())
    or id in (select b.principal_id from identity.role_binding b where b.workspace_id = (select falaj.workspace()))
    or id in (select m.principal_id from identity.group_member m where m.workspace_id = (select falaj.workspace()))
    or id in (select u.principal_id from identity.provisioned_user u where u.workspace_id = (select falaj.workspace())));
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.provisioned_user for each statement execute function identity.tell();
