-- A row is one version of a pipeline: it never changes.
create table experiments.pipeline (
  id text primary key,
  workspace_id text not null,
  name text not null,
  version integer not null,
  description text not null,
  definition jsonb not null,
  digest text not null,
  concurrency integer not null,
  priority integer not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name, version)
);
--> statement-breakpoint
create index on experiments.pipeline (workspace_id, created_at desc, id);
--> statement-breakpoint
create table experiments.pipeline_run (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  pipeline_id text not null references experiments.pipeline,
  pipeline_name text not null,
  pipeline_version integer not null,
  idempotency_key text not null,
  parameters jsonb not null,
  caching boolean not null,
  priority integer not null,
  trigger_kind text not null,
  trigger_id text,
  event jsonb,
  -- Everybody on whose wish it runs: who started, triggered or resumed it. None of them may approve.
  requester_ids text[] not null,
  state text not null,
  error jsonb,
  cancel_reason text,
  started_at timestamptz,
  finished_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, idempotency_key)
);
--> statement-breakpoint
create index on experiments.pipeline_run (workspace_id, created_at desc, id);
--> statement-breakpoint
create index on experiments.pipeline_run (workspace_id, pipeline_name, created_at desc, id);
--> statement-breakpoint
create table experiments.pipeline_stage (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  run_id text not null references experiments.pipeline_run,
  position integer not null,
  name text not null,
  type text not null,
  needs text[] not null,
  state text not null,
  attempts integer not null default 0,
  inputs jsonb,
  outputs jsonb,
  error jsonb,
  log_tail text not null default '',
  cache_key text,
  cached_from text,
  training_run_id text,
  approver_role text,
  question text,
  started_at timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (run_id, name)
);
--> statement-breakpoint
create index on experiments.pipeline_stage (workspace_id, created_at desc, id);
--> statement-breakpoint
create index pipeline_stage_waiting on experiments.pipeline_stage (workspace_id, created_at) where state = 'WAITING';
--> statement-breakpoint
create table experiments.pipeline_decision (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  stage_id text not null,
  approved boolean not null,
  role text not null,
  reason text not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index on experiments.pipeline_decision (stage_id, created_at desc, id);
--> statement-breakpoint
create table experiments.pipeline_cache (
  workspace_id text not null,
  zone text not null,
  key text not null,
  stage_id text not null,
  outputs jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, zone, key)
);
--> statement-breakpoint
create table experiments.pipeline_trigger (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  name text not null,
  pipeline_name text not null,
  cron text,
  time_zone text,
  event text,
  event_match jsonb not null default '{}',
  parameters jsonb not null,
  active boolean not null default true,
  last_fired_at timestamptz,
  last_error jsonb,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name),
  check ((cron is null) <> (event is null))
);
--> statement-breakpoint
create index on experiments.pipeline_trigger (workspace_id, created_at desc, id);
--> statement-breakpoint
create index pipeline_trigger_event on experiments.pipeline_trigger (workspace_id, event) where active and event is not null;
--> statement-breakpoint
select falaj.protect('experiments.pipeline');
--> statement-breakpoint
select falaj.protect('experiments.pipeline_run');
--> statement-breakpoint
select falaj.protect('experiments.pipeline_stage');
--> statement-breakpoint
select falaj.protect_append_only('experiments.pipeline_decision');
--> statement-breakpoint
select falaj.protect('experiments.pipeline_cache');
--> statement-breakpoint
select falaj.protect('experiments.pipeline_trigger');
