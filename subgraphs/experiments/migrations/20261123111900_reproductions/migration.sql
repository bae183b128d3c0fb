create table experiments.reproduction (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  model_version_id text not null,
  state text not null check (state in ('RUNNING', 'REPRODUCED', 'DIFFERS', 'FAILED')),
  original_run_id text not null references experiments.run,
  run_id text not null references experiments.run,
  training_set_id text not null,
  rebuilt_training_set_id text not null,
  expected jsonb not null,
  comparisons jsonb not null,
  error text,
  finished_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index on experiments.reproduction (workspace_id, created_at desc, id);
--> statement-breakpoint
create index on experiments.reproduction (model_version_id, created_at desc, id);
--> statement-breakpoint
create index reproduction_open on experiments.reproduction (run_id) where state = 'RUNNING';
--> statement-breakpoint
select falaj.protect('experiments.reproduction');
