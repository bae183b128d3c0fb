create schema models;
--> statement-breakpoint
create table models.model (
  id text primary key,
  workspace_id text not null,
  name text not null,
  description text not null,
  -- Counts every version of every zone: row-level security hides versions from a caller, never this number.
  last_version integer not null default 0,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create index on models.model (workspace_id, created_at desc, id);
--> statement-breakpoint
create table models.model_version (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  model_id text not null references models.model,
  model_name text not null,
  version integer not null check (version > 0),
  state text not null default 'READY' check (state in ('READY')),
  run_id text not null,
  training_set_id text not null,
  training_set_digest text not null,
  feature_view_versions jsonb not null,
  signature jsonb not null,
  serving_plan jsonb not null,
  artifact_key text not null,
  digest text not null,
  format text not null,
  evaluation jsonb not null,
  code_reference text not null,
  environment jsonb not null,
  categories text[] not null,
  allowed_zones text[] not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, model_id, version),
  unique (workspace_id, model_id, run_id)
);
--> statement-breakpoint
create index on models.model_version (workspace_id, created_at desc, id);
--> statement-breakpoint
create index on models.model_version (run_id);
--> statement-breakpoint
create table models.model_alias (
  id text primary key,
  workspace_id text not null,
  model_id text not null references models.model,
  model_name text not null,
  alias text not null,
  model_version_id text not null references models.model_version,
  set_at timestamptz not null,
  set_by_id text not null,
  set_by text not null,
  unique (workspace_id, model_id, alias)
);
--> statement-breakpoint
create index on models.model_alias (model_version_id);
--> statement-breakpoint
create table models.alias_change (
  id text primary key,
  -- Decides between changes of one millisecond.
  sequence bigint generated always as identity unique,
  workspace_id text not null,
  model_id text not null references models.model,
  model_name text not null,
  alias text not null,
  action text not null check (action in ('SET', 'REMOVED')),
  model_version_id text not null references models.model_version,
  at timestamptz not null,
  by_id text not null,
  by text not null
);
--> statement-breakpoint
create index on models.alias_change (model_id, alias, sequence desc);
--> statement-breakpoint
select falaj.protect('models.model');
--> statement-breakpoint
select falaj.protect('models.model_version');
--> statement-breakpoint
select falaj.protect('models.model_alias');
--> statement-breakpoint
select falaj.protect_append_only('models.alias_change');
