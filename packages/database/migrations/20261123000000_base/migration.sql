-- Scope of the current transaction. Absent settings give NULL, and NULL matches no row.
create schema falaj;
--> statement-breakpoint
create function falaj.workspace() returns text language sql stable parallel safe
  return nullif(pg_catalog.current_setting('falaj.workspace', true), '');
--> statement-breakpoint
create function falaj.zones() returns text[] language sql stable parallel safe
  return pg_catalog.string_to_array(nullif(pg_catalog.current_setting('falaj.zones', true), ''), ',');
--> statement-breakpoint
create function falaj.principal() returns text language sql stable parallel safe
  return nullif(pg_catalog.current_setting('falaj.principal', true), '');
--> statement-breakpoint
-- The rows that the app role may see and write: its workspace, and its zones where the table has zones.
create function falaj.scope_policies(target regclass) returns void language plpgsql as $$
declare
  scope text := 'workspace_id = (select falaj.workspace())';
  wanted text;
  col record;
  home name;
begin
  foreach wanted in array array['workspace_id', 'zone'] loop
    select a.attnotnull as required, pg_catalog.format_type(a.atttypid, null) as type into col
      from pg_catalog.pg_attribute a where a.attrelid = target and a.attname = wanted and not a.attisdropped;
    if not found then
      if wanted = 'workspace_id' then
        raise exception '% has no column workspace_id: every protected table belongs to a workspace', target;
      end if;
    elsif col.type <> 'text' or not col.required then
      raise exception '%.% must be "text not null", found "%" %', target, wanted, col.type,
        case when col.required then 'not null' else 'null' end;
    elsif wanted = 'zone' then
      scope := scope || ' and zone = any ((select falaj.zones())::text[])';
    end if;
  end loop;
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('drop policy if exists falaj_app_scope on %s', target);
  execute format('drop policy if exists falaj_system_all on %s', target);
  execute format('create policy falaj_app_scope on %s to falaj_app using (%s) with check (%s)', target, scope, scope);
  execute format('create policy falaj_system_all on %s to falaj_system using (true) with check (true)', target);
  select n.nspname into home from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = target;
  execute format('grant usage on schema %I to falaj_app, falaj_system', home);
  execute format('grant usage on all sequences in schema %I to falaj_app, falaj_system', home);
end $$;
--> statement-breakpoint
create function falaj.protect(target regclass) returns void language plpgsql as $$
begin
  perform falaj.scope_policies(target);
  execute format('grant select, insert, update, delete on %s to falaj_app, falaj_system', target);
end $$;
--> statement-breakpoint
create function falaj.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'FJ001';
end $$;
--> statement-breakpoint
create function falaj.protect_append_only(target regclass) returns void language plpgsql as $$
begin
  perform falaj.scope_policies(target);
  execute format('revoke all on %s from falaj_app, falaj_system', target);
  execute format('grant select, insert on %s to falaj_app, falaj_system', target);
  execute format('create or replace trigger falaj_append_only before update or delete on %s
    for each row execute function falaj.refuse_change()', target);
  execute format('create or replace trigger falaj_no_truncate before truncate on %s
    for each statement execute function falaj.refuse_change()', target);
end $$;
--> statement-breakpoint
-- The order of (xid, id) is safe to read below pg_snapshot_xmin; the order of id alone loses rows that commit late.
create table falaj.outbox (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  workspace_id text,
  topic text not null,
  key text not null,
  payload jsonb not null,
  traceparent text,
  at timestamptz not null default clock_timestamp(),
  primary key (xid, id)
);
--> statement-breakpoint
alter table falaj.outbox enable row level security;
--> statement-breakpoint
alter table falaj.outbox force row level security;
--> statement-breakpoint
create policy falaj_app_scope on falaj.outbox to falaj_app
  using (workspace_id = (select falaj.workspace())) with check (workspace_id = (select falaj.workspace()));
--> statement-breakpoint
create policy falaj_system_all on falaj.outbox to falaj_system using (true) with check (true);
--> statement-breakpoint
create table falaj.outbox_cursor (
  consumer text primary key,
  xid xid8 not null,
  id bigint not null,
  at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
grant usage on schema falaj to falaj_app, falaj_system;
--> statement-breakpoint
grant select, insert on falaj.outbox to falaj_app;
--> statement-breakpoint
grant select, insert, delete on falaj.outbox to falaj_system;
--> statement-breakpoint
grant select, insert, update, delete on falaj.outbox_cursor to falaj_system;
