-- Parts of a log that were exported and verified, so that their records may be dropped; leaves stay for ever. Each begins
-- where the one before ended. The row alone proves nothing: its note is signed by the key of the log.
create table audit.archive (
  workspace_id text not null,
  from_seq bigint not null check (from_seq >= 0),
  until_seq bigint not null,
  -- Of the exported records, `sha256:` and hex.
  records_digest text not null,
  note text not null,
  archived_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, until_seq),
  unique (workspace_id, from_seq),
  check (from_seq < until_seq)
);
--> statement-breakpoint
select falaj.protect_append_only('audit.archive');
--> statement-breakpoint
revoke insert on audit.archive from falaj_app;
--> statement-breakpoint
-- No role of the platform may delete records; the owner, who may, deletes archived ones only.
create function audit.refuse_unless_archived() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if tg_op = 'DELETE' and exists (
    select from audit.leaf l join audit.archive a on a.workspace_id = l.workspace_id
      and l.seq >= a.from_seq and l.seq < a.until_seq
    where l.workspace_id = old.workspace_id and l.record_id = old.record_id)
  then
    return old;
  end if;
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'FJ001';
end $$;
--> statement-breakpoint
create or replace trigger falaj_append_only before update or delete on audit.record
  for each row execute function audit.refuse_unless_archived();
