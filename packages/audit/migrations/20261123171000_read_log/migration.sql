-- Who was shown which sensitive fields of which records. The platform writes it for every workspace at once; a workspace
-- reads its own.
create table audit.field_set (
  -- SHA-256 over type and fields, in hex: few sets serve many events.
  id text primary key,
  subject_type text not null,
  fields text[] not null check (cardinality(fields) > 0)
);
--> statement-breakpoint
create trigger falaj_append_only before update or delete on audit.field_set
  for each row execute function falaj.refuse_change();
--> statement-breakpoint
create trigger falaj_no_truncate before truncate on audit.field_set
  for each statement execute function falaj.refuse_change();
--> statement-breakpoint
grant select on audit.field_set to falaj_app, falaj_system;
--> statement-breakpoint
grant insert on audit.field_set to falaj_system;
--> statement-breakpoint
create table audit.read_event (
  id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  event_id text not null default 'read_' || replace(gen_random_uuid()::text, '-', ''),
  workspace_id text not null,
  principal_id text not null check (principal_id <> ''),
  principal_kind text not null check (principal_kind <> ''),
  on_behalf_of text,
  purpose text,
  operation_hash text,
  policy_version bigint not null,
  subject_type text not null check (subject_type <> ''),
  -- Empty for values that belong to no record.
  subject_ids text[] not null check (cardinality(subject_ids) <= 1000),
  field_set text not null references audit.field_set,
  -- Where the reader works from.
  reader_zone text not null,
  request_id text not null,
  trace_id text,
  primary key (xid, id)
);
--> statement-breakpoint
create index read_event_newest on audit.read_event (workspace_id, at desc, event_id);
--> statement-breakpoint
create index read_event_by_reader on audit.read_event (workspace_id, principal_id, at desc);
--> statement-breakpoint
create index read_event_subjects on audit.read_event using gin (subject_ids);
--> statement-breakpoint
select falaj.protect_append_only('audit.read_event');
--> statement-breakpoint
revoke insert on audit.read_event from falaj_app;
--> statement-breakpoint
create view audit.data_access with (security_invoker = true) as
  select e.event_id, e.workspace_id, e.at, e.principal_id, e.principal_kind, e.on_behalf_of, e.purpose, e.operation_hash,
    e.policy_version, e.subject_type, e.subject_ids, s.fields, e.reader_zone, e.request_id, e.trace_id
  from audit.read_event e join audit.field_set s on s.id = e.field_set;
--> statement-breakpoint
grant select on audit.data_access to falaj_app, falaj_system;
--> statement-breakpoint
-- Under row-level security an index over arrays does not serve, for its operators are not leakproof. This function looks
-- in the caller's own workspace as the role that sees all, and gives out ids only.
create function audit.reads_of(wanted_type text, wanted_id text) returns setof text
  language sql stable security definer set search_path = pg_catalog
  as $$
    select e.event_id from audit.read_event e
    where e.workspace_id = falaj.workspace() and e.subject_type = wanted_type and e.subject_ids @> array[wanted_id]
  $$;
--> statement-breakpoint
grant create on schema audit to falaj_system;
--> statement-breakpoint
alter function audit.reads_of(text, text) owner to falaj_system;
--> statement-breakpoint
revoke create on schema audit from falaj_system;
--> statement-breakpoint
revoke execute on function audit.reads_of(text, text) from public;
--> statement-breakpoint
grant execute on function audit.reads_of(text, text) to falaj_app, falaj_system;
--> statement-breakpoint
-- Where the next seal begins.
create table audit.read_cursor (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null,
  event bigint not null
);
--> statement-breakpoint
insert into audit.read_cursor (xid, event) values ('0'::xid8, 0);
--> statement-breakpoint
grant select, update on audit.read_cursor to falaj_system;
