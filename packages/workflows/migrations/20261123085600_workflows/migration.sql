create schema workflows;
--> statement-breakpoint
create table workflows.run (
  workspace_id text not null,
  zone text not null,
  id text not null check (length(id) between 1 and 200),
  workflow text not null,
  version integer not null,
  principal_id text not null,
  state text not null default 'QUEUED' check (state in ('QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  input jsonb not null,
  output jsonb,
  error jsonb,
  progress jsonb,
  priority integer not null default 0,
  concurrency_key text,
  concurrency_limit integer not null default 1 check (concurrency_limit > 0),
  waiting_for text[] not null default '{}',
  cancel_reason text,
  -- When it may be given to a worker; null while only a signal can wake it.
  wake_at timestamptz default now(),
  -- The job that may take the run up: while it is set, the run has its place under its concurrency key.
  job_id uuid,
  -- Counts the holders. Whoever writes with an older number is refused.
  fence integer not null default 0,
  holder text,
  -- Claims since something was last recorded: a run that kills its process is not passed on for ever.
  fruitless_claims integer not null default 0,
  claimed_at timestamptz,
  position bigint generated always as identity,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  primary key (workspace_id, id)
);
--> statement-breakpoint
create index run_ready on workflows.run (workflow, version, wake_at) where job_id is null and state in ('QUEUED', 'WAITING');
--> statement-breakpoint
create index run_places on workflows.run (workspace_id, concurrency_key) where job_id is not null and concurrency_key is not null;
--> statement-breakpoint
create table workflows.step (
  workspace_id text not null,
  zone text not null,
  run_id text not null,
  kind text not null check (kind in ('STEP', 'COMMIT', 'SIGNAL', 'SLEEP')),
  key text not null check (length(key) between 1 and 500),
  state text not null check (state in ('RUNNING', 'SUCCEEDED', 'FAILED', 'ABORTED')),
  output jsonb,
  error jsonb,
  attempts integer not null default 1,
  failures integer not null default 0,
  position bigint generated always as identity,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  primary key (workspace_id, run_id, kind, key),
  foreign key (workspace_id, run_id) references workflows.run (workspace_id, id) on delete cascade
);
--> statement-breakpoint
create table workflows.log (
  workspace_id text not null,
  zone text not null,
  run_id text not null,
  position bigint generated always as identity,
  -- Tells a line from its repetition when the workflow function runs again.
  mark text not null,
  step text,
  message text not null,
  facts jsonb not null,
  at timestamptz not null,
  primary key (workspace_id, run_id, position),
  unique (workspace_id, run_id, mark),
  foreign key (workspace_id, run_id) references workflows.run (workspace_id, id) on delete cascade
);
--> statement-breakpoint
create table workflows.schedule (
  workspace_id text not null,
  zone text not null,
  name text not null check (length(name) between 1 and 150),
  cron text not null,
  time_zone text not null,
  workflow text not null,
  version integer not null,
  principal_id text not null,
  input jsonb not null,
  priority integer not null,
  concurrency_key text,
  concurrency_limit integer not null check (concurrency_limit > 0),
  next_at timestamptz not null,
  primary key (workspace_id, name)
);
--> statement-breakpoint
create index schedule_due on workflows.schedule (next_at);
--> statement-breakpoint
select falaj.protect('workflows.run'), falaj.protect('workflows.step'), falaj.protect('workflows.log'), falaj.protect('workflows.schedule');
