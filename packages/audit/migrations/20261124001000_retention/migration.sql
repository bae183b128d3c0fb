-- How long a workspace keeps its records; what is older is exported, verified and dropped by itself where the operator names
-- a folder for it.
create table audit.retention_policy (
  workspace_id text primary key,
  record_days integer not null check (record_days >= 1),
  read_days integer not null check (read_days >= 1),
  set_by text not null,
  set_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
select falaj.protect('audit.retention_policy');
--> statement-breakpoint
-- Read events that were exported and verified, so that they may be dropped; their seals stay in the audit log. Each begins
-- where the one before ended. The row alone proves nothing: its note is signed by the key of the log.
create table audit.read_archive (
  workspace_id text not null,
  -- After the last event of the archive before.
  after_position text not null,
  -- The last event of the last seal in it, as `xid.id`.
  until_xid xid8 not null,
  until_id bigint not null,
  events bigint not null check (events > 0),
  -- Of the exported reads.jsonl, `sha256:` and hex.
  digest text not null,
  note text not null,
  archived_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, until_xid, until_id),
  unique (workspace_id, after_position)
);
--> statement-breakpoint
select falaj.protect_append_only('audit.read_archive');
--> statement-breakpoint
revoke insert on audit.read_archive from falaj_app;
--> statement-breakpoint
create function audit.refuse_unless_read_archived() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if tg_op = 'DELETE' and exists (
    select from audit.read_archive a
    where a.workspace_id = old.workspace_id and (old.xid, old.id) <= (a.until_xid, a.until_id))
  then
    return old;
  end if;
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'FJ001';
end $$;
--> statement-breakpoint
create or replace trigger falaj_append_only before update or delete on audit.read_event
  for each row execute function audit.refuse_unless_read_archived();
