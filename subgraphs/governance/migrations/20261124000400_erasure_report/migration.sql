-- An erasure goes on by itself now, over restarts, and reports store by store. Its row may change until it has ended.
drop trigger falaj_append_only on governance.subject_erasure;
--> statement-breakpoint
drop trigger falaj_no_truncate on governance.subject_erasure;
--> statement-breakpoint
grant update on governance.subject_erasure to falaj_app, falaj_system;
--> statement-breakpoint
alter table governance.subject_erasure
  add column state text not null default 'SUCCEEDED' check (state in ('RUNNING', 'SUCCEEDED', 'FAILED')),
  add column ended_at timestamptz,
  add column error text,
  add column stores jsonb not null default '[]',
  add column not_erased jsonb not null default '[]',
  add column close_backups_at timestamptz,
  -- Whom, wrapped by the key of a zone, while the erasure runs; nobody afterwards.
  add column wrapped_subject jsonb,
  alter column keys_destroyed set default 0,
  alter column records set default 0,
  alter column study_rows set default 0,
  alter column models set default '[]',
  alter column models_known set default false;
--> statement-breakpoint
update governance.subject_erasure set ended_at = created_at;
--> statement-breakpoint
alter table governance.subject_erasure
  add check ((state = 'RUNNING') = (ended_at is null)),
  add check ((state = 'RUNNING') = (wrapped_subject is not null));
--> statement-breakpoint
create index subject_erasure_running on governance.subject_erasure (workspace_id) where state = 'RUNNING';
