create schema experiments;
--> statement-breakpoint
create table experiments.experiment (
  id text primary key,
  workspace_id text not null,
  name text not null,
  description text not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create table experiments.run (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  experiment_id text not null references experiments.experiment,
  name text not null,
  state text not null,
  trainer text not null,
  request jsonb not null,
  training_set_id text not null,
  training_set jsonb not null,
  training_set_digest text not null,
  allowed_zones text[] not null,
  categories text[] not null,
  seed integer not null,
  step integer not null default 0,
  total_steps integer not null default 0,
  result jsonb,
  evaluation jsonb,
  parity jsonb,
  environment jsonb,
  code_reference text,
  model_artifact_key text,
  model_digest text,
  error text,
  started_at timestamptz,
  finished_at timestamptz,
  attempt integer not null default 0,
  cancel_requested boolean not null default false,
  lease_owner text,
  lease_until timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index on experiments.run (experiment_id, created_at desc, id);
--> statement-breakpoint
create index on experiments.run (training_set_id, created_at desc, id);
--> statement-breakpoint
create index on experiments.run (workspace_id, created_at desc, id);
--> statement-breakpoint
create index run_open on experiments.run (created_at) where state in ('QUEUED', 'RUNNING');
--> statement-breakpoint
create table experiments.metric_point (
  workspace_id text not null,
  run_id text not null references experiments.run on delete cascade,
  key text not null,
  step integer not null,
  value double precision not null,
  logged_at timestamptz not null,
  primary key (run_id, key, step)
);
--> statement-breakpoint
select falaj.protect('experiments.experiment');
--> statement-breakpoint
select falaj.protect('experiments.run');
--> statement-breakpoint
select falaj.protect('experiments.metric_point');
