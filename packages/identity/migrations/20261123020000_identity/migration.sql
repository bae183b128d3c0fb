-- Who may work where: workspaces, principals and the roles that principals hold in workspaces.
create schema identity;
--> statement-breakpoint
create table identity.workspace (
  id text primary key,
  name text not null unique,
  allowed_zones text[] not null,
  default_zone text,
  created_by text,
  created_at timestamptz not null default clock_timestamp(),
  check (id = 'platform' or (cardinality(allowed_zones) > 0 and default_zone is not null)),
  check (default_zone is null or default_zone = any (allowed_zones)),
  check (id <> 'none')
);
--> statement-breakpoint
-- The workspace of the installation itself: its administrators create the others. It has no zone, so it holds no data.
insert into identity.workspace (id, name, allowed_zones) values ('platform', 'platform', '{}');
--> statement-breakpoint
create table identity.principal (
  id text primary key,
  -- Only this workspace may disable the principal or issue tokens for it, wherever else it holds roles.
  home_workspace_id text not null references identity.workspace,
  kind text not null check (kind in ('USER', 'SERVICE')),
  name text not null,
  email text,
  -- Both null for a principal of the built-in issuer, whose tokens name the id.
  issuer text,
  subject text,
  zone text not null,
  disabled_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (issuer, subject),
  check ((issuer is null) = (subject is null))
);
--> statement-breakpoint
create index principal_by_home on identity.principal (home_workspace_id, id);
--> statement-breakpoint
create table identity.role_binding (
  id text not null unique,
  workspace_id text not null references identity.workspace,
  principal_id text not null references identity.principal,
  role text not null,
  granted_by text not null,
  granted_at timestamptz not null default clock_timestamp(),
  revoked_by text,
  revoked_at timestamptz,
  primary key (workspace_id, principal_id, id),
  check ((revoked_at is null) = (revoked_by is null)),
  -- Or an administrator of one workspace could name somebody administrator of all.
  check (role <> 'platform-administrator' or workspace_id = 'platform')
);
--> statement-breakpoint
create unique index role_binding_in_force on identity.role_binding (workspace_id, principal_id, role) where revoked_at is null;
--> statement-breakpoint
create index role_binding_by_principal on identity.role_binding (principal_id) where revoked_at is null;
--> statement-breakpoint
select falaj.protect('identity.role_binding');
--> statement-breakpoint
-- What was granted stays on record.
revoke delete on identity.role_binding from falaj_app, falaj_system;
--> statement-breakpoint
alter table identity.workspace enable row level security;
--> statement-breakpoint
alter table identity.workspace force row level security;
--> statement-breakpoint
create policy falaj_app_read on identity.workspace for select to falaj_app
  using (id = (select falaj.workspace()) or (select falaj.workspace()) = 'platform');
--> statement-breakpoint
create policy falaj_app_create on identity.workspace for insert to falaj_app
  with check ((select falaj.workspace()) = 'platform');
--> statement-breakpoint
create policy falaj_system_all on identity.workspace to falaj_system using (true) with check (true);
--> statement-breakpoint
grant select, insert on identity.workspace to falaj_app;
--> statement-breakpoint
grant select, insert, update on identity.workspace to falaj_system;
--> statement-breakpoint
alter table identity.principal enable row level security;
--> statement-breakpoint
alter table identity.principal force row level security;
--> statement-breakpoint
-- Past members stay visible: what they made still bears their name.
create policy falaj_app_read on identity.principal for select to falaj_app
  using (home_workspace_id = (select falaj.workspace())
    or id in (select b.principal_id from identity.role_binding b where b.workspace_id = (select falaj.workspace())));
--> statement-breakpoint
create policy falaj_app_create on identity.principal for insert to falaj_app
  with check (home_workspace_id = (select falaj.workspace()));
--> statement-breakpoint
create policy falaj_app_change on identity.principal for update to falaj_app
  using (home_workspace_id = (select falaj.workspace())) with check (home_workspace_id = (select falaj.workspace()));
--> statement-breakpoint
create policy falaj_system_all on identity.principal to falaj_system using (true) with check (true);
--> statement-breakpoint
grant select, insert, update (disabled_at) on identity.principal to falaj_app;
--> statement-breakpoint
grant select, insert, update on identity.principal to falaj_system;
--> statement-breakpoint
-- The first administrator's one-time code, as its hash.
create table identity.bootstrap (
  code_hash bytea primary key,
  principal_id text not null references identity.principal,
  expires_at timestamptz not null,
  used_at timestamptz
);
--> statement-breakpoint
grant select, insert, update on identity.bootstrap to falaj_system;
--> statement-breakpoint
-- Whoever remembers an identity forgets it at once, also after a change by hand.
create function identity.tell() returns trigger language plpgsql as $$
begin
  perform pg_catalog.pg_notify('falaj_identity', '');
  return null;
end $$;
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.workspace for each statement execute function identity.tell();
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.principal for each statement execute function identity.tell();
--> statement-breakpoint
create trigger tell after insert or update or delete on identity.role_binding for each statement execute function identity.tell();
