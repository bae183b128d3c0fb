-- The id shown outside: a running number would tell one workspace how busy the others are.
alter table audit.record
  add column record_id text not null default 'aud_' || replace(gen_random_uuid()::text, '-', ''),
  -- Acts of the platform itself are decided by no rules.
  alter column policy_version drop not null,
  add check (actor_kind in ('USER', 'SERVICE', 'ANONYMOUS')),
  add check (action <> '' and subject_type <> '' and actor_id <> ''),
  add check (jsonb_typeof(details) = 'object');
--> statement-breakpoint
create unique index record_by_reference on audit.record (workspace_id, record_id);
--> statement-breakpoint
create index record_in_order on audit.record (workspace_id, xid, id);
