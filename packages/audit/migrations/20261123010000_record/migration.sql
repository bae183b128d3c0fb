create schema audit;
--> statement-breakpoint
-- One record per mutation, written in its transaction. Readers order by (xid, id) below pg_snapshot_xmin: ids alone
-- can be passed by a reader before an older transaction commits.
create table audit.record (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  workspace_id text not null,
  actor_id text not null,
  actor_kind text not null,
  on_behalf_of text,
  action text not null,
  subject_type text not null,
  subject_id text,
  outcome text not null check (outcome in ('SUCCEEDED', 'REFUSED', 'FAILED')),
  reason text,
  request_id text not null,
  trace_id text,
  policy_version bigint not null,
  details jsonb not null
);
--> statement-breakpoint
create index on audit.record (workspace_id, at desc, id);
--> statement-breakpoint
create index on audit.record (workspace_id, subject_type, subject_id, at desc);
--> statement-breakpoint
create index on audit.record (xid, id);
--> statement-breakpoint
select falaj.protect_append_only('audit.record');
