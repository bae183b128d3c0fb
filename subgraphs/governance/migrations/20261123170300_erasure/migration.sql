-- That a data subject was erased, and what was found: never whose, for that would undo it.
create table governance.subject_erasure (
  id text primary key,
  workspace_id text not null,
  reason text not null,
  zones text[] not null,
  keys_destroyed integer not null check (keys_destroyed >= 0),
  records integer not null check (records >= 0),
  study_rows integer not null check (study_rows >= 0),
  models jsonb not null,
  models_known boolean not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index subject_erasure_newest on governance.subject_erasure (workspace_id, created_at desc, id);
--> statement-breakpoint
select falaj.protect_append_only('governance.subject_erasure');
